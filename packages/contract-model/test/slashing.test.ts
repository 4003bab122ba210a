import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  balanceOf,
  COIN,
  collectSlashed,
  commit,
  convict,
  convictGroup,
  delegate,
  executeGroup,
  leak,
  poolOf,
  requestUnbond,
  SLASHING,
  type State,
  settleSlashing,
  surchargeOf,
  takeReward,
  undelegate,
  veto,
  withdraw,
} from "../src/index.ts";
import { assertConserved, operatorOf, type Play, RULES, started, TIMES } from "./support/world.ts";

const { correlationWindow, absenceDelay, evidenceValidity } = RULES.slashing;
const TEN = [20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000];

const offence = (seat: number, name = "two proposals") => ({ epoch: 0, seal: 1, seat, offence: name });
const stakeOf = (state: State, id: number): bigint => poolOf(state, id).bond + poolOf(state, id).delegated;

/** Lets the correlation window of what happened until now run out. */
const afterWindow = (play: Play): void => {
  play.at += 2 * correlationWindow;
};

describe("a conviction", () => {
  it("takes a tenth of all that is liable, from the bond first, and rewards a tenth of what the operator lost", () => {
    const play = started(TEN);
    play.do("ann", (tx) => delegate(tx, 1, 30_000n * COIN));
    const before = balanceOf(play.state, "bob");
    assert.equal(
      play.do("bob", (tx) => convict(tx, offence(0))),
      500n * COIN,
    );
    const { bond, delegated } = poolOf(play.state, 1);
    assert.deepEqual([bond, delegated], [15_000n * COIN, 30_000n * COIN]);
    assert.equal(balanceOf(play.state, "bob") - before, 500n * COIN);
    // Too little had been collected for the reward: all that was owed is.
    assert.equal(balanceOf(play.state, SLASHING), 4_500n * COIN);
    assert.equal(
      play.do("anyone", (tx) => collectSlashed(tx)),
      0n,
    );
    assert.equal(play.state.registry.validators.get(1)!.status, "tombstoned");
    assertConserved(play);
  });

  it("happens once: a second offence is only recorded, the same one refused", () => {
    const play = started(TEN);
    play.do("bob", (tx) => convict(tx, offence(0)));
    const { state } = play;
    assert.equal(
      play.do("bob", (tx) => convict(tx, offence(0, "another"))),
      0n,
    );
    assert.equal(stakeOf(play.state, 1), stakeOf(state, 1));
    for (const name of ["two proposals", "another"])
      play.refused("bob", "SlashingManagerAlreadyCharged", (tx) => convict(tx, offence(0, name)));
  });

  it("is heard in time only, and of seats that somebody has", () => {
    const play = started(TEN);
    play.refused("bob", "SlashingManagerVacantSeat", (tx) => convict(tx, offence(17)));
    play.epoch();
    play.at = play.state.schedule.boundaries.get(0)!.acceptedAt + evidenceValidity - 1;
    play.refused("bob", "SlashingManagerExpired", (tx) => convict(tx, offence(0)));
  });

  it("keeps a reward back for an hour after a commitment", () => {
    const play = started(TEN);
    play.do("ann", (tx) => commit(tx));
    const before = balanceOf(play.state, "bob");
    assert.equal(
      play.do("bob", (tx) => convict(tx, offence(0))),
      200n * COIN,
    );
    assert.equal(balanceOf(play.state, "bob"), before);
    play.refused("ann", "SlashingManagerTooSoon", (tx) => takeReward(tx, "1 two proposals"));
    play.at += 3_600;
    play.do("ann", (tx) => takeReward(tx, "1 two proposals"));
    assert.equal(balanceOf(play.state, "bob") - before, 200n * COIN);
    play.refused("ann", "SlashingManagerNoReward", (tx) => takeReward(tx, "1 two proposals"));
    assert.equal(balanceOf(play.state, SLASHING), 1_800n * COIN);
    assertConserved(play);
  });
});

