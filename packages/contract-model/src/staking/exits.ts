import {
  chargeEntry,
  chargePosition,
  cohortOf,
  isOver,
  join,
  liveShares,
  splitOff,
  takeFrom,
  withdrawableAtLatest,
  worth,
} from "../custody/index.ts";
import { told } from "../elections/index.ts";
import { isOpen, known } from "../identities.ts";
import { least, mulDivUp } from "../numbers.ts";
import { settlePosition } from "../rewards/index.ts";
import { type LeavingEntry, type Liability, poolOf, type State } from "../state/index.ts";
import { POOL, transfer } from "../tokens.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";
import { credit } from "./deposits.ts";
import { release } from "./release.ts";

/** Moves shares into the queue. What came by redelegation leaves last and takes along what it answers for. */
export function undelegate(tx: Transaction, id: number, asked: bigint): number {
  const { state } = tx;
  const pool = poolOf(state, id);
  const position = pool.positions.get(tx.from);
  if (position === undefined || liveShares(pool, position) === 0n)
    refuse("StakingPoolNoPosition", id, tx.from);
  settlePosition(tx, id, tx.from);
  const encumbered = position.liability !== null;
  if (encumbered) chargePosition(tx, id, tx.from);
  // A charge that was due may leave fewer than asked: those go.
  const shares = encumbered ? least(asked, position.shares) : asked;
  const amount = worth(pool, id, position, shares);
  const gone = splitOff(position, shares);
  takeFrom(state, id, tx.from, shares, amount);
  told(tx, id);
  const cohort = join(tx, id, "delegation", amount);
  const entry = openEntry(state, id, cohort, tx.from);
  entry.shares += amount;
  if (gone !== null) inherit(entry, { ...gone, bound: mulDivUp(amount, gone.bound, shares) });
  emit(tx, "Undelegated", { validator: id, owner: tx.from, cohort, amount, shares });
  return cohort;
}

/** One row per day and validator, which nobody else can add to. */
function openEntry(state: State, id: number, cohort: number, owner: string): LeavingEntry {
  const { leaving } = poolOf(state, id);
  const entries = leaving.get(cohort) ?? new Map<string, LeavingEntry>();
  leaving.set(cohort, entries);
  const entry = entries.get(owner) ?? { shares: 0n, liability: null };
  entries.set(owner, entry);
  return entry;
}

/** An entry answers for one redelegation at most: redelegation into a validator waits while the open one does. */
function inherit(entry: LeavingEntry, gone: Liability): void {
  const old = entry.liability;
  entry.liability =
    old === null
      ? gone
      : {
          ...gone,
          shares: old.shares + gone.shares,
          paid: old.paid + gone.paid,
          bound: old.bound + gone.bound,
        };
}

/** Pays the caller's entry of a cohort out. */
export function withdraw(tx: Transaction, id: number, index: number, witness: number): bigint {
  const { state } = tx;
  const entry = poolOf(state, id).leaving.get(index)?.get(tx.from);
  if (entry === undefined || entry.shares === 0n) refuse("UnbondingQueueEmpty", id, index);
  const cohort = cohortOf(state, id, "delegation", index);
  if (!isOver(state, cohort, witness, tx.at))
    refuse("UnbondingQueueNotReady", id, index, withdrawableAtLatest(state, cohort));
  release(tx, id, cohort.lastSeal);
  if (entry.liability !== null) {
    const { source, cohort: noted } = entry.liability;
    const left = cohortOf(state, source, "redelegation", noted);
    if (!isOver(state, left, witness, tx.at))
      refuse("UnbondingQueueNotReady", source, noted, withdrawableAtLatest(state, left));
    release(tx, source, left.lastSeal);
    chargeEntry(tx, id, tx.from, index);
    entry.liability = null;
  }
  const { shares } = entry;
  const amount = shares === 0n ? 0n : (shares * cohort.tokens) / cohort.shares;
  cohort.tokens -= amount;
  cohort.shares -= shares;
  entry.shares = 0n;
  emit(tx, "DelegationWithdrawn", { validator: id, owner: tx.from, cohort: index, amount, shares });
  transfer(tx, POOL, tx.from, amount);
  return amount;
}

/** Moves part of the caller's entry back into the validator's pool, as pending stake; what answers goes last. */
export function cancel(tx: Transaction, id: number, index: number, asked: bigint): void {
  const { state } = tx;
  known(state, id);
  if (!isOpen(state, id)) refuse("UnbondingQueueClosed", id);
  const entry = poolOf(state, id).leaving.get(index)?.get(tx.from);
  if (entry === undefined) refuse("UnbondingQueueInsufficient", id, index, 0n, asked);
  const encumbered = entry.liability !== null;
  if (encumbered) chargeEntry(tx, id, tx.from, index);
  const shares = encumbered ? least(asked, entry.shares) : asked;
  if (shares === 0n || shares > entry.shares)
    refuse("UnbondingQueueInsufficient", id, index, entry.shares, shares);
  const cohort = cohortOf(state, id, "delegation", index);
  const amount = (shares * cohort.tokens) / cohort.shares;
  if (amount === 0n) refuse("UnbondingQueueEmpty", id, index);
  const gone = splitOff(entry, shares);
  cohort.tokens -= amount;
  cohort.shares -= shares;
  entry.shares -= shares;
  emit(tx, "DelegationCancelled", { validator: id, owner: tx.from, cohort: index, amount, shares });
  settlePosition(tx, id, tx.from);
  // What was due of the position before is not the entry's to pay.
  if (gone !== null && chargePosition(tx, id, tx.from)) told(tx, id);
  const minted = credit(tx, id, tx.from, amount);
  if (gone !== null) {
    const position = poolOf(state, id).positions.get(tx.from)!;
    const old = position.liability;
    // One at a time: parts of one redelegation are joined, those of two are not.
    if (old !== null && (old.source !== gone.source || old.cohort !== gone.cohort))
      refuse("StakingPoolEncumbered", id, tx.from);
    // First in tokens, as the queue hands it over, then in the pool's shares.
    const bound = mulDivUp(minted, mulDivUp(amount, gone.bound, shares), amount);
    position.liability =
      old === null
        ? { ...gone, bound }
        : { ...old, shares: old.shares + gone.shares, paid: old.paid + gone.paid, bound: old.bound + bound };
  }
  emit(tx, "DelegationRestored", { validator: id, owner: tx.from, amount, shares: minted });
  told(tx, id);
}
