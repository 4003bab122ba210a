import { type BlockSummary, decodeSummary, encodeSummary, SUMMARY_BYTES } from "@aitbc-hybrid/execution";
import {
  type CertifiedBlock,
  type CheckpointCertificate,
  decodeBacking,
  decodeCertifiedBlock,
  decodeRecord,
  type EpochStart,
  encodeBacking,
  encodeCertifiedBlock,
  encodeRecord,
  type Hash,
  hashBytes,
  Reader,
  Writer,
} from "@aitbc-hybrid/protocol";
import { NodeError } from "../errors.ts";

/** Accounts of a chunk, but the last: 360 kB. */
export const CHUNK_ACCOUNTS = 8_192;
/** Bytes of an account in a chunk: address, nonce, balance. */
export const ACCOUNT_BYTES = 44;
/** Most chunks of a state: half a billion accounts. */
export const MOST_CHUNKS = 65_535;

/**
 * How an epoch began, with the state before its first block: what a node needs to take part in it. The boundary checkpoint
 * proves the block, its header, the range of block hashes, registries, modes and the state root; the epoch's first
 * header, which a quorum signed, the rest of the beginning and of the ledger's record.
 */
export interface Offer {
  /** The last block of the epoch before, with its own F. */
  readonly last: CertifiedBlock;
  /** The epoch's first block, with a certificate of it. */
  readonly first: CertifiedBlock;
  /** Without its boundary certificate, of which every node has its own, and what its blocks used. */
  readonly start: EpochStart;
  readonly ledger: BlockSummary;
  /** Hashes of the state's chunks, in the order of addresses. */
  readonly chunks: readonly Hash[];
}

/** What travels on the data channel between who joins and who has the state. Numbers of kinds are never reused. */
export type SyncMessage =
  | { readonly type: "askBoundary"; readonly epoch: number }
  /** Null: it does not have it. */
  | { readonly type: "boundary"; readonly epoch: number; readonly certificate: CheckpointCertificate | null }
  | { readonly type: "askOffer"; readonly epoch: number }
  | { readonly type: "offer"; readonly epoch: number; readonly offer: Offer | null }
  | { readonly type: "askChunk"; readonly epoch: number; readonly index: number }
  | {
      readonly type: "chunk";
      readonly epoch: number;
      readonly index: number;
      readonly bytes: Uint8Array | null;
    };

const KINDS = ["askBoundary", "boundary", "askOffer", "offer", "askChunk", "chunk"] as const;
/** The first of them: below are those of batches. */
const FIRST_KIND = 0x20;

/** Whether a frame of the data channel is one of these. */
export const isSync = (frame: Uint8Array): boolean =>
  frame[0]! >= FIRST_KIND && frame[0]! < FIRST_KIND + KINDS.length;

const part = (writer: Writer, bytes: Uint8Array): Writer => writer.u32(bytes.length, "length").bytes(bytes);
const readPart = (reader: Reader, what: string): Uint8Array => reader.bytes(reader.u32("length"), what);

export function encodeSync(message: SyncMessage): Uint8Array {
  const writer = new Writer(256).u8(FIRST_KIND + KINDS.indexOf(message.type)).u64(message.epoch, "epoch");
  switch (message.type) {
    case "askBoundary":
    case "askOffer":
      break;
    case "boundary":
      if (message.certificate !== null) writer.bytes(encodeBacking(message.certificate));
      break;
    case "offer":
      if (message.offer !== null) writeOffer(writer, message.offer);
      break;
    case "askChunk":
      writer.u32(message.index, "index");
      break;
    case "chunk":
      writer.u32(message.index, "index");
      if (message.bytes !== null) writer.bytes(message.bytes);
      break;
  }
  return writer.done().slice();
}

/** @throws NodeError FRAME_INVALID; ProtocolError */
export function decodeSync(frame: Uint8Array): SyncMessage {
  const reader = new Reader(frame);
  const type = KINDS[reader.u8("kind") - FIRST_KIND];
  const epoch = reader.u64("epoch");
  switch (type) {
    case "askBoundary":
    case "askOffer":
      reader.end(type);
      return { type, epoch };
    case "boundary":
      return {
        type,
        epoch,
        certificate: reader.left === 0 ? null : decodeBacking(reader.bytes(reader.left, "certificate")),
      };
    case "offer":
      return { type, epoch, offer: reader.left === 0 ? null : readOffer(reader) };
    case "askChunk": {
      const index = reader.u32("index");
      reader.end(type);
      return { type, epoch, index };
    }
    case "chunk": {
      const index = reader.u32("index");
      if (reader.left > CHUNK_ACCOUNTS * ACCOUNT_BYTES) throw invalid("a chunk is too large");
      return { type, epoch, index, bytes: reader.left === 0 ? null : reader.bytes(reader.left, "chunk") };
    }
    default:
      throw invalid("it is of no kind");
  }
}

function writeOffer(writer: Writer, offer: Offer): void {
  part(writer, encodeCertifiedBlock(offer.last));
  part(writer, encodeCertifiedBlock(offer.first));
  writeAgreed(writer, offer);
}

/** What an offer says of the state and the epoch's beginning. */
function writeAgreed(writer: Writer, { start, ledger, chunks }: Offer): void {
  part(writer, encodeRecord({ type: "epoch", start: { ...start, boundary: null } }));
  writer.bytes(encodeSummary(ledger)).u16(chunks.length, "chunks");
  for (const chunk of chunks) writer.hash(chunk);
}

/** By this offers are the same. */
export function offerHash(offer: Offer): Hash {
  const writer = new Writer(4_096);
  writeAgreed(writer, offer);
  return hashBytes(writer.done());
}

function readOffer(reader: Reader): Offer {
  const last = decodeCertifiedBlock(readPart(reader, "block"));
  const first = decodeCertifiedBlock(readPart(reader, "block"));
  const record = decodeRecord(readPart(reader, "start"));
  if (record.type !== "epoch") throw invalid("an offer has no beginning of an epoch");
  const ledger = decodeSummary(reader.bytes(SUMMARY_BYTES, "ledger"));
  const chunks: Hash[] = [];
  for (let left = reader.u16("chunks"); left > 0; left--) chunks.push(reader.hash("chunk"));
  reader.end("offer");
  return { last, first, start: record.start, ledger, chunks };
}

const invalid = (why: string): NodeError =>
  new NodeError("FRAME_INVALID", `a message about the state is malformed: ${why}`);
