import { ProtocolError } from "../errors.ts";
import type {
  Accounting,
  Block,
  BlockBody,
  Certificate,
  CertifiedBlock,
  Checkpoint,
  CheckpointCertificate,
  CheckpointVote,
  Commitment,
  Header,
  LateVote,
  Message,
  Mode,
  PartialMessage,
  Proposal,
  Request,
  RestartVote,
  Signal,
  SignalBody,
  Status,
  Vote,
  VoteBody,
  VoteKind,
} from "../types/index.ts";
import { isSignal, MAX_SEATS, MODES, modeIndex, ZERO_HASH } from "../types/index.ts";
import { bitmapLength } from "./bitmap.ts";
import { Reader, Writer } from "./bytes.ts";
import { writeAccounting, writeCommitment, writeHeader } from "./fields.ts";

/** Bounds of everything with a length; a peer that exceeds one is refused before memory is taken. */
export const LIMITS = {
  batchesPerBlock: 4096,
  // A block carries an X for every view since its parent: with the greatest back-off, days of views without a block.
  certificatesPerBlock: 4096,
  backingsPerBlock: 64,
  lateVotesPerBlock: 1024,
  blocksPerMessage: 64,
} as const;

const SIGNATURE = 96;
const KINDS: readonly VoteKind[] = ["notarize", "finalize", "nullify"];

export function optional<T>(writer: Writer, value: T | null, write: (value: T) => void): void {
  writer.u8(value === null ? 0 : 1);
  if (value !== null) write(value);
}

export function readOptional<T>(reader: Reader, field: string, read: () => T): T | null {
  const flag = reader.u8(field);
  if (flag > 1)
    throw new ProtocolError("DECODE_TAG", `${field}: ${flag} is neither absent (0) nor present (1)`, field);
  return flag === 1 ? read() : null;
}

function many<T>(writer: Writer, items: readonly T[], write: (item: T) => void): void {
  writer.u16(items.length, "count");
  for (const item of items) write(item);
}

function readMany<T>(reader: Reader, most: number, field: string, read: () => T): T[] {
  const count = reader.count(most, field);
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read());
  return items;
}

export function readMode(reader: Reader): Mode {
  const index = reader.u8("mode");
  const mode = MODES[index];
  if (mode === undefined) throw new ProtocolError("DECODE_TAG", `mode ${index} is none of 0, 1, 2`, "mode");
  return mode;
}

export function writeBody(writer: Writer, vote: VoteBody): void {
  writer.u8(KINDS.indexOf(vote.kind)).u64(vote.view, "view");
  if (vote.kind !== "nullify") writer.u64(vote.parentView, "parentView").hash(vote.blockHash);
}

export function readBody(reader: Reader): VoteBody {
  const index = reader.u8("kind");
  const kind = KINDS[index];
  if (kind === undefined)
    throw new ProtocolError("DECODE_TAG", `vote kind ${index} is none of 0, 1, 2`, "kind");
  const view = reader.u64("view");
  if (kind === "nullify") return { kind, view, parentView: 0, blockHash: ZERO_HASH };
  return { kind, view, parentView: reader.u64("parentView"), blockHash: reader.hash("blockHash") };
}

function readSeat(reader: Reader): number {
  const seat = reader.u16("seat");
  if (seat >= MAX_SEATS)
    throw new ProtocolError("DECODE_BOUNDS", `seat ${seat} is not below ${MAX_SEATS}`, "seat");
  return seat;
}

export function writeVote(writer: Writer, vote: Vote): void {
  writer.u64(vote.epoch, "epoch").hash(vote.domain);
  writeBody(writer, vote);
  writer.u16(vote.seat, "seat").bytes(vote.signature);
}

export function readVote(reader: Reader): Vote {
  const epoch = reader.u64("epoch");
  const domain = reader.hash("domain");
  const body = readBody(reader);
  return { ...body, epoch, domain, seat: readSeat(reader), signature: reader.bytes(SIGNATURE, "signature") };
}

export function writeSignalBody(writer: Writer, signal: SignalBody): void {
  if (signal.kind === "ready") writer.u8(0).u32(signal.day, "day");
  else writer.u8(1).u8(modeIndex(signal.mode));
}

