import { least, mulDivUp } from "../numbers.ts";
import { poolOf, type State } from "../state/index.ts";
import { POOL, SLASHING, transfer } from "../tokens.ts";
import { emit, type Transaction } from "../transaction.ts";
import { liableOf, slashCohorts } from "./cohorts.ts";
import { writeRow } from "./rows.ts";

/** Stake that answers for epochs decided under a seal: junior, that is bond, and senior, delegations. */
export function liable(state: State, id: number, seal: number): { junior: bigint; senior: bigint } {
  const { bond, delegated } = poolOf(state, id);
  return {
    junior: bond + liableOf(state, id, "bond", seal),
    senior: delegated + liableOf(state, id, "delegation", seal) + liableOf(state, id, "redelegation", seal),
  };
}

export interface SlashOrder {
  readonly validator: number;
  readonly seal: number;
  /** Taken of what is liable: `part` of `whole`. */
  readonly part: bigint;
  readonly whole: bigint;
  /** 0: none. */
  readonly holdUntil: number;
}

export interface Slashed {
  readonly juniorTaken: bigint;
  readonly seniorTaken: bigint;
}

/**
 * Takes a fraction of what is liable, rounded up and at most all: bond and its cohorts in proportion, then delegations, leaving ones and
 * redelegated ones in proportion. Never refused for want of stake. The slasher's.
 */
export function slash(tx: Transaction, order: SlashOrder): Slashed {
  const { state } = tx;
  const { validator: id, seal } = order;
  const pool = poolOf(state, id);
  if (order.holdUntil !== 0) hold(tx, id, seal, order.holdUntil);
  const { junior, senior } = liable(state, id, seal);
  const all = junior + senior;
  const amount = order.whole === 0n ? 0n : least(mulDivUp(all, order.part, order.whole), all);
  const juniorTaken = least(amount, junior);
  const seniorTaken = amount - juniorTaken;

  const bond = juniorTaken === 0n ? 0n : mulDivUp(pool.bond, juniorTaken, junior);
  slashCohorts(tx, id, "bond", seal, juniorTaken - bond);
  pool.bond -= bond;

  let charged = 0n;
  if (seniorTaken !== 0n) {
    const delegated = mulDivUp(pool.delegated, seniorTaken, senior);
    const outside = seniorTaken - delegated;
    const leaving = liableOf(state, id, "delegation", seal);
    const moved = liableOf(state, id, "redelegation", seal);
    const fromLeaving = outside === 0n ? 0n : least(mulDivUp(outside, leaving, leaving + moved), leaving);
    charged = outside - fromLeaving;
    slashCohorts(tx, id, "delegation", seal, fromLeaving);
    slashCohorts(tx, id, "redelegation", seal, charged);
    pool.delegated -= delegated;
    if (pool.delegated === 0n && pool.shares !== 0n) {
      pool.shares = 0n;
      pool.generation++;
      emit(tx, "PoolRetired", { validator: id, generation: pool.generation });
    }
  }
  // What is held is convicted: it weighs nothing from now on, and what seals would count of it is no matter.
  if (order.holdUntil === 0) writeRow(state, id);
  // What redelegated stake was charged is collected from its positions and entries.
  state.custody.owed += juniorTaken + seniorTaken - charged;
  emit(tx, "Slashed", { validator: id, seal, juniorTaken, seniorTaken });
  return { juniorTaken, seniorTaken };
}

/** The span from the end of a hold to its limit is kept in this many parts of `maxHold`, rounded down. */
const HOLD_PARTS = 127;
const roundedSpan = (span: number, maxHold: number): number => {
  const parts = (span * HOLD_PARTS - ((span * HOLD_PARTS) % maxHold)) / maxHold;
  return (parts * maxHold - ((parts * maxHold) % HOLD_PARTS)) / HOLD_PARTS;
};

/**
 * Holds withdrawals of stake liable for a seal, or extends such a hold, at most to `maxHold` after it began; another
 * begins once it has been over for `unbondingTime`. Beyond these bounds it does what it may. The slasher's.
 */
export function hold(tx: Transaction, id: number, seal: number, until: number): void {
  if (until <= tx.at) return;
  const { maxHold, unbondingTime } = tx.state.times;
  const held = poolOf(tx.state, id).hold;
  const extended = held.until !== 0 && tx.at < held.until + unbondingTime;
  const limit = extended ? held.limit : tx.at + maxHold;
  const end = least(extended && held.until > until ? held.until : until, limit);
  held.seal = extended ? least(held.seal, seal) : seal;
  held.until = end;
  held.limit = end + roundedSpan(limit - end, maxHold);
  emit(tx, "HoldSet", { validator: id, ...held });
}

/** Sends what was slashed to the slashing pool. Anyone. */
export function collectSlashed(tx: Transaction): bigint {
  const amount = tx.state.custody.owed;
  tx.state.custody.owed = 0n;
  transfer(tx, POOL, SLASHING, amount);
  emit(tx, "SlashedCollected", { amount });
  return amount;
}
