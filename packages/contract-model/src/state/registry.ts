export type Address = string;
export type Role = "staker" | "authority";
export type Status = "active" | "jailed" | "tombstoned" | "exited";

/** Who a validator is. Addresses are whatever the caller names accounts by; "" is none. */
export interface Validator {
  readonly id: number;
  operator: Address;
  withdrawal: Address;
  /** "": the withdrawal address votes. */
  vote: Address;
  pendingWithdrawal: Address;
  role: Role;
  status: Status;
  jailedUntil: number;
  /** Number of the present key; 0 while it has none. */
  key: number;
}

export interface RegistryState {
  /** By number. */
  readonly validators: Map<number, Validator>;
  /** Owner of each key by its number. */
  readonly keys: Map<number, number>;
}
