import { cohortOf, isOver, join, withdrawableAtLatest, writeRow } from "../custody/index.ts";
import { told } from "../elections/index.ts";
import { isOpen, known } from "../identities.ts";
import { poolOf } from "../state/index.ts";
import { POOL, transfer } from "../tokens.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";
import { checkPause } from "./deposits.ts";
import { release } from "./release.ts";

/** Adds to a validator's bond. Operator or withdrawal address. */
export function depositBond(tx: Transaction, id: number, amount: bigint): void {
  const { operator, withdrawal } = known(tx.state, id);
  if (tx.from !== operator && tx.from !== withdrawal) refuse("StakingPoolUnauthorized", id, tx.from);
  if (amount === 0n) refuse("StakingPoolZeroAmount");
  checkPause(tx);
  if (!isOpen(tx.state, id)) refuse("StakingPoolClosed", id);
  transfer(tx, tx.from, POOL, amount);
  addBond(tx, id, amount);
  emit(tx, "BondDeposited", { validator: id, from: tx.from, amount, bond: poolOf(tx.state, id).bond });
}

/** Adds tokens that custody has to a bond. */
export function addBond(tx: Transaction, id: number, amount: bigint): void {
  poolOf(tx.state, id).bond += amount;
  writeRow(tx.state, id);
  told(tx, id);
}

/** Starts unbonding bond. Only the withdrawal address, in any standing. Returns the cohort it joined. */
export function requestUnbond(tx: Transaction, id: number, amount: bigint): number {
  if (tx.from !== known(tx.state, id).withdrawal) refuse("StakingPoolUnauthorized", id, tx.from);
  if (amount === 0n) refuse("StakingPoolZeroAmount");
  const pool = poolOf(tx.state, id);
  if (amount > pool.bond) refuse("StakingPoolInsufficientBond", id, pool.bond, amount);
  pool.bond -= amount;
  writeRow(tx.state, id);
  told(tx, id);
  const cohort = join(tx, id, "bond", amount);
  emit(tx, "BondReleased", { validator: id, cohort, amount, bond: pool.bond });
  return cohort;
}

/** Takes unbonding bond back into the bond. Only the withdrawal address. */
export function cancelBond(tx: Transaction, id: number, index: number, amount: bigint): void {
  if (tx.from !== known(tx.state, id).withdrawal) refuse("UnbondingQueueUnauthorized", id, tx.from);
  if (!isOpen(tx.state, id)) refuse("UnbondingQueueClosed", id);
  const cohort = cohortOf(tx.state, id, "bond", index);
  if (amount === 0n || amount > cohort.tokens)
    refuse("UnbondingQueueInsufficient", id, index, cohort.tokens, amount);
  // Shares go in proportion, so that what is left has lost what it had lost.
  cohort.shares -= (cohort.shares * amount) / cohort.tokens;
  cohort.tokens -= amount;
  emit(tx, "BondCancelled", { validator: id, cohort: index, amount });
  addBond(tx, id, amount);
}

/** Pays out a cohort of bond. Only the withdrawal address; `witness` is an epoch whose boundary started the clock. */
export function withdrawBond(tx: Transaction, id: number, index: number, witness: number): bigint {
  const { withdrawal } = known(tx.state, id);
  if (tx.from !== withdrawal) refuse("UnbondingQueueUnauthorized", id, tx.from);
  const cohort = cohortOf(tx.state, id, "bond", index);
  if (!isOver(tx.state, cohort, witness, tx.at))
    refuse("UnbondingQueueNotReady", id, index, withdrawableAtLatest(tx.state, cohort));
  release(tx, id, cohort.lastSeal);
  const amount = cohort.tokens;
  if (amount === 0n) refuse("UnbondingQueueEmpty", id, index);
  cohort.tokens = 0n;
  cohort.shares = 0n;
  emit(tx, "BondWithdrawn", { validator: id, cohort: index, to: withdrawal, amount });
  transfer(tx, POOL, withdrawal, amount);
  return amount;
}
