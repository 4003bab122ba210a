import type { Hash, Millis } from "./primitives.ts";
import type { RestartBody } from "./votes.ts";

/** A certificate of a block that somebody posted to the open recovery; the contracts verified it. */
export interface PostedCertificate extends RestartBody {
  readonly parentView: number;
}

/** An open recovery (protocol.md section 6). */
export interface RecoveryReading {
  /** Until then N and F are posted, ms; RESTART is signed afterwards. */
  readonly graceEnd: Millis;
  /** Certificates posted, in any order. */
  readonly posted: readonly PostedCertificate[];
}

/** What the contracts say at the highest settlement block that the own client shows final. */
export interface ContractsReading {
  /** Time of that settlement block, ms. */
  readonly at: Millis;
  /** The contracts' current epoch: one above the last accepted boundary. */
  readonly epoch: number;
  readonly incarnation: number;
  /** Time of the last acceptance that counts for leases: not one that only raised the floor of an open recovery. */
  readonly settledAt: Millis;
  /** Height of the last checkpoint accepted, boundaries and recovery points included; 0: none yet. */
  readonly acceptedHeight: number;
  /** The recovery of `epoch`; null: none is open. */
  readonly recovery: RecoveryReading | null;
}

/** A recovery that the contracts activated, in a settlement block that the own client shows final. */
export interface Activation extends RestartBody {
  /** The recovered epoch e. */
  readonly epoch: number;
  /** Incarnation from epoch e + 1 on. */
  readonly incarnation: number;
  /** R_{e+1} as sealed anew. */
  readonly registry: Hash;
}
