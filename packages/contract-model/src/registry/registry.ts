import { told } from "../elections/index.ts";
import { known } from "../identities.ts";
import { most } from "../numbers.ts";
import type { Address, Role, State, Status, Validator } from "../state/index.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";

/** Opens an identity without a key. The caller is the operator. */
export function reserve(tx: Transaction, withdrawal: Address, vote: Address = ""): number {
  if (withdrawal === "") refuse("ValidatorRegistryZeroAddress");
  const { validators } = tx.state.registry;
  const id = validators.size + 1;
  validators.set(id, {
    id,
    operator: tx.from,
    withdrawal,
    vote,
    pendingWithdrawal: "",
    role: "staker",
    status: "active",
    jailedUntil: 0,
    key: 0,
  });
  emit(tx, "ValidatorReserved", { validator: id, operator: tx.from, withdrawal, vote });
  return id;
}

function giveKey(tx: Transaction, v: Validator): number {
  const { keys } = tx.state.registry;
  v.key = keys.size + 1;
  keys.set(v.key, v.id);
  emit(tx, "KeySet", { validator: v.id, key: v.key });
  return v.key;
}

/** Opens an identity with its first key, whose possession is proved. Elections learn of it with the first bond. */
export function register(tx: Transaction, withdrawal: Address, vote: Address = ""): number {
  const id = reserve(tx, withdrawal, vote);
  giveKey(tx, known(tx.state, id));
  return id;
}

function asOperator(tx: Transaction, id: number): Validator {
  const v = known(tx.state, id);
  if (tx.from !== v.operator) refuse("ValidatorRegistryUnauthorized", id, tx.from);
  return v;
}

function asWithdrawal(tx: Transaction, id: number): Validator {
  const v = known(tx.state, id);
  if (tx.from !== v.withdrawal) refuse("ValidatorRegistryUnauthorized", id, tx.from);
  return v;
}

const mayReturn = ({ status }: Validator): boolean => status === "active" || status === "jailed";

/** Sets the first key or the next one; the old one stays bound to the validator. */
export function setKey(tx: Transaction, id: number): number {
  const v = asOperator(tx, id);
  if (!mayReturn(v)) refuse("ValidatorRegistryBadStatus", id, v.status);
  const key = giveKey(tx, v);
  told(tx, id);
  return key;
}

export function setOperator(tx: Transaction, id: number, operator: Address): void {
  const v = asWithdrawal(tx, id);
  if (operator === "") refuse("ValidatorRegistryZeroAddress");
  v.operator = operator;
  emit(tx, "OperatorSet", { validator: id, operator });
}

export function setVoteAddress(tx: Transaction, id: number, vote: Address): void {
  asWithdrawal(tx, id).vote = vote;
  emit(tx, "VoteAddressSet", { validator: id, vote });
}

/** Who votes in governance for a validator. */
export function voteAddress(state: State, id: number): Address {
  const v = known(state, id);
  return v.vote === "" ? v.withdrawal : v.vote;
}

export function proposeWithdrawal(tx: Transaction, id: number, withdrawal: Address): void {
  asWithdrawal(tx, id).pendingWithdrawal = withdrawal;
  emit(tx, "WithdrawalProposed", { validator: id, withdrawal });
}

export function acceptWithdrawal(tx: Transaction, id: number): void {
  const v = known(tx.state, id);
  if (tx.from !== v.pendingWithdrawal) refuse("ValidatorRegistryUnauthorized", id, tx.from);
  v.withdrawal = tx.from;
  v.pendingWithdrawal = "";
  emit(tx, "WithdrawalSet", { validator: id, withdrawal: tx.from });
}

function setRole(tx: Transaction, id: number, role: Role): void {
  const v = known(tx.state, id);
  if (v.role === role) refuse("ValidatorRegistryRoleUnchanged", id, role);
  v.role = role;
  emit(tx, "RoleSet", { validator: id, role });
  told(tx, id);
}

/** Governance. */
export const admit = (tx: Transaction, id: number): void => setRole(tx, id, "authority");
/** Governance. */
export const revoke = (tx: Transaction, id: number): void => setRole(tx, id, "staker");

function setStatus(tx: Transaction, v: Validator, status: Status, until: number): void {
  v.status = status;
  v.jailedUntil = until;
  emit(tx, "StatusSet", { validator: v.id, status, jailedUntil: until });
  told(tx, v.id);
}

/** Leaves for good. Operator or withdrawal address. */
export function exit(tx: Transaction, id: number): void {
  const v = known(tx.state, id);
  if (tx.from !== v.operator && tx.from !== v.withdrawal)
    refuse("ValidatorRegistryUnauthorized", id, tx.from);
  if (!mayReturn(v)) refuse("ValidatorRegistryBadStatus", id, v.status);
  setStatus(tx, v, "exited", 0);
}

export function unjail(tx: Transaction, id: number): void {
  const v = asOperator(tx, id);
  if (v.status !== "jailed") refuse("ValidatorRegistryBadStatus", id, v.status);
  if (tx.at < v.jailedUntil) refuse("ValidatorRegistryStillJailed", id, v.jailedUntil);
  setStatus(tx, v, "active", 0);
}

/** A slasher's. Those that left or are tombstoned stay what they are; one in jail stays at least as long. */
export function jail(tx: Transaction, id: number): void {
  const v = known(tx.state, id);
  if (!mayReturn(v)) return;
  setStatus(tx, v, "jailed", most(tx.at + tx.state.rules.slashing.jailTime, v.jailedUntil));
}

/**
 * A slasher's: takes the vote for good. Tells nobody: seals read who is held. Returns false, and changes nothing, for
 * who is convicted already.
 */
export function tombstone(tx: Transaction, id: number): boolean {
  const v = known(tx.state, id);
  if (v.status === "tombstoned") return false;
  v.status = "tombstoned";
  emit(tx, "StatusSet", { validator: id, status: v.status, jailedUntil: 0 });
  return true;
}
