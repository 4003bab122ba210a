/** What a seal counted of a validator: this seal and every later one until the next row's. */
export interface Row {
  readonly seal: number;
  readonly shares: bigint;
  /** bond / (bond + delegated) in 10^-9, rounded down; 0 without stake. */
  readonly bondFraction: bigint;
  /** Millionths. */
  readonly commission: bigint;
  readonly generation: number;
}

/** Shares of a position counted from a seal on, until the next entry's; those of earlier entries among them. */
export interface Entry {
  readonly seal: number;
  /** Index of the validator's row for that seal. */
  readonly row: number;
  readonly generation: number;
  shares: bigint;
}

/** What stake that was redelegated answers for. */
export interface Liability {
  /** The validator it left. */
  readonly source: number;
  /** Cohort of that validator's redelegations, and shares of it. */
  readonly cohort: number;
  readonly shares: bigint;
  /** Charged already. */
  readonly paid: bigint;
  /** Shares, of the position or of the entry, that answer. */
  readonly bound: bigint;
}

/** A delegator's shares of one validator's pool. */
export interface Position {
  shares: bigint;
  /** Pool generation of the shares: if it is not the pool's they are worth nothing. */
  generation: number;
  /** Oldest first. */
  entries: Entry[];
  /** Second of the last redelegation out of it; 0: none. */
  redelegatedAt: number;
  liability: Liability | null;
}

/** Stake that left on one day. A share is a base unit as it was when it joined. */
export interface Cohort {
  /** Left after charges and withdrawals; of redelegated stake: left to charge. */
  tokens: bigint;
  /** What would be left without charges. */
  shares: bigint;
  /** Day of the first amount. */
  day: number;
  /** Last seal that may have counted any of it. */
  lastSeal: number;
}

/** An account's part of a cohort of delegations. */
export interface LeavingEntry {
  shares: bigint;
  liability: Liability | null;
}

/** The lists of a validator's cohorts. */
export type CohortKind = "bond" | "delegation" | "redelegation";

export interface Commission {
  /** Millionths, in force. */
  current: bigint;
  /** Announced. */
  next: bigint;
  /** Second from which `next` can be applied; 0: nothing is announced. */
  nextAt: number;
  /** Second `current` took effect; 0: never. */
  since: number;
}

/** Withdrawals held by evidence. */
export interface Hold {
  /** 0: never held. */
  until: number;
  /** Only stake that this seal or a later one may have counted. */
  seal: number;
  /** No hold reaches further, and from then on a slasher that fails to settle is passed over. */
  limit: number;
}

export interface Pool {
  bond: bigint;
  delegated: bigint;
  shares: bigint;
  /** 1 from the first delegation on. */
  generation: number;
  readonly commission: Commission;
  readonly hold: Hold;
  readonly rows: Row[];
  readonly positions: Map<string, Position>;
  readonly cohorts: Readonly<Record<CohortKind, Cohort[]>>;
  /** By cohort of delegations and owner. */
  readonly leaving: Map<number, Map<string, LeavingEntry>>;
}

export interface CustodyState {
  readonly pools: Map<number, Pool>;
  /** Slashed, owed to the slashing pool. */
  owed: bigint;
  depositsPausedUntil: number;
}
