import { attempt, type Transaction } from "../transaction.ts";
import { advance, settled } from "./ledgers.ts";

/** Splits a validator's pay, at most so many changes of row or seat further. Anyone. Returns whether all is split. */
export const settleRows = (tx: Transaction, id: number, steps: number): boolean =>
  advance(tx, id, steps).done;

/** Books what a position earned, for its owner to claim. Anyone. */
export function settle(tx: Transaction, id: number, owner: string): bigint {
  const { owed } = tx.state.rewards;
  const amount = settled(tx, id, owner);
  owed.set(owner, (owed.get(owner) ?? 0n) + amount);
  return amount;
}

/** As custody calls it before shares change: a failure stops nothing. */
export function settlePosition(tx: Transaction, id: number, owner: string): void {
  attempt(tx, () => settle(tx, id, owner));
}
