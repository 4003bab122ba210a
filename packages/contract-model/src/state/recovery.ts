/** A recovery, open or over. */
export interface Recovery {
  readonly epoch: number;
  readonly openedAt: number;
  /** Fixed at the opening. */
  readonly graceEnd: number;
  /** When the last checkpoint before the opening was accepted: the leak counts from here. */
  readonly quietSince: number;
  /** A later checkpoint cancels if its stamp is above this, ms. */
  readonly cancelStamp: number;
  /** Checkpoints accepted before the opening. */
  readonly count: number;
  activated: boolean;
  /** Highest block posted in grace. */
  postedView: number;
  postedHash: string;
  rounds: number;
  lastRoundAt: number;
  /** Seats of R_e and of R_(e+1) that asked for any restart. */
  readonly heard: Set<number>;
  readonly heardNext: Set<number>;
  /** Seats that the leak left out; who is heard later counts again. */
  readonly left: Set<number>;
  readonly leftNext: Set<number>;
  /** Seats of R_e that were charged for it. */
  readonly charged: Set<number>;
}

/** A block that a recovery may restart from. */
export interface RestartPoint {
  readonly height: number;
  readonly stamp: number;
  readonly certified: boolean;
  /** Seats of R_e and of R_(e+1) that asked for it. */
  readonly present: Set<number>;
  readonly next: Set<number>;
}

export interface RecoveryState {
  /** In the order of opening; a recovery's number is its place, from 1. */
  readonly recoveries: Recovery[];
  /** By recovery, view and block. */
  readonly points: Map<string, RestartPoint>;
  /** Block that an epoch began at, if a recovery began it. */
  readonly begunAt: Map<number, string>;
  /** Checkpoints accepted at the last activation; null before any. */
  countAtActivation: number | null;
}
