import {
  chargeEntry,
  chargePosition,
  cohortOf,
  isOver,
  join,
  liveShares,
  takeFrom,
  worth,
} from "../custody/index.ts";
import { told } from "../elections/index.ts";
import { isOpen, known } from "../identities.ts";
import { settlePosition } from "../rewards/index.ts";
import { type Position, poolOf, type State } from "../state/index.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";
import { credit } from "./deposits.ts";
import { release } from "./release.ts";

/** Whether the account's entry in the newest cohort of delegations answers for another validator. */
function isEntryEncumbered(state: State, id: number, owner: string): boolean {
  const { cohorts, leaving } = poolOf(state, id);
  return leaving.get(cohorts.delegation.length - 1)?.get(owner)?.liability != null;
}

/** Once a period, unless a higher commission is announced; one liability at a time, of a position as of an entry. */
function checkMovable(tx: Transaction, from: number, to: number, position: Position): void {
  const { state } = tx;
  if (position.liability !== null) refuse("StakingPoolEncumbered", from, tx.from);
  const target = poolOf(state, to).positions.get(tx.from);
  if (target?.liability != null || isEntryEncumbered(state, to, tx.from))
    refuse("StakingPoolEncumbered", to, tx.from);
  const again = position.redelegatedAt + state.times.redelegationPeriod;
  const { nextAt, next, current } = poolOf(state, from).commission;
  const isRaised = nextAt !== 0 && next > current;
  if (position.redelegatedAt !== 0 && tx.at < again && !isRaised) refuse("StakingPoolTooSoon", from, again);
}

/** Moves shares to another validator at once; the amount goes on answering for the validator it leaves. */
export function redelegate(tx: Transaction, from: number, to: number, shares: bigint): bigint {
  const { state } = tx;
  // Out of a convicted validator once its surcharge is settled.
  release(tx, from, Number.MAX_SAFE_INTEGER);
  known(state, to);
  if (!isOpen(state, to)) refuse("StakingPoolClosed", to);
  if (from === to) refuse("StakingPoolSameValidator", from);
  const source = poolOf(state, from);
  const position = source.positions.get(tx.from);
  if (position === undefined || liveShares(source, position) === 0n)
    refuse("StakingPoolNoPosition", from, tx.from);
  checkMovable(tx, from, to, position);
  settlePosition(tx, from, tx.from);
  settlePosition(tx, to, tx.from);
  const amount = worth(source, from, position, shares);
  const { minimumDelegation } = state.times;
  if (amount < minimumDelegation) refuse("StakingPoolBelowMinimum", amount, minimumDelegation);
  takeFrom(state, from, tx.from, shares, amount);
  position.redelegatedAt = tx.at;
  told(tx, from);
  const cohort = join(tx, from, "redelegation", amount);
  const minted = credit(tx, to, tx.from, amount);
  const liability = { source: from, cohort, shares: amount, paid: 0n, bound: minted };
  poolOf(state, to).positions.get(tx.from)!.liability = liability;
  emit(tx, "Redelegated", {
    from,
    to,
    owner: tx.from,
    amount,
    sharesBurnt: shares,
    sharesMinted: minted,
  });
  told(tx, to);
  return minted;
}

/** Charges a position what became due. Anyone. */
export function settleLiability(tx: Transaction, id: number, owner: string): void {
  if (poolOf(tx.state, id).positions.get(owner)?.liability == null) return;
  settlePosition(tx, id, owner);
  if (chargePosition(tx, id, owner)) told(tx, id);
}

/** Charges an entry of a cohort what became due. Anyone. */
export function settleEntryLiability(tx: Transaction, id: number, owner: string, cohort: number): void {
  chargeEntry(tx, id, owner, cohort);
}

/** Settles a position's liability and ends it if its time is over. Anyone. */
export function clearLiability(tx: Transaction, id: number, owner: string, witness: number): void {
  const position = poolOf(tx.state, id).positions.get(owner);
  const liability = position?.liability ?? null;
  if (position === undefined || liability === null) return;
  const { source, cohort } = liability;
  const noted = cohortOf(tx.state, source, "redelegation", cohort);
  release(tx, source, noted.lastSeal);
  settleLiability(tx, id, owner);
  if (!isOver(tx.state, noted, witness, tx.at) || position.liability === null) return;
  position.liability = null;
  emit(tx, "LiabilityCleared", { validator: id, owner, source });
}