describe("the surcharge", () => {
  it("is nothing alone, and three times what was convicted around once that is more than a tenth", () => {
    const play = started([...TEN, 600_000]);
    play.do("bob", (tx) => convict(tx, offence(0)));
    afterWindow(play);
    play.do("anyone", (tx) => settleSlashing(tx, 1));
    assert.equal(stakeOf(play.state, 1), 18_000n * COIN);

    const together = started(TEN);
    for (const seat of [0, 1]) together.do("bob", (tx) => convict(tx, offence(seat)));
    assert.deepEqual(surchargeOf(together.state, 1), { together: 200_000_000n, fraction: 600_000n });
    together.do("anyone", (tx) => settleSlashing(tx, 1));
    assert.equal(stakeOf(together.state, 1), 18_000n * COIN);
    afterWindow(together);
    for (const id of [1, 2, 2]) together.do("anyone", (tx) => settleSlashing(tx, id));
    // 60 % of what was liable, in all.
    for (const id of [1, 2]) assert.equal(stakeOf(together.state, id), 8_000n * COIN);
    assertConserved(together);
  });

  it("is all of it once a third was convicted, and reaches what left", () => {
    const play = started(TEN);
    play.do("ann", (tx) => delegate(tx, 1, 10_000n * COIN));
    play.do(operatorOf(1), (tx) => requestUnbond(tx, 1, 15_000n * COIN));
    const cohort = play.do("ann", (tx) => undelegate(tx, 1, 4_000n * COIN * 1_000_000n));
    for (const seat of [0, 1, 2, 3]) play.do("bob", (tx) => convict(tx, offence(seat)));
    play.at += TIMES.unbondingTime + TIMES.maxWait + 2 * TIMES.cohortPeriod;
    // A withdrawal settles first what is due.
    assert.equal(
      play.do("ann", (tx) => withdraw(tx, 1, cohort, 0)),
      0n,
    );
    assert.equal(stakeOf(play.state, 1), 0n);
    assert.equal(poolOf(play.state, 1).cohorts.bond[0]!.tokens, 0n);
    assertConserved(play);
  });

  it("holds withdrawals until it is settled", () => {
    const play = started(TEN);
    play.do("ann", (tx) => delegate(tx, 1, 10_000n * COIN));
    const cohort = play.do("ann", (tx) => undelegate(tx, 1, 4_000n * COIN * 1_000_000n));
    play.at += TIMES.unbondingTime + TIMES.maxWait + 2 * TIMES.cohortPeriod;
    play.do("bob", (tx) => convict(tx, offence(0)));
    play.refused("ann", "StakingPoolHeld", (tx) => withdraw(tx, 1, cohort, 0));
    afterWindow(play);
    play.do("ann", (tx) => withdraw(tx, 1, cohort, 0));
  });

  it("can be vetoed by more than two thirds of the authorities not convicted", () => {
    const play = started(TEN);
    for (const id of [1, 2, 3, 4]) play.state.registry.validators.get(id)!.role = "authority";
    const authorities = { ...play.state.elections.snapshots.get(1)!, nAuth: 4 };
    play.state.schedule.records.set(0, { ...play.state.schedule.records.get(0)!, registry: authorities });
    for (const seat of [3, 4]) play.do("bob", (tx) => convict(tx, offence(seat)));
    const wants = (id: number) => (tx: Parameters<typeof veto>[0]) => veto(tx, 5, true, id - 1);
    play.refused("ann", "SlashingManagerNoVote", wants(1));
    play.refused(operatorOf(4), "SlashingManagerNoVote", wants(4));
    play.do(operatorOf(1), wants(1));
    play.do(operatorOf(2), wants(2));
    assert.ok(!play.state.slashing.vetoed.has(5));
    play.do(operatorOf(3), wants(3));
    assert.ok(play.state.slashing.vetoed.has(5));
    play.refused(operatorOf(1), "SlashingManagerNothingToVeto", wants(1));
    afterWindow(play);
    play.do("anyone", (tx) => settleSlashing(tx, 5));
    assert.equal(stakeOf(play.state, 5), 18_000n * COIN);
  });
});