export function readSignalBody(reader: Reader): SignalBody {
  const kind = reader.u8("signal");
  if (kind === 0) return { kind: "ready", day: reader.u32("day") };
  if (kind === 1) return { kind: "readiness", mode: readMode(reader) };
  throw new ProtocolError("DECODE_TAG", `signal ${kind} is none of 0, 1`, "signal");
}

function writeSignal(writer: Writer, signal: Signal): void {
  writer.u64(signal.epoch, "epoch").hash(signal.domain);
  writeSignalBody(writer, signal);
  writer.u16(signal.seat, "seat").bytes(signal.signature);
}

function readSignal(reader: Reader): Signal {
  const epoch = reader.u64("epoch");
  const domain = reader.hash("domain");
  const body = readSignalBody(reader);
  return { ...body, epoch, domain, seat: readSeat(reader), signature: reader.bytes(SIGNATURE, "signature") };
}

function writeLateVote(writer: Writer, item: LateVote): void {
  if (isSignal(item)) writeSignal(writer.u8(1), item);
  else writeVote(writer.u8(0), item);
}

function readLateVote(reader: Reader): LateVote {
  const what = reader.u8("late vote");
  if (what === 0) return readVote(reader);
  if (what === 1) return readSignal(reader);
  throw new ProtocolError("DECODE_TAG", `late vote ${what} is none of 0, 1`, "late vote");
}

function writeBitmap(writer: Writer, bitmap: Uint8Array): void {
  writer.u16(bitmap.length, "bitmap").bytes(bitmap);
}

function readBitmap(reader: Reader): Uint8Array {
  return reader.bytes(reader.count(bitmapLength(MAX_SEATS), "bitmap"), "bitmap");
}

export function writeCertificate(writer: Writer, c: Certificate): void {
  writer.u64(c.epoch, "epoch").hash(c.domain);
  writeBody(writer, c);
  writeBitmap(writer, c.bitmap);
  writer.bytes(c.signature);
}

export function readCertificate(reader: Reader): Certificate {
  const epoch = reader.u64("epoch");
  const domain = reader.hash("domain");
  const body = readBody(reader);
  return {
    ...body,
    epoch,
    domain,
    bitmap: readBitmap(reader),
    signature: reader.bytes(SIGNATURE, "signature"),
  };
}

function readCommitment(reader: Reader): Commitment {
  return {
    registryNext: reader.hash("registryNext"),
    registryAfter: reader.hash("registryAfter"),
    modeNext: readMode(reader),
    modeWanted: readMode(reader),
    seedNext: reader.hash("seedNext"),
  };
}

function readAccounting(reader: Reader): Accounting {
  return {
    epoch: reader.u64("epoch"),
    views: reader.u64("views"),
    stamp: reader.u64("stamp"),
    loadMultiplier: reader.u32("loadMultiplier"),
    vectorHash: reader.hash("vectorHash"),
  };
}

export function writeCheckpoint(writer: Writer, c: Checkpoint): void {
  writer
    .u64(c.height, "height")
    .u64(c.view, "view")
    .u64(c.stamp, "stamp")
    .hash(c.blockHash)
    .hash(c.stateRoot)
    .hash(c.blocksRoot)
    .hash(c.previous);
  optional(writer, c.boundary, (boundary) => {
    writeCommitment(writer, boundary.commitment);
    writeAccounting(writer, boundary.accounting);
  });
}

export function readCheckpoint(reader: Reader): Checkpoint {
  return {
    height: reader.u64("height"),
    view: reader.u64("view"),
    stamp: reader.u64("stamp"),
    blockHash: reader.hash("blockHash"),
    stateRoot: reader.hash("stateRoot"),
    blocksRoot: reader.hash("blocksRoot"),
    previous: reader.hash("previous"),
    boundary: readOptional(reader, "boundary", () => ({
      commitment: readCommitment(reader),
      accounting: readAccounting(reader),
    })),
  };
}

export function writeBacking(writer: Writer, c: CheckpointCertificate): void {
  writer.u64(c.epoch, "epoch").hash(c.domain);
  writeCheckpoint(writer, c.checkpoint);
  writeBitmap(writer, c.bitmap);
  writer.bytes(c.signature);
}

