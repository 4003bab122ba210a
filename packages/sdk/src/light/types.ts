import type {
  Checkpoint,
  CheckpointCertificate,
  Hash,
  Header,
  Millis,
  Mode,
  Registry,
  Seat,
  StatementEvidence,
} from "@aitbc-hybrid/protocol";

/** Where to follow the chain from: what a light client trusts, once. Everything after it is verified. */
export interface LightAnchor {
  /** Epoch whose checkpoints come next. */
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: Mode;
  /** Mode wanted for the next epoch. */
  readonly wanted: Mode;
  /** Root of the epoch's registry. */
  readonly registry: Hash;
  /** Root of the next one's. */
  readonly registryNext: Hash;
  /** Height of the epoch's first block. */
  readonly firstHeight: number;
  /** Height that is settled already: `firstHeight` - 1, or that of a checkpoint. */
  readonly height: number;
  /** Stamp of that block. */
  readonly stamp: Millis;
  /** The checkpoint at that height with its hash, where it is known: blocks below it can be proved at once. */
  readonly checkpoint: { readonly hash: Hash; readonly content: Checkpoint } | null;
}

/** A registry before it is believed: believed when it hashes to a root that was signed. `key` is computed anew. */
export type RegistryPreimage = Omit<Registry, "root">;

/** A checkpoint as the contracts take it: who signed, or who of the signing set did not, strictly ascending. */
export interface ListedCheckpoint {
  readonly epoch: number;
  readonly checkpoint: Checkpoint;
  /** Whether `seats` are those who signed. */
  readonly present: boolean;
  readonly seats: readonly Seat[];
  /** Aggregate, compressed G2, 96 bytes. */
  readonly signature: Uint8Array;
}

/** `live`: the last checkpoint is what it seems. `stalled`: the chain restarted elsewhere, or was silent for too long. `frozen`: two conflicting checkpoints are known. */
export type LightStatus = "live" | "stalled" | "frozen";

/** A checkpoint that is believed. */
export interface AcceptedCheckpoint {
  readonly epoch: number;
  readonly hash: Hash;
  readonly checkpoint: Checkpoint;
  /** Who signed it; null for what the client was anchored to. */
  readonly certificate: CheckpointCertificate | null;
}

/** Two checkpoints that quorums signed and that are not of one chain. */
export interface LightConflict {
  /** The lower first. */
  readonly first: AcceptedCheckpoint;
  readonly second: AcceptedCheckpoint;
  /**
   * What convicts those who signed both (protocol.md section 7); null for checkpoints of two epochs, or of two heights
   * whose chain in between was not given.
   */
  readonly evidence: StatementEvidence | null;
}

/** What became of a checkpoint that was submitted. */
export type Submitted =
  | {
      readonly what: "accepted";
      readonly hash: Hash;
      readonly height: number;
      /** The epoch that began with it; null inside an epoch. */
      readonly begun: number | null;
    }
  /** It was accepted before. */
  | { readonly what: "known"; readonly hash: Hash; readonly height: number }
  /** The client froze. */
  | { readonly what: "conflict"; readonly conflict: LightConflict };

/** The way from a block to a checkpoint. */
export interface BlockProof {
  /** Height of the checkpoint. */
  readonly under: number;
  readonly height: number;
  readonly blockHash: Hash;
  /** Siblings within the tree of the range that holds the block, lowest first. */
  readonly path: readonly Hash[];
  /** Of the range's perfect trees, left to right. */
  readonly peaks: readonly Hash[];
}

/** The way from a leaf to a header's or a batch's root. */
export interface LeafProof {
  readonly index: number;
  /** Siblings from the leaf upwards. */
  readonly path: readonly Hash[];
}

/** A block with its header. */
export interface HeaderProof extends BlockProof {
  readonly header: Header;
}

/** A batch as its digest covers it. */
export interface BatchHead {
  readonly author: number;
  readonly sequence: number;
  readonly count: number;
  readonly bytes: number;
  readonly transactionsRoot: Hash;
}

/** A transaction in a batch of a block: ordered, which is not to say that it could be executed (the receipt does). */
export interface TransactionProof extends HeaderProof {
  readonly batch: BatchHead;
  readonly inBlock: LeafProof;
  readonly transactionHash: Hash;
  readonly inBatch: LeafProof;
}

/** What a transaction did, as far as its receipt's hash covers it. */
export interface ProvedReceipt {
  readonly transactionHash: Hash;
  /** Among the block's executed transactions. */
  readonly index: number;
  readonly status: number;
  readonly gasUsed: number;
  /** wei */
  readonly fee: bigint;
}

/** A receipt under the header that carries it, `rootLag` heights above the block that executed the transaction. */
export interface ReceiptProof extends HeaderProof {
  readonly receipt: ProvedReceipt;
  readonly inBlock: LeafProof;
}