describe("a group", () => {
  it("is convicted at once and charged page by page; until then its stake waits", () => {
    const play = started(TEN);
    play.do("ann", (tx) => delegate(tx, 2, 10_000n * COIN));
    const cohort = play.do("ann", (tx) => undelegate(tx, 2, 4_000n * COIN * 1_000_000n));
    const id = play.do("bob", (tx) =>
      convictGroup(tx, { epoch: 0, seal: 1, seats: [0, 1, 2], offence: "fork" }),
    );
    play.at += TIMES.unbondingTime + TIMES.maxWait + 2 * TIMES.cohortPeriod;
    play.refused("ann", "StakingPoolHeld", (tx) => withdraw(tx, 2, cohort, 0));
    play.refused("bob", "SlashingManagerAlreadyCharged", (tx) =>
      convictGroup(tx, { epoch: 0, seal: 1, seats: [0, 2], offence: "fork" }),
    );
    assert.equal(
      play.do("cid", (tx) => executeGroup(tx, id, [0, 0, 9])),
      1,
    );
    assert.equal(
      play.do("cid", (tx) => executeGroup(tx, id, [0, 1, 2])),
      2,
    );
    // Three of ten: nine tenths of what was liable, all of it due by now.
    play.do("anyone", (tx) => settleSlashing(tx, 3));
    assert.equal(stakeOf(play.state, 3), 2_000n * COIN);
    assertConserved(play);
  });
});

describe("absence", () => {
  it("jails at once and is charged later, from the leak at its most", () => {
    const play = started(TEN);
    play.do("recovery", (tx) => leak(tx, 1));
    assert.equal(play.state.registry.validators.get(1)!.status, "jailed");
    play.do("anyone", (tx) => settleSlashing(tx, 1));
    assert.equal(stakeOf(play.state, 1), 20_000n * COIN);
    play.at += absenceDelay;
    play.do("anyone", (tx) => settleSlashing(tx, 1));
    assert.equal(stakeOf(play.state, 1), 19_000n * COIN);
    assertConserved(play);
  });
});

describe("reporting oneself", () => {
  it("never pays a coalition that contains the operator", () => {
    const stake = fc.bigInt({ min: COIN, max: 1_000_000n * COIN });
    fc.assert(
      fc.property(stake, stake, fc.nat({ max: 9 }), fc.boolean(), (own, other, seat, leaves) => {
        const play = started(TEN);
        play.do("ann", (tx) => delegate(tx, seat + 1, own));
        play.do("bob", (tx) => delegate(tx, seat + 1, other));
        const operator = operatorOf(seat + 1);
        if (leaves) play.do(operator, (tx) => requestUnbond(tx, seat + 1, 7_000n * COIN));
        const wealth = (): bigint => {
          const { bond, delegated, shares, positions, cohorts } = poolOf(play.state, seat + 1);
          const held = shares === 0n ? 0n : (delegated * positions.get("ann")!.shares) / shares;
          const leaving = cohorts.bond.reduce((total, { tokens }) => total + tokens, 0n);
          const liquid = ["ann", "cid", operator].map((account) => balanceOf(play.state, account));
          return liquid.reduce((total, balance) => total + balance, bond + held + leaving);
        };
        const before = wealth();
        play.do("cid", (tx) => convict(tx, offence(seat)));
        assert.ok(wealth() < before);
        afterWindow(play);
        play.do("cid", (tx) => settleSlashing(tx, seat + 1));
        assert.ok(wealth() < before);
        assertConserved(play);
      }),
      { numRuns: 40 },
    );
  });
});
