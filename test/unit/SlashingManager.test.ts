import { readFileSync } from "node:fs";
import type { VoteBody } from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import { network } from "hardhat";
import {
  actAsSlasher,
  COIN,
  type Core,
  closeEpoch,
  deployCore,
  domainOf,
  finalize,
  hashOf,
  loadCore,
  notarize,
  nullify,
  populate,
  possession,
  start,
  startedCore,
  votePair,
} from "../support/core.ts";
import { expectSolvent, KIND, slash } from "../support/custody.ts";
import { g2Struct } from "../support/points.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);
/** The authority on seat 2. */
const SEAT = 2;
const OFFENDER = 3;
const VALIDITY = 120;
/** Views of a term in Fast, as the devnet's parameters seal them. */
const FAST_TERM_VIEWS = 8;

const EVIDENCE = JSON.parse(
  readFileSync(new URL("../../vectors/evidence/votes.json", import.meta.url), "utf8"),
) as {
  readonly cases: readonly {
    readonly name: string;
    readonly termViews: number;
    readonly first: VoteBody;
    readonly second: VoteBody;
    readonly slashable: boolean;
  }[];
};

const refused = async (core: Core, call: Promise<unknown>, error: string) =>
  expect(call).to.be.revertedWithCustomError(core.slashing, error);

