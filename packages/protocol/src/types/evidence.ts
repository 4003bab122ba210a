import type { Checkpoint } from "./checkpoint.ts";
import type { Hash, Seat } from "./primitives.ts";
import type { Certificate, CheckpointCertificate, CheckpointVote, RestartVote, Vote } from "./votes.ts";

/** Two view votes of one key that the protocol never lets one key make (protocol.md section 7). */
export interface VoteEvidence {
  readonly what: "votes";
  readonly epoch: number;
  readonly domain: Hash;
  readonly seat: Seat;
  readonly validatorId: number;
  readonly first: Vote;
  readonly second: Vote;
}

/** Something signed, by one key or by many; in the form in which it travels. */
export type Testimony =
  | { readonly type: "vote"; readonly vote: Vote }
  | { readonly type: "certificate"; readonly certificate: Certificate }
  | { readonly type: "checkpointVote"; readonly vote: CheckpointVote }
  | { readonly type: "checkpointCertificate"; readonly certificate: CheckpointCertificate }
  | { readonly type: "restart"; readonly vote: RestartVote };

/** A checkpoint with who signed it. */
export type CheckpointTestimony = Extract<
  Testimony,
  { readonly type: "checkpointVote" | "checkpointCertificate" }
>;

/** Two statements that everyone who signed both is convicted by. */
export interface StatementEvidence {
  /**
   * `certificates`: two certificates of view votes; `member`: a view vote and a certificate; `checkpoints`: two
   * checkpoints, by votes or backings; `restart`: a RESTART (first) and what may not stand beside it.
   */
  readonly what: "certificates" | "member" | "checkpoints" | "restart";
  readonly epoch: number;
  /** Of the first statement. */
  readonly domain: Hash;
  /** Who signed both, by seat in the registry of the second statement's domain. */
  readonly seats: readonly Seat[];
  readonly validatorIds: readonly number[];
  readonly first: Testimony;
  readonly second: Testimony;
  /** Checkpoints of two heights: those from the second's `previous` down to the first's height; else empty. */
  readonly chain: readonly Checkpoint[];
}

export type Evidence = VoteEvidence | StatementEvidence;
