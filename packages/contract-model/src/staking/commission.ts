import { writeRow } from "../custody/index.ts";
import { known } from "../identities.ts";
import { least, periodOf } from "../numbers.ts";
import { poolOf } from "../state/index.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";

const DAY = 86_400;

/**
 * Announces a commission; it replaces an earlier announcement. Only the operator. Since the last change it may move by
 * one step for every whole day that will have passed when it can be applied.
 */
export function announceCommission(tx: Transaction, id: number, rate: bigint): void {
  if (tx.from !== known(tx.state, id).operator) refuse("StakingPoolUnauthorized", id, tx.from);
  const { times } = tx.state;
  const { commission, shares } = poolOf(tx.state, id);
  const { current, since } = commission;
  const from = tx.at + (shares === 0n ? 0 : times.commissionNotice);
  let most = BigInt(times.commissionMax);
  if (since !== 0) {
    const step = BigInt(times.commissionStep) * BigInt(periodOf(from - since, DAY));
    most = least(most, current + step);
    if (rate + step < current) refuse("StakingPoolBadCommission", rate, current, most);
  }
  if (rate > most) refuse("StakingPoolBadCommission", rate, current, most);
  commission.next = rate;
  commission.nextAt = from;
  emit(tx, "CommissionAnnounced", { validator: id, rate, from });
}

/** Puts the announced commission in force, counted from the next seal on. Anyone, after the notice. */
export function applyCommission(tx: Transaction, id: number): void {
  const { commission } = poolOf(tx.state, id);
  const { next, nextAt } = commission;
  if (nextAt === 0 || tx.at < nextAt) refuse("StakingPoolNoNotice", id, nextAt);
  Object.assign(commission, { current: next, nextAt: 0, since: tx.at });
  writeRow(tx.state, id);
  emit(tx, "CommissionApplied", { validator: id, rate: next });
}