describe("SlashingManager", () => {
  describe("what convicts", () => {
    const pairs: [string, VoteBody, VoteBody][] = [
      ["two NOTARIZE of one view for different blocks", notarize(7, "a"), notarize(7, "b")],
      ["two NOTARIZE of one view with different parents", notarize(7, "a", 6), notarize(7, "a", 5)],
      ["two FINALIZE of one view", finalize(7, "a"), finalize(7, "b")],
      ["two FINALIZE of one view with different parents", finalize(7, "a", 6), finalize(7, "a", 3)],
      ["NOTARIZE and FINALIZE of one view for different blocks", notarize(7, "a"), finalize(7, "b")],
      ["NOTARIZE and FINALIZE of one view with different parents", notarize(7, "a", 6), finalize(7, "a", 5)],
      ["FINALIZE and NULLIFY of one view", finalize(7, "a"), nullify(7)],
    ];
    for (const [name, first, second] of pairs) {
      it(name, async () => {
        const core = await load(started);
        const reporter = core.others[15]!;
        const pair = await votePair(core, SEAT, first, second);
        const { validator, offence, penalty, reward } = await core.slashing.check(pair);
        expect(validator).to.equal(BigInt(OFFENDER));
        expect(penalty).to.equal(1_000n * COIN);
        expect(reward).to.equal(100n * COIN);
        const before = await core.token.balanceOf(reporter.address);
        await expect(core.slashing.connect(reporter).submitVotes(pair))
          .to.emit(core.slashing, "Convicted")
          .withArgs(
            OFFENDER,
            offence,
            0n,
            pair.first.kind,
            pair.second.kind,
            second.view,
            1_000n * COIN,
            0n,
            reporter.address,
            100n * COIN,
          );
        expect((await core.token.balanceOf(reporter.address)) - before).to.equal(100n * COIN);
        expect(await core.pool.bondOf(OFFENDER)).to.equal(9_000n * COIN);
        expect((await core.registry.validator(OFFENDER)).status).to.equal(3n);
        expect(await core.slashing.charged(OFFENDER, offence)).to.equal(true);
        expect(await core.registry.heldWord(0)).to.equal(1n << BigInt(OFFENDER));
        await refused(core, core.slashing.submitVotes(pair), "SlashingManagerAlreadyCharged");
        await refused(core, core.slashing.check(pair), "SlashingManagerAlreadyCharged");
      });
    }

    it("in Fast, NULLIFY covers the rest of its term", async () => {
      const core = await load(started);
      const options = { mode: "fast" as const };
      for (const [finalized, nullified] of [
        [8, 1],
        [5, 5],
        [16, 9],
      ] as const) {
        const snapshot = await networkHelpers.takeSnapshot();
        await core.slashing.submitVotes(
          await votePair(core, SEAT, finalize(finalized, "a"), nullify(nullified), options),
        );
        await snapshot.restore();
      }
      for (const [finalized, nullified] of [
        [1, 2],
        [9, 8],
        [9, 1],
      ] as const) {
        await refused(
          core,
          core.slashing.submitVotes(
            await votePair(core, SEAT, finalize(finalized, "a"), nullify(nullified), options),
          ),
          "SlashingManagerNotAnOffence",
        );
      }
    });

    it("votes of an epoch decided under a registry sealed later, by its seats", async () => {
      const core = await load(started);
      for (let i = 0; i < 3; i++) await closeEpoch(core);
      const pair = await votePair(core, SEAT, notarize(3, "a"), notarize(3, "b"), { epoch: 3 });
      await core.slashing.submitVotes(pair);
      expect((await core.registry.validator(OFFENDER)).status).to.equal(3n);
    });

    it("a key that was rotated away since", async () => {
      const core = await load(started);
      const pair = await votePair(core, SEAT, notarize(3, "a"), notarize(3, "b"));
      const { key, proof } = possession(core, "rotated", OFFENDER);
      await core.registry.connect(core.members.get(OFFENDER)!.operator).setKey(OFFENDER, key, proof);
      await core.slashing.submitVotes(pair);
      expect((await core.registry.validator(OFFENDER)).status).to.equal(3n);
    });
  });

  describe("the client's predicate: vectors/evidence/votes.json", () => {
    const rank = { notarize: 2, finalize: 3, nullify: 4 } as const;
    for (const { name, termViews, first, second, slashable } of EVIDENCE.cases) {
      // The contracts take K from the sealed parameters: 8 in Fast, 1 elsewhere. Other K are the client's tests'.
      if (termViews !== 1 && termViews !== FAST_TERM_VIEWS) continue;
      it(`${slashable ? "convicts" : "refuses"}: ${name}`, async () => {
        const core = await load(started);
        const [a, b] = rank[first.kind] <= rank[second.kind] ? [first, second] : [second, first];
        const mode = termViews === 1 ? ("balanced" as const) : ("fast" as const);
        const submitted = core.slashing.submitVotes(await votePair(core, SEAT, a, b, { mode }));
        if (slashable) await expect(submitted).to.emit(core.slashing, "Convicted");
        else await refused(core, submitted, "SlashingManagerNotAnOffence");
      });
    }
  });

  describe("what does not", () => {
    const innocent: [string, VoteBody, VoteBody][] = [
      ["NOTARIZE and NULLIFY of one view", notarize(7, "a"), nullify(7)],
      ["NULLIFY before NOTARIZE, in that order", nullify(7), notarize(7, "a")],
      ["NOTARIZE and FINALIZE of one block", notarize(7, "a"), finalize(7, "a")],
      ["the same vote twice", notarize(7, "a"), notarize(7, "a")],
      ["two NULLIFY", nullify(7), nullify(7)],
      ["NOTARIZE of different views", notarize(7, "a"), notarize(8, "b")],
      ["FINALIZE of different views", finalize(7, "a"), finalize(8, "b")],
      ["FINALIZE, later NOTARIZE of another view", notarize(8, "b"), finalize(7, "a")],
      ["FINALIZE and NULLIFY of another view", finalize(7, "a"), nullify(8)],
      ["FINALIZE and an earlier NULLIFY where a term is one view", finalize(8, "a"), nullify(7)],
      ["a pair in the wrong order", finalize(7, "a"), notarize(7, "b")],
      ["view 0, which is certified by definition", notarize(0, "a", 0), notarize(0, "b", 0)],
    ];
    for (const [name, first, second] of innocent) {
      it(name, async () => {
        const core = await load(started);
        const pair = await votePair(core, SEAT, first, second);
        await refused(core, core.slashing.submitVotes(pair), "SlashingManagerNotAnOffence");
      });
    }

    it("kinds that do not exist", async () => {
      const core = await load(started);
      const pair = await votePair(core, SEAT, notarize(7, "a"), notarize(7, "b"));
      for (const kind of [0, 1, 5]) {
        await refused(
          core,
          core.slashing.submitVotes({ ...pair, first: { ...pair.first, kind } }),
          "SlashingManagerNotAnOffence",
        );
      }
    });

    it("votes of two domains", async () => {
      const core = await load(started);
      for (const other of [{ epoch: 1 }, { mode: "secure" as const }, { incarnation: 1 }, { chainId: 1 }]) {
        const pair = await votePair(core, SEAT, notarize(7, "a"), notarize(7, "b"), {
          secondDomain: await domainOf(core, other),
        });
        await refused(core, core.slashing.submitVotes(pair), "SlashingManagerBadSignature");
      }
    });

    it("votes under a root nobody sealed for that epoch, or in an incarnation that never was", async () => {
      const core = await load(started);
      for (const options of [
        { registry: hashOf("x") },
        { incarnation: 1 },
        { epoch: 7, registry: hashOf("x") },
      ]) {
        const pair = await votePair(core, SEAT, notarize(7, "a"), notarize(7, "b"), {
          ...options,
          secret: core.members.get(OFFENDER)!.secret,
        });
        await refused(core, core.slashing.submitVotes(pair), "SlashingManagerUnknownDomain");
      }
    });

    it("signatures of another key, of one vote only, or none", async () => {
      const core = await load(started);
      const first = notarize(7, "a");
      const second = notarize(7, "b");
      const pair = await votePair(core, SEAT, first, second);
      const other = await votePair(core, SEAT, first, second, { secret: core.members.get(4)!.secret });
      await refused(core, core.slashing.submitVotes(other), "SlashingManagerBadSignature");
      await refused(core, core.slashing.submitVotes({ ...pair, seat: 1 }), "SlashingManagerBadSignature");
      const changed = { ...pair, second: { ...pair.second, blockHash: hashOf("c") } };
      await refused(core, core.slashing.submitVotes(changed), "SlashingManagerBadSignature");
      const one = await votePair(core, SEAT, first, first);
      await refused(
        core,
        core.slashing.submitVotes({ ...pair, signature: one.signature }),
        "SlashingManagerBadSignature",
      );
      const nothing = g2Struct(`0x${"00".repeat(256)}`);
      await expect(core.slashing.submitVotes({ ...pair, signature: nothing })).to.revert(ethers);
    });

    it("a seat that is vacant or beyond the registry", async () => {
      const core = await load(started);
      const pair = await votePair(core, SEAT, notarize(7, "a"), notarize(7, "b"));
      for (const seat of [7, 1023, 65535]) {
        await refused(core, core.slashing.submitVotes({ ...pair, seat }), "SlashingManagerVacantSeat");
      }
    });
  });

  describe("time", () => {
    it("evidence is heard until the validity ends after its boundary, not at that second", async () => {
      const core = await load(started);
      const pair = await votePair(core, SEAT, notarize(7, "a"), notarize(7, "b"), { epoch: 0 });
      const other = await votePair(core, 1, notarize(7, "a"), notarize(7, "b"), { epoch: 0 });
      await closeEpoch(core);
      const until = Number(await core.checkpoints.boundaryAcceptedAt(0)) + VALIDITY;
      await networkHelpers.time.setNextBlockTimestamp(until - 1);
      await core.slashing.submitVotes(pair);
      await networkHelpers.time.setNextBlockTimestamp(until);
      await refused(
        core,
        core.slashing.submitVotes(other, { gasLimit: 5_000_000 }),
        "SlashingManagerExpired",
      );
    });

    it("at the second evidence expires, what is unbonding can be withdrawn", async () => {
      const core = await load(started);
      const { operator } = core.members.get(OFFENDER)!;
      await core.pool.connect(operator).requestUnbond(OFFENDER, 10_000n * COIN);
      for (let i = 0; i < 3; i++) await closeEpoch(core);
      // Epoch 2 is the last whose registry counted the stake; its boundary starts the clock.
      const { from_, witness } = await core.queue.witnessOf(OFFENDER, KIND.bond, 0, 0);
      expect(witness).to.equal(2n);
      expect(from_).to.equal((await core.checkpoints.boundaryAcceptedAt(2)) + BigInt(VALIDITY));
    });
  });

  describe("how much", () => {
    it("bond and unbonding bond pay in proportion; what asked to leave is no refuge", async () => {
      const core = await load(started);
      const pair = await votePair(core, 4, notarize(7, "a"), notarize(7, "b"));
      const { operator } = core.members.get(5)!;
      await core.pool.connect(operator).requestUnbond(5, 15_000n * COIN);
      const { penalty } = await core.slashing.check(pair);
      expect(penalty).to.equal(2_000n * COIN);
      await core.slashing.submitVotes(pair);
      expect(await core.pool.bondOf(5)).to.equal(4_500n * COIN);
      expect((await core.queue.cohort(5, KIND.bond, 0)).tokens).to.equal(13_500n * COIN);
      const record = await core.slashing.record(5);
      expect([record.convictions, record.seal]).to.deep.equal([1n, 1n]);
      // What is left can be unbonded and cannot be brought back.
      await core.pool.connect(operator).requestUnbond(5, 4_500n * COIN);
      await expect(core.queue.connect(operator).cancelBond(5, 0, COIN)).to.be.revertedWithCustomError(
        core.queue,
        "UnbondingQueueClosed",
      );
    });

    it("a second offence is recorded and charged nothing", async () => {
      const core = await load(started);
      await core.slashing.submitVotes(await votePair(core, SEAT, notarize(7, "a"), notarize(7, "b")));
      const again = await votePair(core, SEAT, notarize(8, "a"), notarize(8, "b"));
      expect((await core.slashing.check(again)).penalty).to.equal(0n);
      await core.slashing.submitVotes(again);
      expect(await core.pool.bondOf(OFFENDER)).to.equal(9_000n * COIN);
      expect((await core.slashing.record(OFFENDER)).convictions).to.equal(2n);
    });

    it("one view is one offence of a kind, whatever the messages", async () => {
      const core = await load(started);
      await core.slashing.submitVotes(await votePair(core, SEAT, notarize(7, "a"), notarize(7, "b")));
      for (const pair of [
        await votePair(core, SEAT, notarize(7, "b"), notarize(7, "a")),
        await votePair(core, SEAT, notarize(7, "a"), notarize(7, "c")),
      ]) {
        await refused(core, core.slashing.submitVotes(pair), "SlashingManagerAlreadyCharged");
      }
    });

    it("in every standing, with nothing left too", async () => {
      const core = await load(started);
      await actAsSlasher(core);
      await core.registry.jail(1);
      await core.registry.connect(core.members.get(2)!.operator).exit(2);
      await core.registry.setSlasher(core.addresses.slashing);
      await slash(core, 4, 1, 10_000n * COIN);
      for (let seat = 0; seat < 4; seat++) {
        await core.slashing.submitVotes(await votePair(core, seat, notarize(7, "a"), notarize(7, "b")));
        expect((await core.registry.validator(seat + 1)).status).to.equal(3n);
        expect((await core.slashing.record(seat + 1)).convictions).to.equal(1n);
      }
      expect(await core.pool.bondOf(1)).to.equal(9_000n * COIN);
      expect(await core.pool.bondOf(2)).to.equal(9_000n * COIN);
      expect(await core.pool.bondOf(4)).to.equal(0n);
    });

    it("the reporter gets at most a thousand, and reporting oneself never pays", async () => {
      const core = await deployCore(connection);
      await populate(core, [1_000_000], [20_000, 20_000, 20_000]);
      await start(core);
      const { operator } = core.members.get(1)!;
      const before = await core.token.balanceOf(operator.address);
      const { reward, penalty } = await core.slashing.check(
        await votePair(core, 0, notarize(7, "a"), notarize(7, "b")),
      );
      expect([reward, penalty]).to.deep.equal([1_000n * COIN, 100_000n * COIN]);
      await core.slashing
        .connect(operator)
        .submitVotes(await votePair(core, 0, notarize(7, "a"), notarize(7, "b")));
      const gained = (await core.token.balanceOf(operator.address)) - before;
      expect(gained).to.equal(1_000n * COIN);
      expect(gained).to.be.below(1_000_000n * COIN - (await core.pool.bondOf(1)));
    });

    it("rounds up what is taken and down what is paid", async () => {
      const core = await load(started);
      await core.pool.connect(core.members.get(OFFENDER)!.operator).depositBond(OFFENDER, 1n);
      const { penalty, reward } = await core.slashing.check(
        await votePair(core, SEAT, notarize(7, "a"), notarize(7, "b")),
      );
      expect(penalty).to.equal(1_000n * COIN + 1n);
      expect(reward).to.equal(100n * COIN);
    });
  });

  it("tokens are neither made nor lost", async () => {
    const core = await load(started);
    const total = async () => {
      const places = [core.addresses.pool, core.addresses.queue, core.addresses.slashing];
      const holders = [core.deployer.address, ...core.others.map(({ address }) => address), ...places];
      let sum = 0n;
      for (const holder of holders) sum += await core.token.balanceOf(holder);
      return sum;
    };
    await core.pool.connect(core.members.get(OFFENDER)!.operator).requestUnbond(OFFENDER, 3_333n * COIN + 1n);
    await core.slashing.submitVotes(await votePair(core, SEAT, notarize(7, "a"), notarize(7, "b")));
    expect(await total()).to.equal(1_000_000_000n * COIN);
    await core.pool.collectSlashed(core.addresses.slashing);
    expect(await core.slashing.slashingPool()).to.equal(await core.token.balanceOf(core.addresses.slashing));
    await expectSolvent(core);
  });

  it("names the module that tells who was absent", async () => {
    const core = await load(started);
    expect(await core.slashing.distributor()).to.equal(core.addresses.distributor);
  });

  it("the convicted do not count from the next seal on", async () => {
    const core = await load(started);
    await core.slashing.submitVotes(await votePair(core, SEAT, notarize(7, "a"), notarize(7, "b")));
    await closeEpoch(core);
    const s = await core.elections.sealedSnapshot(3);
    expect(s.suspended).to.equal(1n << BigInt(SEAT));
  });
});
