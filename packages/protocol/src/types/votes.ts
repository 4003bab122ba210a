import type { Checkpoint } from "./checkpoint.ts";
import type { Hash, Seat } from "./primitives.ts";

/** The votes of a view (protocol.md section 3). */
export type VoteKind = "notarize" | "finalize" | "nullify";

/** What a vote says: everything its signature covers apart from the domain. NULLIFY has parent view 0 and the zero hash. */
export interface VoteBody {
  readonly kind: VoteKind;
  readonly view: number;
  readonly parentView: number;
  readonly blockHash: Hash;
}

/** A vote under a domain D; `epoch` and `domain` travel with it so that it can be routed before it is verified. */
export interface Vote extends VoteBody {
  readonly epoch: number;
  readonly domain: Hash;
  readonly seat: Seat;
  /** Compressed G2 signature of the vote's root, 96 bytes; parsed and subgroup-checked before it reaches the replica. */
  readonly signature: Uint8Array;
}

/** N(v,h), F(v,h) or X(u): Q of one vote (protocol.md section 3). */
export interface Certificate extends VoteBody {
  readonly epoch: number;
  readonly domain: Hash;
  /** Signers over R_e, seat i at byte i >> 3, bit i & 7, ceil(n / 8) bytes. */
  readonly bitmap: Uint8Array;
  /** Aggregate signature, compressed G2, 96 bytes. */
  readonly signature: Uint8Array;
}

/** A signature under a checkpoint (protocol.md section 8). */
export interface CheckpointVote {
  readonly epoch: number;
  readonly domain: Hash;
  readonly checkpoint: Checkpoint;
  readonly seat: Seat;
  readonly signature: Uint8Array;
}

/** A backed checkpoint: Q of the mode and more than 2/3 of W_e's stake. */
export interface CheckpointCertificate {
  readonly epoch: number;
  readonly domain: Hash;
  readonly checkpoint: Checkpoint;
  readonly bitmap: Uint8Array;
  readonly signature: Uint8Array;
}

/** What a RESTART says: continue after this block, certified in this view (protocol.md section 6). */
export interface RestartBody {
  /** View of the block's certificate; 0: the accepted boundary or recovery point before the epoch. */
  readonly view: number;
  readonly blockHash: Hash;
}

/** RESTART(e, view, hash) under D_e. */
export interface RestartVote extends RestartBody {
  readonly epoch: number;
  readonly domain: Hash;
  /** Seat in R_e; null if the signer has none there. */
  readonly seat: Seat | null;
  /** Seat in R_{e+1}; null if the signer has none there. */
  readonly seatNext: Seat | null;
  readonly signature: Uint8Array;
}