export function readBacking(reader: Reader): CheckpointCertificate {
  return {
    epoch: reader.u64("epoch"),
    domain: reader.hash("domain"),
    checkpoint: readCheckpoint(reader),
    bitmap: readBitmap(reader),
    signature: reader.bytes(SIGNATURE, "signature"),
  };
}

function writeCheckpointVote(writer: Writer, v: CheckpointVote): void {
  writer.u64(v.epoch, "epoch").hash(v.domain);
  writeCheckpoint(writer, v.checkpoint);
  writer.u16(v.seat, "seat").bytes(v.signature);
}

function readCheckpointVote(reader: Reader): CheckpointVote {
  return {
    epoch: reader.u64("epoch"),
    domain: reader.hash("domain"),
    checkpoint: readCheckpoint(reader),
    seat: readSeat(reader),
    signature: reader.bytes(SIGNATURE, "signature"),
  };
}

function writeRestart(writer: Writer, v: RestartVote): void {
  writer.u64(v.epoch, "epoch").hash(v.domain).u64(v.view, "view").hash(v.blockHash);
  optional(writer, v.seat, (seat) => writer.u16(seat, "seat"));
  optional(writer, v.seatNext, (seat) => writer.u16(seat, "seatNext"));
  writer.bytes(v.signature);
}

function readRestart(reader: Reader): RestartVote {
  return {
    epoch: reader.u64("epoch"),
    domain: reader.hash("domain"),
    view: reader.u64("view"),
    blockHash: reader.hash("blockHash"),
    seat: readOptional(reader, "seat", () => readSeat(reader)),
    seatNext: readOptional(reader, "seatNext", () => readSeat(reader)),
    signature: reader.bytes(SIGNATURE, "signature"),
  };
}

function readHeader(reader: Reader): Header {
  return {
    domain: reader.hash("domain"),
    view: reader.u64("view"),
    parentView: reader.u64("parentView"),
    parentHash: reader.hash("parentHash"),
    height: reader.u64("height"),
    stamp: reader.u64("stamp"),
    reference: { number: reader.u64("reference"), hash: reader.hash("reference") },
    settledAt: reader.u64("settledAt"),
    inboxCursor: reader.u64("inboxCursor"),
    feeRecipient: reader.hex(20, "feeRecipient"),
    vrfOutput: reader.hash("vrfOutput"),
    batchesRoot: reader.hash("batchesRoot"),
    stateRoot: reader.hash("stateRoot"),
    receiptsRoot: reader.hash("receiptsRoot"),
    certificatesHash: reader.hash("certificatesHash"),
    lateVotesHash: reader.hash("lateVotesHash"),
    commitment: reader.hash("commitment"),
  };
}

function writeBlockBody(writer: Writer, b: BlockBody): void {
  writer.bytes(b.vrfProof);
  many(writer, b.batches, (digest) => writer.hash(digest));
  many(writer, b.certificates, (c) => writeCertificate(writer, c));
  many(writer, b.backings, (c) => writeBacking(writer, c));
  many(writer, b.lateVotes, (v) => writeLateVote(writer, v));
  optional(writer, b.commitment, (c) => writeCommitment(writer, c));
}

function readBlockBody(reader: Reader): BlockBody {
  return {
    vrfProof: reader.bytes(SIGNATURE, "vrfProof"),
    batches: readMany(reader, LIMITS.batchesPerBlock, "batches", () => reader.hash("batch")),
    certificates: readMany(reader, LIMITS.certificatesPerBlock, "certificates", () =>
      readCertificate(reader),
    ),
    backings: readMany(reader, LIMITS.backingsPerBlock, "backings", () => readBacking(reader)),
    lateVotes: readMany(reader, LIMITS.lateVotesPerBlock, "lateVotes", () => readLateVote(reader)),
    commitment: readOptional(reader, "commitment", () => readCommitment(reader)),
  };
}

export function writeBlock(writer: Writer, block: Block): void {
  writeHeader(writer, block.header);
  writeBlockBody(writer, block.body);
}

