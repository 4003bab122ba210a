import { addBond, addDelegation } from "../credits.ts";
import { known } from "../identities.ts";
import { COIN, least } from "../numbers.ts";
import { poolOf, type State } from "../state/index.ts";
import { DISTRIBUTOR, POOL, transfer } from "../tokens.ts";
import { emit, type Transaction } from "../transaction.ts";
import { advance, ledgerOf, paidPosition, STEPS, settled } from "./ledgers.ts";

function payOut(tx: Transaction, to: string, amount: bigint): void {
  tx.state.rewards.outstanding -= amount;
  transfer(tx, DISTRIBUTOR, to, amount);
}

/** Pays a relayer's credits to it. Anyone. */
export function claimCredits(tx: Transaction, relayer: string): bigint {
  const { credits } = tx.state.rewards;
  const amount = credits.get(relayer) ?? 0n;
  credits.set(relayer, 0n);
  emit(tx, "CreditsClaimed", { relayer, amount });
  payOut(tx, relayer, amount);
  return amount;
}

/** Pays an owner what is booked and what positions earned. Anyone; one that compounds only if the owner calls. */
export function claim(tx: Transaction, ids: readonly number[], owner: string): bigint {
  const { state } = tx;
  const { owed } = state.rewards;
  let amount = owed.get(owner) ?? 0n;
  owed.set(owner, 0n);
  for (const id of ids) {
    if (tx.from !== owner && paidPosition(state, id, owner).compounding) continue;
    amount += settled(tx, id, owner);
  }
  emit(tx, "Claimed", { owner, amount });
  payOut(tx, owner, amount);
  return amount;
}

/** What of a validator's pay goes into its bond: an authority's, below the target. */
function toBond(state: State, id: number, amount: bigint): bigint {
  const { role } = known(state, id);
  const target = state.rules.rewards.bondTarget * COIN;
  const { bond } = poolOf(state, id);
  return role === "authority" && bond < target ? least(amount, target - bond) : 0n;
}

/** Pays validators what they earned themselves. Anyone. */
export function claimValidator(tx: Transaction, ids: readonly number[]): void {
  for (const id of ids) {
    advance(tx, id, STEPS);
    const ledger = ledgerOf(tx.state, id);
    const amount = ledger.owed;
    ledger.owed = 0n;
    const { withdrawal } = known(tx.state, id);
    const wanted = toBond(tx.state, id, amount);
    const bonded = wanted !== 0n && addBond(tx, id, wanted) ? wanted : 0n;
    emit(tx, "ValidatorClaimed", { validator: id, withdrawal, toBond: bonded, paidOut: amount - bonded });
    payOut(tx, POOL, bonded);
    payOut(tx, withdrawal, amount - bonded);
  }
}

/** Allows or forbids anyone to put the caller's pay back into its position. */
export function setCompound(tx: Transaction, id: number, compounding: boolean): void {
  paidPosition(tx.state, id, tx.from).compounding = compounding;
  emit(tx, "CompoundSet", { validator: id, owner: tx.from, compounding });
}

/** Adds what positions that allow it earned to them; what a position has no room for is booked. Anyone. */
export function compound(tx: Transaction, id: number, owners: readonly string[]): void {
  const { owed } = tx.state.rewards;
  for (const owner of owners) {
    if (!paidPosition(tx.state, id, owner).compounding) continue;
    const amount = settled(tx, id, owner);
    if (amount === 0n) continue;
    if (addDelegation(tx, id, owner, amount)) {
      emit(tx, "Compounded", { validator: id, owner, amount });
      payOut(tx, POOL, amount);
    } else {
      owed.set(owner, (owed.get(owner) ?? 0n) + amount);
    }
  }
}
