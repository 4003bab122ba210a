import type { Block } from "./block.ts";
import type { Hash, Seat } from "./primitives.ts";
import type { Signal } from "./signals.ts";
import type { Certificate, CheckpointCertificate, CheckpointVote, RestartVote, Vote } from "./votes.ts";

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
  | { readonly type: "blocks"; readonly blocks: readonly CertifiedBlock[] }
  | { readonly type: "signal"; readonly signal: Signal }
  | { readonly type: "restart"; readonly vote: RestartVote };

/** Votes of a subnet added up, in a certificate's form: short of a quorum (section 3, above 100 voters). */
export type PartialMessage =
  | { readonly type: "partial"; readonly partial: Certificate }
  | { readonly type: "checkpointPartial"; readonly partial: CheckpointCertificate };
