import { type Batch, batchDigest, type Hash, hashBytes, Reader, Writer } from "@aitbc-hybrid/protocol";
import { NodeError } from "../errors.ts";

/** Bounds of a batch: what an author must keep to, and what receivers accept. */
export const BATCH_LIMITS = {
  /** Transactions in a batch. */
  transactions: 8_192,
  /** Bytes of a batch's transactions. Small enough that one does not hold up the next on a slow link. */
  bytes: 512_000,
  /** Digests in an acknowledgement or a request. */
  digests: 256,
} as const;

/** Largest frame of the data channel: a full batch, each transaction behind its length. */
export const LARGEST_DATA_FRAME = BATCH_LIMITS.bytes + 4 * BATCH_LIMITS.transactions + 64;

/** What travels on the data channel. Numbers of kinds are never reused. */
export type DataMessage =
  | { readonly type: "batch"; readonly batch: SealedBatch }
  /** "I hold these, durably": an unsigned hint for leaders. */
  | { readonly type: "held"; readonly digests: readonly Hash[] }
  /** "Send me these": answered with batches, or not at all. */
  | { readonly type: "fetch"; readonly digests: readonly Hash[] };

/** A batch with what was computed once from its bytes. */
export interface SealedBatch extends Batch {
  readonly digest: Hash;
  /** Sum of the transactions' bytes. */
  readonly bytes: number;
  /** As it travels and as it is stored. */
  readonly encoded: Uint8Array;
}

const BATCH = 1;
const HELD = 2;
const FETCH = 3;

/** Seals transactions of an author. Each is hashed once, here. */
export function sealBatch(chainId: number, batch: Batch): SealedBatch {
  let bytes = 0;
  for (const transaction of batch.transactions) bytes += transaction.length;
  const writer = new Writer(bytes + 4 * batch.transactions.length + 32)
    .u8(BATCH)
    .u64(batch.author, "author")
    .u64(batch.sequence, "sequence")
    .u32(batch.transactions.length, "count");
  for (const transaction of batch.transactions) writer.u32(transaction.length).bytes(transaction);
  return { ...batch, bytes, digest: digestOf(chainId, batch, bytes), encoded: writer.done().slice() };
}

function digestOf(chainId: number, batch: Batch, bytes: number): Hash {
  return batchDigest(chainId, {
    author: batch.author,
    sequence: batch.sequence,
    bytes,
    transactions: batch.transactions.map(hashBytes),
  });
}

/**
 * Parses a frame of the data channel, or a stored batch.
 * @throws NodeError BATCH_INVALID; ProtocolError DECODE_*
 */
export function decodeData(chainId: number, frame: Uint8Array): DataMessage {
  const reader = new Reader(frame);
  const type = reader.u8("type");
  if (type === BATCH) return { type: "batch", batch: readBatch(chainId, reader, frame) };
  if (type !== HELD && type !== FETCH) {
    throw new NodeError("FRAME_INVALID", `data message ${type} is none of ${BATCH}, ${HELD}, ${FETCH}`);
  }
  const count = reader.count(BATCH_LIMITS.digests, "digests");
  const digests: Hash[] = [];
  for (let i = 0; i < count; i++) digests.push(reader.hash("digest"));
  reader.end("data message");
  return { type: type === HELD ? "held" : "fetch", digests };
}

function readBatch(chainId: number, reader: Reader, frame: Uint8Array): SealedBatch {
  const author = reader.u64("author");
  const sequence = reader.u64("sequence");
  const count = reader.u32("count");
  if (count > BATCH_LIMITS.transactions) throw invalid(`${count} transactions`);
  const transactions: Uint8Array[] = [];
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const length = reader.u32("length");
    bytes += length;
    if (bytes > BATCH_LIMITS.bytes) throw invalid(`more than ${BATCH_LIMITS.bytes} bytes`);
    transactions.push(reader.bytes(length, "transaction"));
  }
  reader.end("batch");
  const batch = { author, sequence, transactions };
  return { ...batch, bytes, digest: digestOf(chainId, batch, bytes), encoded: frame };
}

const invalid = (why: string): NodeError => new NodeError("BATCH_INVALID", `a batch has ${why}`);

/** Frames that name digests, as many as their number needs. */
export function digestFrames(type: "held" | "fetch", digests: readonly Hash[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < digests.length; at += BATCH_LIMITS.digests) {
    const some = digests.slice(at, at + BATCH_LIMITS.digests);
    const writer = new Writer(3 + 32 * some.length).u8(type === "held" ? HELD : FETCH).u16(some.length);
    for (const digest of some) writer.hash(digest);
    frames.push(writer.done().slice());
  }
  return frames;
}
