import {
  blockHash,
  type Checkpoint,
  type Hash,
  hashBytes,
  ProtocolError,
  TAG,
  verifyMerkleProof,
  verifyRangeProof,
  Writer,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { SdkError } from "../errors.ts";
import type {
  BatchHead,
  BlockProof,
  HeaderProof,
  LeafProof,
  ProvedReceipt,
  ReceiptProof,
  TransactionProof,
} from "./types.ts";

/*
 * The checks of InclusionLens and of CheckpointLightClient.hasBlock, off-chain.
 */

/** No tree has more levels: a list of leaves has a 32-bit count. */
const MOST_LEVELS = 64;
/** Tag of a receipt (docs/encodings.md); the protocol package has no ledger. */
const RECEIPT = 0x40;

const word = (value: bigint): Hash => `0x${value.toString(16).padStart(64, "0")}`;

/** A batch's digest from its head (tag 11). */
export function batchHash(chainId: number, batch: BatchHead): Hash {
  return hashBytes(
    new Writer(96)
      .u8(TAG.batch)
      .u64(chainId, "chainId")
      .u64(batch.author, "author")
      .u64(batch.sequence, "sequence")
      .u32(batch.count, "count")
      .u32(batch.bytes, "bytes")
      .hash(batch.transactionsRoot)
      .done(),
  );
}

/** A receipt's hash (tag 40). */
export function receiptLeaf(receipt: ProvedReceipt): Hash {
  return hashBytes(
    new Writer(96)
      .u8(RECEIPT)
      .hash(receipt.transactionHash)
      .u32(receipt.index, "index")
      .u8(receipt.status, "status")
      .u64(receipt.gasUsed, "gasUsed")
      .hash(word(receipt.fee))
      .done(),
  );
}

/** Whether a leaf stands at its place under a root. Zero fills trees up and stands for nothing. */
export const hasLeaf = (root: Hash, leaf: Hash, proof: LeafProof): boolean =>
  leaf !== ZERO_HASH &&
  proof.index >= 0 &&
  proof.path.length < MOST_LEVELS &&
  verifyMerkleProof(root, leaf, proof.index, proof.path);

/** Whether a block stands in the chain that a checkpoint ends. */
export const hasBlock = (checkpoint: Pick<Checkpoint, "height" | "blocksRoot">, proof: BlockProof): boolean =>
  proof.height <= checkpoint.height &&
  verifyRangeProof(checkpoint.blocksRoot, checkpoint.height + 1, proof.height, proof.blockHash, proof);

/** @throws SdkError LIGHT_NOT_PROVED */
export function requireBlock(checkpoint: Checkpoint, proof: BlockProof): void {
  wellFormed(() => {
    if (!hasBlock(checkpoint, proof))
      refuse(
        `block ${proof.blockHash} does not stand at height ${proof.height} below checkpoint ${checkpoint.height}`,
      );
  });
}

/** @throws SdkError LIGHT_NOT_PROVED */
export function requireHeader(checkpoint: Checkpoint, proof: HeaderProof): void {
  wellFormed(() => {
    if (proof.header.height !== proof.height || blockHash(proof.header) !== proof.blockHash)
      refuse(`the header is not that of block ${proof.blockHash} at height ${proof.height}`);
  });
  requireBlock(checkpoint, proof);
}

/** @throws SdkError LIGHT_NOT_PROVED */
export function requireTransaction(chainId: number, checkpoint: Checkpoint, proof: TransactionProof): void {
  requireHeader(checkpoint, proof);
  const { batch, header, transactionHash, inBatch } = proof;
  wellFormed(() => {
    if (!hasLeaf(header.batchesRoot, batchHash(chainId, batch), proof.inBlock))
      refuse(`the batch ${batch.sequence} of validator ${batch.author} is not in block ${proof.height}`);
    if (inBatch.index >= batch.count || !hasLeaf(batch.transactionsRoot, transactionHash, inBatch))
      refuse(`transaction ${transactionHash} is not in its batch`);
  });
}

/** @throws SdkError LIGHT_NOT_PROVED */
export function requireReceipt(checkpoint: Checkpoint, proof: ReceiptProof): void {
  requireHeader(checkpoint, proof);
  wellFormed(() => {
    if (!hasLeaf(proof.header.receiptsRoot, receiptLeaf(proof.receipt), proof.inBlock))
      refuse(`block ${proof.height} carries no such receipt of transaction ${proof.receipt.transactionHash}`);
  });
}

function refuse(message: string): never {
  throw new SdkError("LIGHT_NOT_PROVED", message);
}

/** Values that have no place in their fields prove nothing either. */
function wellFormed(check: () => void): void {
  try {
    check();
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new SdkError("LIGHT_NOT_PROVED", `the proof is malformed: ${cause.message}`, { cause });
  }
}