export function readBlock(reader: Reader): Block {
  return { header: readHeader(reader), body: readBlockBody(reader) };
}

function writeProposal(writer: Writer, p: Proposal): void {
  writer.u64(p.epoch, "epoch").hash(p.domain).u64(p.view, "view").u64(p.parentView, "parentView");
  writeBlock(writer, p.block);
  writer.u16(p.seat, "seat").bytes(p.signature);
}

function readProposal(reader: Reader): Proposal {
  return {
    epoch: reader.u64("epoch"),
    domain: reader.hash("domain"),
    view: reader.u64("view"),
    parentView: reader.u64("parentView"),
    block: readBlock(reader),
    seat: readSeat(reader),
    signature: reader.bytes(SIGNATURE, "signature"),
  };
}

function writeStatus(writer: Writer, s: Status): void {
  writer
    .u64(s.epoch, "epoch")
    .hash(s.domain)
    .u64(s.view, "view")
    .u64(s.finalHeight, "finalHeight")
    .hash(s.finalHash)
    .u64(s.backedHeight, "backedHeight");
}

function readStatus(reader: Reader): Status {
  return {
    epoch: reader.u64("epoch"),
    domain: reader.hash("domain"),
    view: reader.u64("view"),
    finalHeight: reader.u64("finalHeight"),
    finalHash: reader.hash("finalHash"),
    backedHeight: reader.u64("backedHeight"),
  };
}

function writeRequest(writer: Writer, r: Request): void {
  if (r.what === "block") writer.u8(0).hash(r.hash);
  else if (r.what === "certificate") writer.u8(1).u64(r.epoch, "epoch").hash(r.domain).u64(r.view, "view");
  else writer.u8(2).u64(r.from, "from").u16(r.count, "count");
}

function readRequest(reader: Reader): Request {
  const what = reader.u8("request");
  if (what === 0) return { what: "block", hash: reader.hash("hash") };
  if (what === 1) {
    return {
      what: "certificate",
      epoch: reader.u64("epoch"),
      domain: reader.hash("domain"),
      view: reader.u64("view"),
    };
  }
  if (what === 2) {
    return {
      what: "finalized",
      from: reader.u64("from"),
      count: reader.count(LIMITS.blocksPerMessage, "count"),
    };
  }
  throw new ProtocolError("DECODE_TAG", `request ${what} is none of 0, 1, 2`, "request");
}

function writeCertified(writer: Writer, c: CertifiedBlock): void {
  writeBlock(writer, c.block);
  optional(writer, c.certificate, (certificate) => writeCertificate(writer, certificate));
  optional(writer, c.backing, (backing) => writeBacking(writer, backing));
}

function readCertified(reader: Reader): CertifiedBlock {
  return {
    block: readBlock(reader),
    certificate: readOptional(reader, "certificate", () => readCertificate(reader)),
    backing: readOptional(reader, "backing", () => readBacking(reader)),
  };
}

export function encoded(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer(1024);
  write(writer);
  return writer.done().slice();
}

export function decoded<T>(bytes: Uint8Array, field: string, read: (reader: Reader) => T): T {
  const reader = new Reader(bytes);
  const value = read(reader);
  reader.end(field);
  return value;
}

/** Canonical bytes of a message, as it travels and as it is logged. */
export const encodeMessage = (message: Message): Uint8Array =>
  encoded((writer) => writeMessage(writer, message));

export function writeMessage(writer: Writer, message: Message): void {
  switch (message.type) {
    case "proposal":
      writeProposal(writer.u8(1), message.proposal);
      return;
    case "vote":
      writeVote(writer.u8(2), message.vote);
      return;
    case "certificate":
      writeCertificate(writer.u8(3), message.certificate);
      return;
    case "checkpointVote":
      writeCheckpointVote(writer.u8(4), message.vote);
      return;
    case "checkpointCertificate":
      writeBacking(writer.u8(5), message.certificate);
      return;
    case "status":
      writeStatus(writer.u8(6), message.status);
      return;
    case "request":
      writeRequest(writer.u8(7), message.request);
      return;
    case "blocks":
      writer.u8(8);
      many(writer, message.blocks, (block) => writeCertified(writer, block));
      return;
    case "signal":
      writeSignal(writer.u8(9), message.signal);
      return;
    case "restart":
      writeRestart(writer.u8(16), message.vote);
      return;
  }
}

