import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  addWeights,
  bitmapWeights,
  type Electorate,
  electorate,
  isBacking,
  isQuorum,
  MODES,
  NO_WEIGHT,
  requireElectorate,
  type Seat,
  toBitmap,
} from "../src/index.ts";
import { AWKWARD_REGISTRIES, registryOf } from "../src/testing/index.ts";

const weightsOf = (e: Electorate, seats: Iterable<Seat>) =>
  [...seats].reduce((sum, seat) => addWeights(sum, e.weights[seat]!), NO_WEIGHT);

const votersOf = (e: Electorate): Seat[] => e.voters.flatMap((votes, seat) => (votes ? [seat] : []));

const authorities = (count: number, of = 21) => ({ weights: { authorities: count, stake: 0n }, of });
const fast = (of: number) =>
  electorate(registryOf({ authorities: Array.from({ length: of }, () => 0n), stakers: [] }), "fast");

describe("quorums (section 2)", () => {
  test("exact thirds are not enough: 15 of 21, never 14", () => {
    assert.equal(isQuorum(fast(21), authorities(14).weights), false);
    assert.equal(isQuorum(fast(21), authorities(15).weights), true);
    assert.equal(isQuorum(fast(3), authorities(2).weights), false);
    assert.equal(isQuorum(fast(4), authorities(3).weights), true);
  });

  test("Balanced needs both classes", () => {
    const e = electorate(AWKWARD_REGISTRIES["exact thirds"]!, "balanced");
    assert.equal(e.stake, 9_000n);
    assert.equal(isQuorum(e, { authorities: 3, stake: 6_000n }), false);
    assert.equal(isQuorum(e, { authorities: 3, stake: 6_001n }), true);
    assert.equal(isQuorum(e, { authorities: 2, stake: 9_000n }), false);
  });

  test("Secure needs two thirds of the stake and more than a third of the authorities", () => {
    const e = electorate(AWKWARD_REGISTRIES["exact thirds"]!, "secure");
    assert.equal(isQuorum(e, { authorities: 1, stake: 9_000n }), false);
    assert.equal(isQuorum(e, { authorities: 2, stake: 6_001n }), true);
    assert.equal(isQuorum(e, { authorities: 2, stake: 6_000n }), false);
  });

  test("a class of total 0 drops out of Balanced, of oversight and of backing", () => {
    const without = electorate(AWKWARD_REGISTRIES["no stakers"]!, "balanced");
    assert.equal(isQuorum(without, { authorities: 3, stake: 0n }), true);
    const stakersOnly = electorate(AWKWARD_REGISTRIES["no authorities"]!, "balanced");
    assert.equal(isQuorum(stakersOnly, { authorities: 0, stake: 2_667n }), true);
    assert.equal(isQuorum(stakersOnly, { authorities: 0, stake: 2_666n }), false);
    const secure = electorate(AWKWARD_REGISTRIES["no authorities"]!, "secure");
    assert.equal(isQuorum(secure, { authorities: 0, stake: 2_667n }), true);
  });

  test("fewer than three stakers count as none", () => {
    const e = electorate(AWKWARD_REGISTRIES["two stakers count as none"]!, "balanced");
    assert.equal(e.stake, 0n);
    assert.equal(isBacking(e, { authorities: 3, stake: 0n }), true);
    const secure = electorate(AWKWARD_REGISTRIES["two stakers count as none"]!, "secure");
    assert.throws(() => requireElectorate(secure), { code: "REGISTRY_INVALID" });
  });

  test("Fast needs authorities, Secure needs stake", () => {
    for (const [name, mode] of [
      ["no authorities", "fast"],
      ["no stakers", "secure"],
    ] as const)
      assert.throws(() => requireElectorate(electorate(AWKWARD_REGISTRIES[name]!, mode)), {
        code: "REGISTRY_INVALID",
      });
  });

  test("a suspended authority is in neither set nor total", () => {
    const registry = AWKWARD_REGISTRIES["a suspended authority"]!;
    for (const mode of MODES) {
      const e = electorate(registry, mode);
      assert.equal(e.voters[1], false);
      assert.equal(e.backers[1], false);
      assert.equal(e.authorities, 4);
    }
    assert.equal(electorate(registry, "secure").stake, 8_000n);
  });

  test("stakers that Balanced does not seat vote in Secure only", () => {
    const registry = AWKWARD_REGISTRIES["standby stakers"]!;
    assert.equal(electorate(registry, "balanced").voters[9], false);
    assert.equal(electorate(registry, "secure").voters[9], true);
    assert.equal(electorate(registry, "fast").backers[9], false);
  });

  test("Fast's checkpoints take two thirds of the backing stake besides the authorities", () => {
    const e = electorate(AWKWARD_REGISTRIES["a whale at a third"]!, "fast");
    assert.equal(e.backingStake, 6_000n);
    assert.equal(isBacking(e, { authorities: 4, stake: 4_000n }), false);
    assert.equal(isBacking(e, { authorities: 4, stake: 4_001n }), true);
    assert.equal(isBacking(e, { authorities: 2, stake: 6_000n }), false);
  });

  test("a bitmap with a bit outside the set or of another length has no weight", () => {
    const e = electorate(AWKWARD_REGISTRIES["a suspended authority"]!, "balanced");
    assert.equal(bitmapWeights(e, e.voters, toBitmap([0, 1], 9)), null);
    assert.equal(bitmapWeights(e, e.voters, toBitmap([0, 9], 10)), null);
    assert.equal(bitmapWeights(e, e.voters, new Uint8Array(3)), null);
    assert.equal(bitmapWeights(e, e.voters, new Uint8Array(1)), null);
    assert.deepEqual(bitmapWeights(e, e.voters, toBitmap([0, 8], 9)), { authorities: 1, stake: 2_000n });
  });

  test("any two quorums share more than a third of what the mode counts", () => {
    const arbRegistry = fc
      .record({
        authorities: fc.array(fc.bigInt(0n, 5_000n), { minLength: 1, maxLength: 7 }),
        stakers: fc.array(fc.bigInt(1n, 5_000n), { minLength: 3, maxLength: 9 }),
      })
      .map(registryOf);
    fc.assert(
      fc.property(
        arbRegistry,
        fc.constantFrom(...MODES),
        fc.infiniteStream(fc.boolean()),
        (registry, mode, coins) => {
          const e = electorate(registry, mode);
          const voters = votersOf(e);
          // Grow two sets at random until each is a quorum: sets that barely are.
          const grow = (): Set<Seat> => {
            const set = new Set<Seat>();
            const order = voters
              .map((seat) => [seat, coins.next().value ? 1 : 0] as const)
              .sort((a, b) => a[1] - b[1]);
            for (const [seat] of order) {
              if (isQuorum(e, weightsOf(e, set))) break;
              set.add(seat);
            }
            return set;
          };
          const [a, b] = [grow(), grow()];
          if (!isQuorum(e, weightsOf(e, a)) || !isQuorum(e, weightsOf(e, b))) return;
          const shared = weightsOf(
            e,
            [...a].filter((seat) => b.has(seat)),
          );
          if (mode !== "secure") assert.ok(3 * shared.authorities > e.authorities);
          if (mode !== "fast" && e.stake > 0n) assert.ok(3n * shared.stake > e.stake);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("two Secure quorums may share no authority", () => {
    const e = electorate(registryOf({ authorities: [0n, 0n, 0n, 0n], stakers: [1n, 1n, 1n, 1n] }), "secure");
    assert.ok(isQuorum(e, weightsOf(e, [0, 1, 4, 5, 6])));
    assert.ok(isQuorum(e, weightsOf(e, [2, 3, 5, 6, 7])));
  });
});
