import { mulDivUp, periodOf } from "../numbers.ts";
import { type Cohort, type CohortKind, poolOf, type State } from "../state/index.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";

export function cohortOf(state: State, id: number, kind: CohortKind, index: number): Cohort {
  return poolOf(state, id).cohorts[kind][index] ?? refuse("UnbondingQueueEmpty", id, index);
}

/** Second from which a cohort's clock runs in any case. */
const startsAtLatest = ({ times }: State, { day }: Cohort): number =>
  (day + 1) * times.cohortPeriod + times.maxWait;

export const withdrawableAtLatest = (state: State, cohort: Cohort): number =>
  startsAtLatest(state, cohort) + state.times.unbondingTime;

/** When the boundary of `witness` was accepted, if the epoch after it is decided under a later seal; else null. */
export function clockStart(state: State, { lastSeal }: Cohort, witness: number): number | null {
  const { records, boundaries } = state.schedule;
  const next = records.get(witness + 1);
  if (next === undefined || next.seal <= lastSeal) return null;
  return boundaries.get(witness)?.acceptedAt ?? null;
}

/** Whether a cohort's clock has run out, by a witness or by the latest date. */
export function isOver(state: State, cohort: Cohort, witness: number, at: number): boolean {
  if (at >= withdrawableAtLatest(state, cohort)) return true;
  const start = clockStart(state, cohort, witness);
  return start !== null && at >= start + state.times.unbondingTime;
}

/** Whether the clock of a cohort runs: the epoch now is decided under a seal that counted none of it. */
function hasStarted(state: State, cohort: Cohort, at: number): boolean {
  const { epoch, records } = state.schedule;
  return at >= startsAtLatest(state, cohort) || (records.get(epoch)?.seal ?? 0) > cohort.lastSeal;
}

/**
 * Whether the newest cohort takes what leaves now. It fills until a seal executed after its day, provided the clock of
 * the cohort before has started, until a charge reduces it, or until `maxWait` after its day.
 */
function isFilling(state: State, list: readonly Cohort[], at: number): boolean {
  const last = list.at(-1);
  const before = list.at(-2);
  if (last === undefined || last.tokens !== last.shares || at >= startsAtLatest(state, last)) return false;
  const today = periodOf(at, state.times.cohortPeriod);
  if (last.day === today || last.lastSeal >= state.elections.sealNumber) return true;
  return before !== undefined && !hasStarted(state, before, at);
}

/** Adds what leaves now to the open cohort, or opens one. Returns its index. */
export function join(tx: Transaction, id: number, kind: CohortKind, amount: bigint): number {
  const { state } = tx;
  const list = poolOf(state, id).cohorts[kind];
  const day = periodOf(tx.at, state.times.cohortPeriod);
  const { sealNumber } = state.elections;
  const last = list.at(-1);
  if (last?.shares === 0n) {
    // Emptied: used anew, so that asking and taking back makes no list longer.
    Object.assign(last, { tokens: amount, shares: amount, day, lastSeal: sealNumber });
  } else if (last !== undefined && isFilling(state, list, tx.at)) {
    last.tokens += amount;
    last.shares += amount;
    last.lastSeal = sealNumber;
  } else {
    list.push({ tokens: amount, shares: amount, day, lastSeal: sealNumber });
  }
  return list.length - 1;
}

const isLiable = (cohort: Cohort, low: number): boolean => cohort.tokens !== 0n && cohort.lastSeal >= low;

/** Tokens of the cohorts that may have been counted by a seal or a later one. */
export function liableOf(state: State, id: number, kind: CohortKind, seal: number): bigint {
  let total = 0n;
  for (const cohort of poolOf(state, id).cohorts[kind]) if (isLiable(cohort, seal)) total += cohort.tokens;
  return total;
}

/** Takes `part` of `whole` from each liable cohort, rounded up, the newest first, until `part` is reached. */
export function slashCohorts(
  tx: Transaction,
  id: number,
  kind: CohortKind,
  seal: number,
  part: bigint,
): void {
  const whole = liableOf(tx.state, id, kind, seal);
  const list = poolOf(tx.state, id).cohorts[kind];
  let left = part;
  for (let index = list.length - 1; index >= 0 && left > 0n; index--) {
    const cohort = list[index]!;
    if (!isLiable(cohort, seal)) continue;
    const due = mulDivUp(cohort.tokens, part, whole);
    const taken = due < left ? due : left;
    cohort.tokens -= taken;
    left -= taken;
    emit(tx, "CohortSlashed", { validator: id, kind, cohort: index, amount: taken });
  }
}