/**
 * Parses a message; its signatures are neither parsed as points nor verified here.
 * @throws ProtocolError DECODE_* naming the field; nothing beyond {@link LIMITS} is ever allocated.
 */
export const decodeMessage = (bytes: Uint8Array): Message => decoded(bytes, "message", readMessage);

/** Canonical bytes of an aggregate on its way to those who make certificates. */
export const encodePartial = (message: PartialMessage): Uint8Array =>
  encoded((writer) => {
    if (message.type === "partial") writeCertificate(writer.u8(10), message.partial);
    else writeBacking(writer.u8(11), message.partial);
  });

/**
 * Parses whatever validators say on the consensus channel: messages of replicas, and aggregates.
 * @throws ProtocolError DECODE_*, as {@link decodeMessage}
 */
export function decodeConsensus(bytes: Uint8Array): Message | PartialMessage {
  if (bytes[0] === 10)
    return { type: "partial", partial: decoded(bytes.subarray(1), "message", readCertificate) };
  if (bytes[0] === 11)
    return { type: "checkpointPartial", partial: decoded(bytes.subarray(1), "message", readBacking) };
  return decodeMessage(bytes);
}

export function readMessage(reader: Reader): Message {
  const type = reader.u8("type");
  switch (type) {
    case 1:
      return { type: "proposal", proposal: readProposal(reader) };
    case 2:
      return { type: "vote", vote: readVote(reader) };
    case 3:
      return { type: "certificate", certificate: readCertificate(reader) };
    case 4:
      return { type: "checkpointVote", vote: readCheckpointVote(reader) };
    case 5:
      return { type: "checkpointCertificate", certificate: readBacking(reader) };
    case 6:
      return { type: "status", status: readStatus(reader) };
    case 7:
      return { type: "request", request: readRequest(reader) };
    case 8:
      return {
        type: "blocks",
        blocks: readMany(reader, LIMITS.blocksPerMessage, "blocks", () => readCertified(reader)),
      };
    case 9:
      return { type: "signal", signal: readSignal(reader) };
    case 16:
      return { type: "restart", vote: readRestart(reader) };
    default:
      throw new ProtocolError("DECODE_TAG", `message type ${type} is unknown`, "type");
  }
}

/** Canonical bytes of a block, for stores. */
export const encodeBlock = (block: Block): Uint8Array => encoded((writer) => writeBlock(writer, block));
/** @throws ProtocolError DECODE_* */
export const decodeBlock = (bytes: Uint8Array): Block => decoded(bytes, "block", readBlock);

/** Canonical bytes of a certificate, for stores and evidence. */
export const encodeCertificate = (c: Certificate): Uint8Array =>
  encoded((writer) => writeCertificate(writer, c));
/** @throws ProtocolError DECODE_* */
export const decodeCertificate = (bytes: Uint8Array): Certificate =>
  decoded(bytes, "certificate", readCertificate);

/** Canonical bytes of a backed checkpoint, for stores. */
export const encodeBacking = (c: CheckpointCertificate): Uint8Array =>
  encoded((writer) => writeBacking(writer, c));
/** @throws ProtocolError DECODE_* */
export const decodeBacking = (bytes: Uint8Array): CheckpointCertificate =>
  decoded(bytes, "backing", readBacking);

/** Canonical bytes of a certified block, for stores and the `blocks` answer. */
export const encodeCertifiedBlock = (c: CertifiedBlock): Uint8Array =>
  encoded((writer) => writeCertified(writer, c));
/** @throws ProtocolError DECODE_* */
export const decodeCertifiedBlock = (bytes: Uint8Array): CertifiedBlock =>
  decoded(bytes, "certified block", readCertified);

/** Canonical bytes of a vote, for stores and evidence files. */
export const encodeVote = (vote: Vote): Uint8Array => encoded((writer) => writeVote(writer, vote));
/** @throws ProtocolError DECODE_* */
export const decodeVote = (bytes: Uint8Array): Vote => decoded(bytes, "vote", readVote);
