import type { Hash, Seat } from "./primitives.ts";

/** A block of the chain whose N or F is carried, with everybody whose signature is, by certificate or late. */
export interface Carried {
  readonly view: number;
  readonly parentView: number;
  readonly hash: Hash;
  readonly signers: Uint8Array;
}

/**
 * What the votes carried in an epoch's blocks say of its seats so far (protocol.md section 6). A function of the chain
 * alone: every node that knows the same blocks has the same.
 */
export interface Attendance {
  /** Blocks whose certificate is carried. */
  readonly blocks: number;
  /** Per seat of V_e, how many of those carry no signature of it. */
  readonly missed: readonly number[];
  /** Backed checkpoints that are carried. */
  readonly backings: number;
  /** Per seat of W_e, how many of those were backed without it. */
  readonly unbacked: readonly number[];
  /** Per seat, its blocks. */
  readonly proposed: readonly number[];
  /** Standby seats whose READY is carried. */
  readonly ready: ReadonlySet<Seat>;
  /** Seats of R_{e+1} whose READINESS for the wanted mode is carried. */
  readonly readiness: ReadonlySet<Seat>;
  /** The carried blocks of the last `voteWindow` views, ascending. */
  readonly window: readonly Carried[];
}
