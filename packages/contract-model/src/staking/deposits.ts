import { addTo, hasRoom, liveShares, makesRow, sharesDown } from "../custody/index.ts";
import { told } from "../elections/index.ts";
import { isOpen, known } from "../identities.ts";
import { settlePosition } from "../rewards/index.ts";
import { type Address, poolOf } from "../state/index.ts";
import { POOL, transfer } from "../tokens.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";

const LONGEST_PAUSE = 72 * 3_600;

/** The council's: refuses new stake for a while, 0 lifts it. Never touches exits. */
export function pauseDeposits(tx: Transaction, until: number): void {
  if (until > tx.at + LONGEST_PAUSE) refuse("StakingPoolPauseTooLong", until);
  tx.state.custody.depositsPausedUntil = until;
  emit(tx, "DepositsPaused", { until });
}

export function checkPause(tx: Transaction): void {
  const { depositsPausedUntil } = tx.state.custody;
  if (tx.at < depositsPausedUntil) refuse("StakingPoolPaused", depositsPausedUntil);
}

function checkDelegation(tx: Transaction, id: number, amount: bigint): void {
  checkPause(tx);
  const { minimumDelegation } = tx.state.times;
  if (amount < minimumDelegation) refuse("StakingPoolBelowMinimum", amount, minimumDelegation);
  known(tx.state, id);
  if (!isOpen(tx.state, id)) refuse("StakingPoolClosed", id);
}

/** Delegates. Returns the shares minted, rounded down. */
export function delegate(tx: Transaction, id: number, amount: bigint): bigint {
  checkDelegation(tx, id, amount);
  if (makesRow(tx.state, id, tx.from)) settlePosition(tx, id, tx.from);
  transfer(tx, tx.from, POOL, amount);
  const shares = credit(tx, id, tx.from, amount);
  emit(tx, "Delegated", { validator: id, owner: tx.from, from: tx.from, amount, shares });
  told(tx, id);
  return shares;
}

/** Adds to another account's position, if that has shares of it and room in its trace. Changes nothing else for it. */
export function delegateFor(tx: Transaction, id: number, owner: Address, amount: bigint): bigint {
  checkDelegation(tx, id, amount);
  const pool = poolOf(tx.state, id);
  if (liveShares(pool, pool.positions.get(owner)) === 0n) refuse("StakingPoolNoPosition", id, owner);
  transfer(tx, tx.from, POOL, amount);
  const isFull = !hasRoom(tx.state, id, owner);
  const shares = credit(tx, id, owner, amount);
  if (isFull) refuse("StakingPoolTraceFull", id, owner);
  emit(tx, "Delegated", { validator: id, owner, from: tx.from, amount, shares });
  told(tx, id);
  return shares;
}

/** Adds tokens that custody has to a position. Refused if they buy no share. */
export function credit(tx: Transaction, id: number, owner: Address, amount: bigint): bigint {
  if (sharesDown(poolOf(tx.state, id), amount) === 0n) refuse("StakingPoolZeroAmount");
  return addTo(tx.state, id, owner, amount);
}
