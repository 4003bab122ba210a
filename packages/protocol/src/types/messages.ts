import type { Block } from "./block.ts";
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

/** PROPOSE: a block for a view and its leader's NOTARIZE. A re-proposed last block keeps its header; view and parent view are the proposal's. */
export interface Proposal {
  readonly epoch: number;
  readonly domain: Hash;
  readonly view: number;
  readonly parentView: number;
  readonly block: Block;
  readonly seat: Seat;
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

/** What a peer knows, sent on connecting, after restart and when asked (rule 10, repair). */
export interface Status {
  readonly epoch: number;
  readonly domain: Hash;
  readonly view: number;
  readonly finalHeight: number;
  readonly finalHash: Hash;
  readonly backedHeight: number;
}

/** A block with a certificate of it (null where a later block's makes it final) and, at a boundary, the checkpoint that backs it. */
export interface CertifiedBlock {
  readonly block: Block;
  readonly certificate: Certificate | null;
  readonly backing: CheckpointCertificate | null;
}

/** Requests of repair and catch-up; each is answered with at most one message of bounded size. */
export type Request =
  | { readonly what: "block"; readonly hash: Hash }
  | { readonly what: "certificate"; readonly epoch: number; readonly domain: Hash; readonly view: number }
  | { readonly what: "finalized"; readonly from: number; readonly count: number };

/** Everything that replicas say to each other. */
export type Message =
  | { readonly type: "proposal"; readonly proposal: Proposal }
  | { readonly type: "vote"; readonly vote: Vote }
  | { readonly type: "certificate"; readonly certificate: Certificate }
  | { readonly type: "checkpointVote"; readonly vote: CheckpointVote }
  | { readonly type: "checkpointCertificate"; readonly certificate: CheckpointCertificate }
  | { readonly type: "status"; readonly status: Status }
  | { readonly type: "request"; readonly request: Request }
  | { readonly type: "blocks"; readonly blocks: readonly CertifiedBlock[] };
