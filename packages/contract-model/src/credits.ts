import { addTo, hasRoom, liveShares, sharesDown, writeRow } from "./custody/index.ts";
import { told } from "./elections/index.ts";
import { isOpen } from "./identities.ts";
import { poolOf } from "./state/index.ts";
import { emit, type Transaction } from "./transaction.ts";

/** Rewards become bond. The distributor's. False, and nothing done, if the validator takes no stake. */
export function addBond(tx: Transaction, id: number, amount: bigint): boolean {
  if (!isOpen(tx.state, id)) return false;
  poolOf(tx.state, id).bond += amount;
  writeRow(tx.state, id);
  emit(tx, "Credited", { validator: id, owner: "", amount, shares: 0n });
  told(tx, id);
  return true;
}

/** Rewards become part of a position. The distributor's. False, and nothing done, where that is not possible. */
export function addDelegation(tx: Transaction, id: number, owner: string, amount: bigint): boolean {
  const pool = poolOf(tx.state, id);
  const possible =
    isOpen(tx.state, id) &&
    liveShares(pool, pool.positions.get(owner)) !== 0n &&
    hasRoom(tx.state, id, owner) &&
    sharesDown(pool, amount) !== 0n;
  if (!possible) return false;
  const shares = addTo(tx.state, id, owner, amount);
  emit(tx, "Credited", { validator: id, owner, amount, shares });
  told(tx, id);
  return true;
}
