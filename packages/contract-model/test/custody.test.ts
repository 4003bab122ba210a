import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  balanceOf,
  COIN,
  cancel,
  clearLiability,
  delegate,
  delegateFor,
  liable,
  poolOf,
  redelegate,
  requestUnbond,
  settleLiability,
  sharesAt,
  slash,
  tokensDown,
  undelegate,
  withdraw,
  withdrawBond,
} from "../src/index.ts";
import { ACCOUNTS, assertConserved, operatorOf, type Play, started, TIMES } from "./support/world.ts";

const sharesOf = (play: Play, id: number, owner: string): bigint =>
  poolOf(play.state, id).positions.get(owner)?.shares ?? 0n;

const slashed = (play: Play, validator: number, amount: bigint, seal = 1) =>
  play.do("slasher", (tx) => {
    const { junior, senior } = liable(play.state, validator, seal);
    return slash(tx, { validator, seal, part: amount, whole: junior + senior, holdUntil: 0 });
  });

/** Lets every clock run out. */
const later = (play: Play): void => {
  play.at += TIMES.maxWait + TIMES.unbondingTime + 2 * TIMES.cohortPeriod;
};

describe("delegation", () => {
  it("gives a million shares a base unit to the first, and the same price to the second", () => {
    const play = started([20_000, 20_000, 20_000]);
    assert.equal(
      play.do("ann", (tx) => delegate(tx, 1, 3n * COIN)),
      3n * COIN * 1_000_000n,
    );
    assert.equal(
      play.do("bob", (tx) => delegate(tx, 1, 7n * COIN)),
      7n * COIN * 1_000_000n,
    );
    assertConserved(play);
  });

  it("refuses less than the minimum, strangers' positions, closed validators", () => {
    const play = started([20_000, 20_000, 20_000]);
    play.refused("ann", "StakingPoolBelowMinimum", (tx) => delegate(tx, 1, COIN - 1n));
    play.refused("ann", "StakingPoolNoPosition", (tx) => delegateFor(tx, 1, "bob", COIN));
    play.refused("ann", "ValidatorRegistryUnknown", (tx) => delegate(tx, 9, COIN));
  });

  it("is counted from the next seal on, and no more once it asked to leave", () => {
    const play = started([20_000, 20_000, 20_000]);
    play.do("ann", (tx) => delegate(tx, 1, 10n * COIN));
    const counted = (seal: number) =>
      sharesAt(poolOf(play.state, 1), poolOf(play.state, 1).positions.get("ann"), seal);
    assert.deepEqual([counted(1), counted(2)], [0n, 10n * COIN * 1_000_000n]);
    play.epoch();
    play.do("ann", (tx) => delegate(tx, 1, 5n * COIN));
    assert.deepEqual([counted(2), counted(3)], [10n * COIN * 1_000_000n, 15n * COIN * 1_000_000n]);
    // The newest leaves first.
    play.do("ann", (tx) => undelegate(tx, 1, 4n * COIN * 1_000_000n));
    assert.deepEqual([counted(2), counted(3)], [10n * COIN * 1_000_000n, 11n * COIN * 1_000_000n]);
    play.do("ann", (tx) => undelegate(tx, 1, 8n * COIN * 1_000_000n));
    assert.deepEqual([counted(2), counted(3)], [3n * COIN * 1_000_000n, 3n * COIN * 1_000_000n]);
  });

  it("pays the last one out after any slash, and leaves only dust", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: COIN, max: 10_000_000n * COIN }),
        fc.bigInt({ min: COIN, max: 10_000_000n * COIN }),
        fc.bigInt({ min: 0n, max: 1_000_000n }),
        (first, second, millionths) => {
          const play = started([20_000, 20_000, 20_000]);
          play.do("ann", (tx) => delegate(tx, 1, first));
          play.do("bob", (tx) => delegate(tx, 1, second));
          const part = ((20_000n * COIN + first + second) * millionths) / 1_000_000n;
          slashed(play, 1, part);
          for (const owner of ["ann", "bob"]) {
            const worth = tokensDown(poolOf(play.state, 1), sharesOf(play, 1, owner));
            if (poolOf(play.state, 1).delegated === 0n || worth === 0n) continue;
            const cohort = play.do(owner, (tx) => undelegate(tx, 1, sharesOf(play, 1, owner)));
            const before = balanceOf(play.state, owner);
            later(play);
            play.do(owner, (tx) => withdraw(tx, 1, cohort, 0));
            assert.equal(balanceOf(play.state, owner) - before, worth);
          }
          const { delegated } = poolOf(play.state, 1);
          assert.ok(delegated <= 2n, `${delegated} base units stay behind`);
          assertConserved(play);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("retires a pool slashed to nothing: its shares are worth nothing, the next deposit begins anew", () => {
    const play = started([20_000, 20_000, 20_000]);
    play.do("ann", (tx) => delegate(tx, 1, 50n * COIN));
    slashed(play, 1, 30_000n * COIN);
    const pool = poolOf(play.state, 1);
    assert.deepEqual([pool.bond, pool.delegated, pool.shares, pool.generation], [0n, 0n, 0n, 2]);
    play.refused("ann", "StakingPoolNoPosition", (tx) => undelegate(tx, 1, 1n));
    play.do("ann", (tx) => delegate(tx, 1, 2n * COIN));
    assert.equal(sharesOf(play, 1, "ann"), 2n * COIN * 1_000_000n);
    assertConserved(play);
  });
});

