import assert from "node:assert/strict";
import {
  accrue,
  balanceOf,
  COIN,
  DEFAULT_RULES,
  deployed,
  depositBond,
  enter,
  lastHeight,
  mint,
  type Outcome,
  POOL,
  type Rules,
  register,
  run,
  type State,
  signingSet,
  start,
  submitAndSeal,
  type Times,
  type Transaction,
} from "../../src/index.ts";

export const TIMES: Times = {
  unbondingTime: 120,
  cohortPeriod: 10,
  maxWait: 600,
  redelegationPeriod: 120,
  commissionNotice: 60,
  commissionStep: 10_000,
  commissionMax: 100_000,
  minimumDelegation: COIN,
  maxHold: 120,
};

export const RULES: Rules = {
  consensus: {
    epochLength: { fast: 10, balanced: 10, secure: 10 },
    lease: 3_600_000,
    drift: 500,
    settlementLag: 0,
  },
  stake: DEFAULT_RULES.stake,
  slashing: {
    ...DEFAULT_RULES.slashing,
    evidenceValidity: 120,
    jailTime: 30,
    correlationWindow: 60,
    jailAfter: 3,
    absenceDelay: 60,
  },
  rewards: DEFAULT_RULES.rewards,
  recovery: DEFAULT_RULES.recovery,
};

export const ACCOUNTS = ["ann", "bob", "cid", "dan"] as const;
export const SUPPLY = 1_000_000_000n * COIN;

/** A state that only goes forward: what is refused changes nothing. */
export class Play {
  state: State;
  at = 1_000_000;

  constructor(state: State) {
    this.state = state;
  }

  try<T>(from: string, action: (tx: Transaction) => T): Outcome<T> {
    this.at++;
    const outcome = run(this.state, { from, at: this.at }, action);
    if (outcome.ok) this.state = outcome.state;
    return outcome;
  }

  do<T>(from: string, action: (tx: Transaction) => T): T {
    const outcome = this.try(from, action);
    assert.ok(outcome.ok, outcome.ok ? "" : `${outcome.refused.name}(${outcome.refused.args.join(", ")})`);
    return outcome.value;
  }

  refused<T>(from: string, name: string, action: (tx: Transaction) => T): void {
    const outcome = this.try(from, action);
    assert.equal(outcome.ok ? "goes through" : outcome.refused.name, name);
  }

  /**
   * Accepts the boundary of the present epoch and seals the next candidate, which the chain takes. Epochs whose pay
   * would hold up that seal are accrued first.
   */
  epoch(): void {
    const { epoch, records, boundaries } = this.state.schedule;
    for (let next = this.state.rewards.seals.length; next + RULES.rewards.accrualLag <= epoch; next++) {
      const { accounting, submitter } = boundaries.get(next)!;
      this.do("anyone", (tx) => accrue(tx, next, accounting.vector, submitter));
    }
    const registryNext = records.get(epoch + 1)!.seal;
    const { mode } = records.get(epoch)!;
    this.do("anyone", (tx) =>
      submitAndSeal(tx, {
        height: lastHeight(tx.state, epoch),
        stamp: this.at * 1000,
        view: 10,
        blockHash: `last of ${epoch}`,
        boundary: {
          registryNext,
          registryAfter: tx.state.elections.candidates.get(epoch + 2) ?? registryNext,
          modeNext: mode,
          modeWanted: mode,
          accounting: {
            epoch,
            views: 10,
            stamp: this.at * 1000,
            loadMultiplier: 1_000_000n,
            vector: null,
          },
        },
        signers: signingSet(tx.state, epoch),
      }),
    );
  }
}

export const operatorOf = (id: number): string => `operator ${id}`;

/** Validators with these bonds (whole AITBC), stakers, seated and started in Secure. */
export function started(bonds: readonly number[]): Play {
  const state = deployed(TIMES, RULES);
  const share = SUPPLY / BigInt(ACCOUNTS.length + bonds.length);
  for (const account of ACCOUNTS) mint(state, account, share);
  bonds.forEach((_, i) => {
    mint(state, operatorOf(i + 1), share);
  });
  mint(state, "rest", SUPPLY - share * BigInt(ACCOUNTS.length + bonds.length));
  const play = new Play(state);
  bonds.forEach((bond, i) => {
    const operator = operatorOf(i + 1);
    const id = play.do(operator, (tx) => register(tx, operator));
    play.do(operator, (tx) => depositBond(tx, id, BigInt(bond) * COIN));
  });
  play.do("anyone", (tx) =>
    enter(
      tx,
      bonds.map((_, i) => i + 1),
    ),
  );
  play.do("governance", (tx) => start(tx, "secure"));
  return play;
}

/** Every token is somewhere, and custody holds exactly what it owes. */
export function assertConserved({ state }: Play): void {
  let total = 0n;
  for (const balance of state.tokens.balances.values()) total += balance;
  assert.equal(total, SUPPLY);
  let owed = state.custody.owed;
  for (const { bond, delegated, cohorts } of state.custody.pools.values()) {
    owed += bond + delegated;
    for (const { tokens } of [...cohorts.bond, ...cohorts.delegation]) owed += tokens;
  }
  assert.equal(balanceOf(state, POOL), owed);
}
