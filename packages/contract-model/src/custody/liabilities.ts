import { least, mulDivDown, mulDivUp } from "../numbers.ts";
import { type Liability, poolOf, type State } from "../state/index.ts";
import { emit, type Transaction } from "../transaction.ts";
import { cohortOf } from "./cohorts.ts";
import { liveShares, takeFrom } from "./positions.ts";
import { sharesUp, tokensDown } from "./shares.ts";

/** What redelegated stake has been charged in all: its part of what its cohort lost, rounded up. */
export function lossOf(state: State, { source, cohort, shares }: Liability): bigint {
  const { tokens, shares: whole } = cohortOf(state, source, "redelegation", cohort);
  return whole === 0n ? 0n : mulDivUp(shares, whole - tokens, whole);
}

/** What is due of it now. */
export function dueOf(state: State, liability: Liability): bigint {
  const loss = lossOf(state, liability);
  return loss > liability.paid ? loss - liability.paid : 0n;
}

/** What is left to answer once `due` was charged to `shares`: nothing, once no shares are left to answer. */
const reduced = (liability: Liability, due: bigint, shares: bigint): Liability | null =>
  shares === liability.bound
    ? null
    : { ...liability, paid: liability.paid + due, bound: liability.bound - shares };

/** Charges a position what became due, at most what the moved shares are worth now. Returns whether anything was. */
export function chargePosition(tx: Transaction, id: number, owner: string): boolean {
  const { state } = tx;
  const pool = poolOf(state, id);
  const position = pool.positions.get(owner);
  const liability = position?.liability ?? null;
  if (position === undefined || liability === null || liveShares(pool, position) === 0n) return false;
  const due = dueOf(state, liability);
  if (due === 0n) return false;
  const most = tokensDown(pool, liability.bound);
  const amount = least(due, most);
  const shares = due >= most ? liability.bound : sharesUp(pool, due);
  takeFrom(state, id, owner, shares, amount);
  state.custody.owed += amount;
  position.liability = reduced(liability, due, shares);
  emit(tx, "LiabilityCharged", { validator: id, owner, source: liability.source, amount, shares });
  return true;
}

/** Charges an entry of a cohort of delegations likewise. */
export function chargeEntry(tx: Transaction, id: number, owner: string, index: number): void {
  const { state } = tx;
  const entry = poolOf(state, id).leaving.get(index)?.get(owner);
  const liability = entry?.liability ?? null;
  if (entry === undefined || liability === null) return;
  const due = dueOf(state, liability);
  if (due === 0n) return;
  const cohort = cohortOf(state, id, "delegation", index);
  const most = cohort.shares === 0n ? 0n : (liability.bound * cohort.tokens) / cohort.shares;
  const amount = least(due, most);
  const shares = due >= most ? liability.bound : mulDivUp(due, cohort.shares, cohort.tokens);
  cohort.tokens -= amount;
  cohort.shares -= shares;
  entry.shares -= shares;
  state.custody.owed += amount;
  entry.liability = reduced(liability, due, shares);
  emit(tx, "LiabilityCharged", {
    validator: id,
    owner,
    cohort: index,
    source: liability.source,
    amount,
    shares,
  });
}

/** What holds shares of which some answer for another validator: a position, or an entry of a cohort. */
interface Holding {
  readonly shares: bigint;
  liability: Liability | null;
}

/**
 * Takes the part of a liability that goes with `shares` of a holding: those that answer go last. Of what it answers for
 * the part rounded up goes along, of what was paid the part rounded down. Null: none of them answers.
 */
export function splitOff(holding: Holding, shares: bigint): Liability | null {
  const { liability } = holding;
  if (liability === null) return null;
  const moved = shares - (holding.shares - liability.bound);
  if (moved <= 0n) return null;
  const gone = {
    ...liability,
    shares: mulDivUp(liability.shares, moved, liability.bound),
    paid: mulDivDown(liability.paid, moved, liability.bound),
    bound: moved,
  };
  holding.liability =
    moved === liability.bound
      ? null
      : {
          ...liability,
          shares: liability.shares - gone.shares,
          paid: liability.paid - gone.paid,
          bound: liability.bound - moved,
        };
  return gone;
}