describe("slashing of custody", () => {
  it("takes bond and its cohorts first, in proportion, then the rest in proportion", () => {
    const play = started([20_000, 20_000, 20_000]);
    play.do("ann", (tx) => delegate(tx, 1, 100n * COIN));
    play.do(operatorOf(1), (tx) => requestUnbond(tx, 1, 5_000n * COIN));
    play.do("ann", (tx) => undelegate(tx, 1, 25n * COIN * 1_000_000n));
    assert.deepEqual(slashed(play, 1, 1_000n * COIN), {
      juniorTaken: 1_000n * COIN,
      seniorTaken: 0n,
    });
    assert.equal(poolOf(play.state, 1).bond, 14_250n * COIN);
    assert.equal(poolOf(play.state, 1).cohorts.bond[0]!.tokens, 4_750n * COIN);
    assert.equal(slashed(play, 1, 19_010n * COIN).seniorTaken, 10n * COIN);
    assert.equal(poolOf(play.state, 1).delegated, 75n * COIN - (75n * COIN) / 10n);
    assert.equal(poolOf(play.state, 1).cohorts.delegation[0]!.tokens, 25n * COIN - (25n * COIN) / 10n);
    assertConserved(play);
  });

  it("does not reach what no longer answers, nor more than there is", () => {
    const play = started([20_000, 20_000, 20_000]);
    play.do(operatorOf(1), (tx) => requestUnbond(tx, 1, 5_000n * COIN));
    play.epoch();
    // The cohort was last counted by seal 1.
    assert.equal(slashed(play, 1, 1_000_000n * COIN, 2).juniorTaken, 15_000n * COIN);
    later(play);
    play.do(operatorOf(1), (tx) => withdrawBond(tx, 1, 0, 0));
    assert.equal(slashed(play, 1, 1_000_000n * COIN).juniorTaken, 0n);
    assertConserved(play);
  });

  it("follows redelegated stake, up to what it is worth there", () => {
    const play = started([20_000, 20_000, 20_000]);
    play.do("ann", (tx) => delegate(tx, 1, 100n * COIN));
    play.do("ann", (tx) => redelegate(tx, 1, 2, 40n * COIN * 1_000_000n));
    play.refused("ann", "StakingPoolTooSoon", (tx) => redelegate(tx, 1, 3, 40n * COIN * 1_000_000n));
    play.refused("ann", "StakingPoolEncumbered", (tx) => redelegate(tx, 2, 3, 40n * COIN * 1_000_000n));
    slashed(play, 1, 20_010n * COIN);
    play.do("anyone", (tx) => settleLiability(tx, 2, "ann"));
    assert.equal(poolOf(play.state, 1).delegated, 54n * COIN);
    assert.equal(poolOf(play.state, 2).delegated, 36n * COIN);
    assertConserved(play);
    later(play);
    play.do("anyone", (tx) => clearLiability(tx, 2, "ann", 0));
    slashed(play, 1, 1_000n * COIN);
    play.do("anyone", (tx) => settleLiability(tx, 2, "ann"));
    assert.equal(poolOf(play.state, 2).delegated, 36n * COIN);
  });

  it("joins what an exit parted when the entry is cancelled", () => {
    const play = started([20_000, 20_000, 20_000]);
    play.do("ann", (tx) => delegate(tx, 1, 100n * COIN));
    play.do("ann", (tx) => redelegate(tx, 1, 2, 40n * COIN * 1_000_000n));
    play.do("ann", (tx) => undelegate(tx, 2, 10n * COIN * 1_000_000n));
    play.do("ann", (tx) => cancel(tx, 2, 0, 5n * COIN));
    const liability = poolOf(play.state, 2).positions.get("ann")?.liability;
    assert.deepEqual(
      [liability?.source, liability?.shares, liability?.paid, liability?.bound],
      [1, 35n * COIN, 0n, 35n * COIN * 1_000_000n],
    );
    assertConserved(play);
  });

  it("conserves tokens whatever happens, and share prices fall by slashing only", () => {
    const account = fc.constantFrom(...ACCOUNTS);
    const id = fc.integer({ min: 1, max: 3 });
    const part = fc.bigInt({ min: 1n, max: 1_000n });
    const step = fc.record({
      kind: fc.constantFrom("delegate", "undelegate", "redelegate", "cancel", "withdraw", "slash", "epoch"),
      account,
      id,
      other: id,
      part,
      wait: fc.integer({ min: 0, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
        // Three more than are slashed, so that there is always a quorum.
        const play = started([20_000, 20_000, 20_000, 20_000, 20_000, 20_000]);
        for (const { kind, account, id, other, part, wait } of steps) {
          play.at += wait;
          const before = new Map([1, 2, 3].map((v) => [v, poolOf(play.state, v)]));
          const shares = (sharesOf(play, id, account) * part) / 1_000n;
          const cohort =
            [...poolOf(play.state, id).leaving].find(([, parts]) => parts.has(account))?.[0] ?? 0;
          const left = poolOf(play.state, id).leaving.get(cohort)?.get(account)?.shares ?? 0n;
          if (kind === "delegate") play.try(account, (tx) => delegate(tx, id, part * COIN + part));
          if (kind === "undelegate") play.try(account, (tx) => undelegate(tx, id, shares));
          if (kind === "redelegate") play.try(account, (tx) => redelegate(tx, id, other, shares));
          if (kind === "cancel") play.try(account, (tx) => cancel(tx, id, cohort, (left * part) / 1_000n));
          if (kind === "withdraw") play.try(account, (tx) => withdraw(tx, id, cohort, 0));
          if (kind === "slash") slashed(play, id, part * 50n * COIN, play.state.elections.sealNumber);
          if (kind === "epoch") play.epoch();
          assertConserved(play);
          if (kind === "slash") continue;
          for (const [v, old] of before) {
            const now = poolOf(play.state, v);
            if (now.generation !== old.generation) continue;
            assert.ok(
              (now.delegated + 1n) * (old.shares + 1_000_000n) >=
                (old.delegated + 1n) * (now.shares + 1_000_000n),
              `${kind} made a share of validator ${v} cheaper`,
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
