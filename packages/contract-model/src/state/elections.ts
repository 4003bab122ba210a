/** What elections know of a validator. Weights in whole AITBC. */
export interface Standing {
  /** Live weight; 0 if it does not count. */
  weight: bigint;
  /** Weight at seal `changedAt`, which came before the last change. */
  previous: bigint;
  changedAt: number;
  key: number;
  /** What it would weigh were it not jailed or tombstoned; 0 if it is neither. */
  idle: bigint;
  /** A staker bonded enough for Balanced. */
  qualified: boolean;
  seat: number | null;
  contending: boolean;
  /** Waits for the kind of seat its role calls for. */
  queued: boolean;
}

/** One registry, frozen. */
export interface Snapshot {
  /** Number of the seal, from 1. */
  readonly number: number;
  readonly epoch: number;
  readonly nAuth: number;
  /** By seat; 0 where vacant. */
  readonly validators: readonly number[];
  /** Numbers of the keys by seat; 0 where vacant. */
  readonly keys: readonly number[];
  /** By seat, after the caps. */
  readonly weights: readonly bigint[];
  /** Authorities' seats that do not count. */
  readonly suspended: ReadonlySet<number>;
  /** Balanced's voting set. */
  readonly backing: ReadonlySet<number>;
  /** Secure's voting set. */
  readonly members: ReadonlySet<number>;
  readonly totalStake: bigint;
  readonly backingStake: bigint;
  /** Stakers with weight. */
  readonly stakers: number;
  readonly backingStakers: number;
  /** 0 if the concentration cap did not apply. */
  readonly cut: bigint;
  /**
   * What the jailed, the convicted and the authorities left out by a recovery would weigh on their seats, cut as the
   * others: counted in no sum, but in pay's divisors.
   */
  readonly idleStake: bigint;
  /** Who executed the seal. */
  readonly sealer: string;
  /** s. */
  readonly sealedAt: number;
}

/** From seal `seal` on the validator has this seat, or none (null). */
export interface Tenure {
  readonly seal: number;
  readonly seat: number | null;
}

export interface ElectionsState {
  /** Seals executed. */
  sealNumber: number;
  nAuth: number;
  /** Validator by seat; 0 where vacant. */
  readonly seats: number[];
  readonly standings: Map<number, Standing>;
  /** In order of entry. */
  contenders: number[];
  /** Validators on an authority's seat that are none any more, in the order in which they wait. */
  readonly revoked: number[];
  /** Authorities without such a seat, likewise; they wait until no revoked one does. */
  readonly admitted: number[];
  /** Seats with a new key since the last seal. */
  readonly rotated: Set<number>;
  /** By number of the seal. */
  readonly snapshots: Map<number, Snapshot>;
  /** Number of the seal made for an epoch. */
  readonly candidates: Map<number, number>;
  /** Seats of each validator over time, oldest first. */
  readonly tenures: Map<number, Tenure[]>;
  /** Authorities that a recovery left out and that neither showed themselves nor lost their seats since: masked at every seal. */
  readonly silent: Set<number>;
}
