import type { Snapshot } from "./elections.ts";
import type { Mode } from "./parameters.ts";

/** What is on record of an epoch. */
export interface EpochRecord {
  /** Number of the seal that made its registry. */
  readonly seal: number;
  /** Its registry: that seal's snapshot, or what a recovery left of it. */
  readonly registry: Snapshot;
  /** Recoveries before it. */
  readonly incarnation: number;
  /** Its mode once it has begun; before that the mode wanted for it. */
  readonly mode: Mode;
  /** Height of its first block; 0 while it has not begun. */
  readonly firstHeight: number;
  /** When the boundary before it was accepted, seconds; 0 likewise. */
  readonly begunAt: number;
  /** The registry was recorded for it although a candidate was sealed, or for want of one. */
  readonly carried: boolean;
}

/** What a boundary says of its epoch, for the accounts. */
export interface Accounting {
  readonly epoch: number;
  readonly views: number;
  /** Stamp of the epoch's last block, ms. */
  readonly stamp: number;
  /** Millionths. */
  readonly loadMultiplier: bigint;
  /** Null: an epoch ended by a recovery, which pays nothing. */
  readonly vector: readonly SeatParticipation[] | null;
}

/** One seat's part in an epoch. */
export interface SeatParticipation {
  /** Parts of 65,535, rounded up: what was not carried of it. 65,535: nothing was. */
  readonly missed: number;
  /** Blocks it made. */
  readonly proposed: number;
}

export interface AcceptedBoundary {
  readonly accounting: Accounting;
  readonly submitter: string;
  readonly acceptedAt: number;
}

export interface ScheduleState {
  started: boolean;
  /** When `start` was called, ms. */
  genesisStamp: number;
  /** The epoch whose boundary is due next. */
  epoch: number;
  height: number;
  /** Stamp of the last checkpoint, ms. */
  stamp: number;
  /** View and block of the last checkpoint. */
  view: number;
  blockHash: string;
  /** Second of acceptance of the last checkpoint. */
  acceptedAt: number;
  /** Checkpoints stamped up to this second reset no clock: of before the stall that a recovery was opened for. */
  stalledAt: number;
  /** Checkpoints accepted. */
  count: number;
  /** How often in a row a registry was carried over beside a sealed candidate. */
  carried: number;
  readonly records: Map<number, EpochRecord>;
  readonly boundaries: Map<number, AcceptedBoundary>;
}
