import type { Commitment } from "./commitment.ts";
import type { Hash, Hex, Millis } from "./primitives.ts";
import type { LateVote } from "./signals.ts";
import type { Certificate, CheckpointCertificate } from "./votes.ts";

/** The settlement block a header names (protocol.md section 1, "Settlement reference"). */
export interface SettlementReference {
  readonly number: number;
  readonly hash: Hash;
}

/** What a block commits to. Fixed width, so that the contracts can hash one; variable parts stand in the body behind their roots. */
export interface Header {
  /** D of the block's epoch. */
  readonly domain: Hash;
  /** The view it was first proposed in; a re-proposal of an epoch's last block keeps it. */
  readonly view: number;
  readonly parentView: number;
  readonly parentHash: Hash;
  readonly height: number;
  readonly stamp: Millis;
  readonly reference: SettlementReference;
  /** Time of the last checkpoint the contracts had accepted, as read at `reference`. */
  readonly settledAt: Millis;
  /** Entries of the settlement chain's inbox that this block and its ancestors took: those below this number (section 9). */
  readonly inboxCursor: number;
  /** Ledger account, 20 bytes, that receives the block's tips. */
  readonly feeRecipient: Hex;
  readonly vrfOutput: Hash;
  readonly batchesRoot: Hash;
  /** Ledger state root of height max(0, height - rootLag) on this chain. */
  readonly stateRoot: Hash;
  /** Receipts root of that height. */
  readonly receiptsRoot: Hash;
  readonly certificatesHash: Hash;
  readonly lateVotesHash: Hash;
  /** Hash of the body's commitment in the last block of an epoch, of what is handed over (section 8) in the first, else zero. */
  readonly commitment: Hash;
}

/** The variable part of a block. */
export interface BlockBody {
  /** The leader's VRF proof of the block's term: a compressed G2 signature, 96 bytes. */
  readonly vrfProof: Uint8Array;
  /** Digests of the ordered batches, in order. */
  readonly batches: readonly Hash[];
  /** Certificates of ancestors and skipped views that no ancestor carried yet: evidence, pay and repair read them. */
  readonly certificates: readonly Certificate[];
  /** Backed checkpoints of this chain that no ancestor carried yet (leases and unavailability read them). */
  readonly backings: readonly CheckpointCertificate[];
  /** Signatures missing from carried certificates of the last `voteWindow` views, and signals (section 6). */
  readonly lateVotes: readonly LateVote[];
  readonly commitment: Commitment | null;
}

/** An entry of the settlement chain's inbox, as far as a block's validity depends on it. */
export interface InboxEntry {
  readonly transactionHash: Hash;
  /** Bytes of the transaction. */
  readonly size: number;
}

export interface Block {
  readonly header: Header;
  readonly body: BlockBody;
}

/** A batch of transactions that an author disseminates ahead of ordering (section 9). */
export interface Batch {
  readonly author: number;
  readonly sequence: number;
  readonly transactions: readonly Uint8Array[];
}
