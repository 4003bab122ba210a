import type { Commitment } from "./commitment.ts";
import type { Hash, Millis } from "./primitives.ts";

/** What a boundary checkpoint adds (protocol.md section 8). */
export interface Boundary {
  readonly commitment: Commitment;
  readonly accounting: Accounting;
}

/** The fields that Q of the mode and more than 2/3 of the backing stake sign; its hash is its signing root under D. */
export interface Checkpoint {
  readonly height: number;
  /** The header's own view. */
  readonly view: number;
  readonly stamp: Millis;
  readonly blockHash: Hash;
  /** State root at this very height (not lagged). */
  readonly stateRoot: Hash;
  /** Merkle mountain range over all block hashes 0..height. */
  readonly blocksRoot: Hash;
  /** Hash of the checkpoint due before it in this chain; the genesis hash for the first. */
  readonly previous: Hash;
  readonly boundary: Boundary | null;
}

/** What the pay of an epoch is computed from (contracts.md, rewards). */
export interface Accounting {
  readonly epoch: number;
  /** Views of the epoch up to the last block's. */
  readonly views: number;
  readonly stamp: Millis;
  /** Load multiplier in millionths, 500,000 to 2,000,000. */
  readonly loadMultiplier: number;
  /** Hash of the participation vector: who has it proves it against this. */
  readonly vectorHash: Hash;
}

/** One seat's line of the participation vector of R_e; both below 65,536. */
export interface Participation {
  /** What was missing of the seat's duty, in parts of 65,535 and rounded up; 65,535: nothing of it was carried. */
  readonly missed: number;
  readonly proposed: number;
}

/** The genesis "header" of height 0; the contracts compute and store its hash (section 1, "Genesis"). */
export interface Genesis {
  readonly chainId: number;
  readonly settlementChainId: number;
  /** Hash of the core contracts' addresses. */
  readonly addressesHash: Hash;
  readonly snapshotHash: Hash;
  /** m_0, also m_1. */
  readonly mode: "fast" | "balanced" | "secure";
  readonly stateRoot: Hash;
  readonly stamp: Millis;
}
