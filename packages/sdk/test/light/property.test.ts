import assert from "node:assert/strict";
import { test } from "node:test";
import { electorate, isBacking, MODES, NO_WEIGHT } from "@aitbc-hybrid/protocol";
import { SdkError } from "@aitbc-hybrid/sdk";
import fc from "fast-check";
import { label, registryOf, TestChain } from "../support/chain.ts";
import { following } from "../support/light.ts";

const stakes = (least: number, most: number) =>
  fc.array(fc.bigInt({ min: 0n, max: 9n }), { minLength: least, maxLength: most });

/** A registry with real keys and awkward weights, a mode in which it has a quorum, and who of it signs. */
const signing = fc
  .record({
    authorities: stakes(0, 4),
    stakers: stakes(0, 5),
    suspended: fc.nat(15),
    mode: fc.constantFrom(...MODES),
    signed: fc.nat(511),
  })
  .map(({ authorities, stakers, suspended, mode, signed }) => {
    const named = (prefix: string, all: readonly bigint[]) =>
      all.map((stake, at) => ({ name: `${prefix} ${at}`, stake }));
    const gone = [...authorities.keys()].filter((seat) => (suspended >> seat) & 1);
    const weights = authorities.map((stake, seat) => (gone.includes(seat) ? 0n : stake));
    const registry = registryOf(named("authority", weights), named("staker", stakers), { suspended: gone });
    const { backers } = electorate(registry, mode);
    const signers = backers.flatMap((signs, seat) => (signs && (signed >> seat) & 1 ? [seat] : []));
    return { registry, mode, signers, backers };
  });

test("a checkpoint is accepted exactly if its signers back it, in whatever form they are named", () => {
  fc.assert(
    fc.property(signing, ({ registry, mode, signers, backers }) => {
      fc.pre(signers.length > 0);
      const e = electorate(registry, mode);
      const part = signers.reduce(
        (sum, seat) => ({
          authorities: sum.authorities + e.weights[seat]!.authorities,
          stake: sum.stake + e.weights[seat]!.stake,
        }),
        NO_WEIGHT,
      );
      const chain = new TestChain(registry, mode);
      const certificate = chain.sign(chain.content(5), { signers });
      const { epoch, checkpoint, signature } = certificate;
      const absent = backers.flatMap((signs, seat) => (signs && !signers.includes(seat) ? [seat] : []));
      for (const given of [
        certificate,
        { epoch, checkpoint, signature, present: true, seats: signers },
        { epoch, checkpoint, signature, present: false, seats: absent },
      ]) {
        const { client } = following(chain);
        let code: string = "accepted";
        try {
          client.submit(given);
        } catch (error) {
          assert.ok(error instanceof SdkError);
          code = error.code;
        }
        assert.equal(code, isBacking(e, part) ? "accepted" : "LIGHT_NO_QUORUM");
      }
    }),
    { numRuns: 60 },
  );
});

test("whatever is changed in a signed checkpoint, it is refused and nothing moves", () => {
  const registry = registryOf(
    [1, 2, 3, 4].map((at) => ({ name: `authority ${at}`, stake: 10n })),
    [1, 2, 3].map((at) => ({ name: `staker ${at}`, stake: 100n })),
  );
  const chain = new TestChain(registry);
  const inside = chain.checkpoint(5);
  const end = chain.close();
  const { client } = following(chain);
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.constantFrom("view", "stamp", "blockHash", "stateRoot", "blocksRoot", "previous" as const),
      fc.nat(1_000),
      (atEnd, field, salt) => {
        const good = atEnd ? end : inside;
        const value = field === "view" || field === "stamp" ? salt : label(`${salt}`);
        fc.pre(good.checkpoint[field] !== value);
        const before = [client.status, client.position];
        const forged = { ...good, checkpoint: { ...good.checkpoint, [field]: value } };
        assert.throws(() => client.submit(forged), { code: "LIGHT_BAD_SIGNATURE" });
        assert.deepEqual([client.status, client.position], before);
      },
    ),
    { numRuns: 60 },
  );
  assert.equal(client.submit(inside).what, "accepted");
  assert.equal(client.submit(end).what, "accepted");
});
