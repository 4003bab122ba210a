import { COIN, least, MILLION, most, sum } from "../numbers.ts";
import type { AcceptedBoundary, EpochPay, EpochRecord, SeatParticipation } from "../state/index.ts";
import { DISTRIBUTOR, transfer } from "../tokens.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";
import { budgetOf, GWEI, heeded, payOf } from "./budget.ts";

/** Moves tokens into the reserve. Anyone. */
export function fund(tx: Transaction, amount: bigint): void {
  if (amount === 0n) refuse("RewardDistributorZeroAmount");
  transfer(tx, tx.from, DISTRIBUTOR, amount);
  tx.state.rewards.reserve += amount;
  emit(tx, "Funded", { from: tx.from, amount, reserve: tx.state.rewards.reserve });
}

const isSame = (a: readonly SeatParticipation[] | null, b: readonly SeatParticipation[] | null): boolean =>
  (a ?? []).length === (b ?? []).length &&
  (a ?? []).every(({ missed, proposed }, i) => missed === b![i]!.missed && proposed === b![i]!.proposed);

/**
 * Pays an epoch by the vector its boundary committed to. Anyone, in the order of epochs. An empty vector (null) pays
 * nothing: a recovered epoch's, or any after the deadline.
 */
export function accrue(
  tx: Transaction,
  epoch: number,
  vector: readonly SeatParticipation[] | null,
  relayer: string,
): void {
  const { rewards, schedule, rules } = tx.state;
  if (epoch !== rewards.seals.length) refuse("RewardDistributorNotInOrder", epoch, rewards.seals.length);
  const boundary = schedule.boundaries.get(epoch) ?? refuse("RewardDistributorNotEnded", epoch);
  const record = schedule.records.get(epoch)!;
  const snapshot = record.registry;
  if (epoch === 0) rewards.paidUntil = schedule.genesisStamp;
  const lastSeal = rewards.seals.at(-1) ?? 0;
  const isLate = tx.at >= boundary.acceptedAt + rules.rewards.accrualDeadline;
  if (!(isLate && vector === null)) {
    if (relayer !== boundary.submitter) refuse("RewardDistributorWrongAccounting", epoch);
    if (!isSame(vector, boundary.accounting.vector)) refuse("RewardDistributorWrongVector", epoch);
  }
  rewards.creditLeft = 0n;
  if (vector !== null && vector.length === snapshot.weights.length) {
    rewards.pays.push(pay(tx, epoch, record, boundary, vector));
    credit(tx, relayer, epoch, "boundary");
    // The first seal is governance's own.
    if (lastSeal !== 0 && record.seal > lastSeal) credit(tx, snapshot.sealer, epoch, "seal");
    credit(tx, tx.from, epoch, "accrual");
  } else {
    rewards.paidUntil = most(rewards.paidUntil, boundary.acceptedAt * 1000);
    rewards.pays.push(null);
    emit(tx, "Accrued", { epoch, seal: record.seal, budget: 0n, paid: 0n });
  }
  rewards.seals.push(record.seal);
}

function pay(
  tx: Transaction,
  epoch: number,
  record: EpochRecord,
  boundary: AcceptedBoundary,
  vector: readonly SeatParticipation[],
): EpochPay {
  const { rewards, schedule, rules } = tx.state;
  const { accounting, acceptedAt } = boundary;
  // Stamps of a chain that runs ahead of the settlement chain pay nothing.
  const time = most(0, least(accounting.stamp, acceptedAt * 1000) - rewards.paidUntil);
  rewards.paidUntil += time;
  const blocks = schedule.records.get(epoch + 1)!.firstHeight - record.firstHeight;
  const budget = least(
    budgetOf(
      rules.rewards,
      blocks,
      heeded(accounting.loadMultiplier),
      least(time, rules.rewards.epochPaidTime * 1000),
    ),
    rewards.reserve,
  );
  const epochPay = payOf({
    mode: record.mode,
    snapshot: record.registry,
    rules: rules.rewards,
    budget,
    views: accounting.views,
    vector,
  });
  const paid = (sum(epochPay.authority) + sum(epochPay.stakers)) * GWEI;
  rewards.reserve -= paid;
  rewards.outstanding += paid;
  rewards.creditLeft = (budget * rules.rewards.creditShare) / MILLION;
  emit(tx, "Accrued", { epoch, seal: record.seal, budget, paid });
  return epochPay;
}

/** Credits a relayer out of what is left of the epoch's credits. */
function credit(tx: Transaction, relayer: string, epoch: number, service: string): void {
  const { rewards, rules } = tx.state;
  const amount = least((rules.rewards.relayerCredit * COIN) / 1000n, rewards.creditLeft);
  if (amount === 0n || relayer === "") return;
  rewards.creditLeft -= amount;
  rewards.reserve -= amount;
  rewards.outstanding += amount;
  rewards.credits.set(relayer, (rewards.credits.get(relayer) ?? 0n) + amount);
  emit(tx, "Credited", { relayer, service, epoch, amount });
}
