import { ProtocolError } from "../errors.ts";
import type {
  DurableRecord,
  EpochStart,
  Evidence,
  ExecutedRoots,
  SignIntent,
  StatementEvidence,
  Testimony,
} from "../types/index.ts";
import { modeIndex } from "../types/index.ts";
import type { Reader, Writer } from "./bytes.ts";
import {
  decoded,
  encoded,
  optional,
  readBacking,
  readBlock,
  readBody,
  readCertificate,
  readCheckpoint,
  readMessage,
  readMode,
  readOptional,
  readSignalBody,
  readVote,
  writeBacking,
  writeBlock,
  writeBody,
  writeCertificate,
  writeCheckpoint,
  writeMessage,
  writeSignalBody,
  writeVote,
} from "./wire.ts";

/** Hashes of one list in an epoch's beginning: more peaks or lagging roots than this cannot occur. */
const MOST_ITEMS = 4_096;

/** Canonical bytes of a durable record, for the write-ahead log. Tags are never reused. */
export function encodeRecord(record: DurableRecord): Uint8Array {
  return encoded((writer) => {
    switch (record.type) {
      case "epoch":
        return writeStart(writer.u8(6), record.start);
      case "signed":
        return writeIntent(writer.u8(2), record.intent);
      case "certificate":
        writeCertificate(writer.u8(3), record.certificate);
        return optional(writer, record.block, (block) => writeBlock(writer, block));
      case "final":
        writeBlock(writer.u8(7), record.block);
        optional(writer, record.certificate, (certificate) => writeCertificate(writer, certificate));
        return writeRoots(writer, record.roots);
      case "backed":
        return writeBacking(writer.u8(5), record.certificate);
      case "rewound":
        writer.u8(17).hash(record.hash).u64(record.height, "height");
        return;
      case "silent":
        writer.u8(18);
        return;
      case "evidence":
        return writeEvidence(writer.u8(16), record.evidence);
    }
  });
}

/** @throws ProtocolError DECODE_* */
export function decodeRecord(bytes: Uint8Array): DurableRecord {
  return decoded(bytes, "record", (reader): DurableRecord => {
    const tag = reader.u8("record");
    switch (tag) {
      case 2:
        return { type: "signed", intent: readIntent(reader) };
      case 3:
        return {
          type: "certificate",
          certificate: readCertificate(reader),
          block: readOptional(reader, "block", () => readBlock(reader)),
        };
      case 5:
        return { type: "backed", certificate: readBacking(reader) };
      // 1 and 4 were an epoch and a final block without what the hybrid manager reads.
      case 6:
        return { type: "epoch", start: readStart(reader) };
      case 7:
        return {
          type: "final",
          block: readBlock(reader),
          certificate: readOptional(reader, "certificate", () => readCertificate(reader)),
          roots: readRoots(reader),
        };
      case 16:
        return { type: "evidence", evidence: readEvidence(reader) };
      case 17:
        return { type: "rewound", hash: reader.hash("hash"), height: reader.u64("height") };
      case 18:
        return { type: "silent" };
      default:
        throw new ProtocolError("DECODE_TAG", `record ${tag} is unknown`, "record");
    }
  });
}

const GROUNDS = ["certificates", "member", "checkpoints", "restart"] as const;
const TESTIMONIES = ["vote", "certificate", "checkpointVote", "checkpointCertificate", "restart"] as const;

/** Canonical bytes of evidence, for stores and for who posts it. */
export const encodeEvidence = (evidence: Evidence): Uint8Array =>
  encoded((writer) => writeEvidence(writer, evidence));
/** @throws ProtocolError DECODE_* */
export const decodeEvidence = (bytes: Uint8Array): Evidence => decoded(bytes, "evidence", readEvidence);

function writeEvidence(writer: Writer, e: Evidence): void {
  writer
    .u8(e.what === "votes" ? 0 : 1 + GROUNDS.indexOf(e.what))
    .u64(e.epoch, "epoch")
    .hash(e.domain);
  if (e.what === "votes") {
    writer.u16(e.seat, "seat").u64(e.validatorId, "validatorId");
    writeVote(writer, e.first);
    writeVote(writer, e.second);
    return;
  }
  writer.u16(e.seats.length, "seats");
  e.seats.forEach((seat, at) => {
    writer.u16(seat, "seat").u64(e.validatorIds[at]!, "validatorId");
  });
  writeMessage(writer, e.first);
  writeMessage(writer, e.second);
  writer.u16(e.chain.length, "chain");
  for (const checkpoint of e.chain) writeCheckpoint(writer, checkpoint);
}

function readEvidence(reader: Reader): Evidence {
  const index = reader.u8("evidence");
  const epoch = reader.u64("epoch");
  const domain = reader.hash("domain");
  if (index === 0) {
    const seat = reader.u16("seat");
    const validatorId = reader.u64("validatorId");
    return {
      what: "votes",
      epoch,
      domain,
      seat,
      validatorId,
      first: readVote(reader),
      second: readVote(reader),
    };
  }
  const what: StatementEvidence["what"] | undefined = GROUNDS[index - 1];
  if (what === undefined) throw new ProtocolError("DECODE_TAG", `evidence ${index} is unknown`, "evidence");
  const seats: number[] = [];
  const validatorIds: number[] = [];
  for (let left = reader.count(MOST_ITEMS, "seats"); left > 0; left--) {
    seats.push(reader.u16("seat"));
    validatorIds.push(reader.u64("validatorId"));
  }
  const first = readTestimony(reader);
  const second = readTestimony(reader);
  const chain = [];
  for (let left = reader.count(MOST_ITEMS, "chain"); left > 0; left--) chain.push(readCheckpoint(reader));
  return { what, epoch, domain, seats, validatorIds, first, second, chain };
}

function readTestimony(reader: Reader): Testimony {
  const message = readMessage(reader);
  if (!TESTIMONIES.some((type) => type === message.type))
    throw new ProtocolError("DECODE_TAG", `a ${message.type} is no testimony`, "testimony");
  return message as Testimony;
}

function writeRoots(writer: Writer, roots: ExecutedRoots): void {
  writer
    .u64(roots.height, "height")
    .hash(roots.stateRoot)
    .hash(roots.receiptsRoot)
    .hash(roots.handedOn)
    .u64(roots.used, "used")
    .u32(roots.value, "value");
}

const readRoots = (reader: Reader): ExecutedRoots => ({
  height: reader.u64("height"),
  stateRoot: reader.hash("stateRoot"),
  receiptsRoot: reader.hash("receiptsRoot"),
  handedOn: reader.hash("handedOn"),
  used: reader.u64("used"),
  value: reader.u32("value"),
});

const INTENTS: readonly SignIntent["what"][] = ["vote", "proposal", "checkpoint", "signal", "restart"];

function writeIntent(writer: Writer, intent: SignIntent): void {
  writer.u8(INTENTS.indexOf(intent.what)).u64(intent.epoch, "epoch").hash(intent.domain);
  if (intent.what === "checkpoint") writeCheckpoint(writer, intent.checkpoint);
  else if (intent.what === "signal") writeSignalBody(writer, intent.signal);
  else if (intent.what === "restart") writer.u64(intent.restart.view, "view").hash(intent.restart.blockHash);
  else writeBody(writer, intent.vote);
  if (intent.what === "proposal") writeBlock(writer, intent.block);
}

function readIntent(reader: Reader): SignIntent {
  const what = reader.u8("intent");
  const epoch = reader.u64("epoch");
  const domain = reader.hash("domain");
  switch (what) {
    case 0:
      return { what: "vote", epoch, domain, vote: readBody(reader) };
    case 1:
      return { what: "proposal", epoch, domain, vote: readBody(reader), block: readBlock(reader) };
    case 2:
      return { what: "checkpoint", epoch, domain, checkpoint: readCheckpoint(reader) };
    case 3:
      return { what: "signal", epoch, domain, signal: readSignalBody(reader) };
    case 4:
      return {
        what: "restart",
        epoch,
        domain,
        restart: { view: reader.u64("view"), blockHash: reader.hash("blockHash") },
      };
    default:
      throw new ProtocolError("DECODE_TAG", `intent ${what} is none of 0 to 4`, "intent");
  }
}

function writeStart(writer: Writer, start: EpochStart): void {
  const { parent } = start;
  writer
    .u64(start.epoch, "epoch")
    .u32(start.incarnation, "incarnation")
    .u8(modeIndex(start.mode))
    .hash(start.registry)
    .hash(start.registryNext)
    .hash(start.seed)
    .u64(start.firstHeight, "firstHeight")
    .hash(parent.hash)
    .u64(parent.height, "height")
    .u64(parent.stamp, "stamp")
    .u64(parent.reference.number, "reference")
    .hash(parent.reference.hash)
    .u64(parent.settledAt, "settledAt")
    .u64(parent.inboxCursor, "inboxCursor")
    .u16(start.peaks.length, "peaks");
  for (const peak of start.peaks) writer.hash(peak);
  writer.u16(start.roots.length, "roots");
  for (const roots of start.roots) writeRoots(writer, roots);
  writer
    .hash(start.previousCheckpoint)
    .u64(start.previousCheckpointHeight, "previousCheckpointHeight")
    .u64(start.backedStamp, "backedStamp")
    .u8(modeIndex(start.hybrid.modeWanted))
    .u64(start.hybrid.resident, "resident")
    .u64(start.hybrid.capacity, "capacity")
    .u64(start.hybrid.rate, "rate")
    .u32(start.hybrid.multiplier, "multiplier");
  optional(writer, start.boundary, (boundary) => writeBacking(writer, boundary));
}

function readStart(reader: Reader): EpochStart {
  const list = <T>(field: string, read: () => T): T[] => {
    const items: T[] = [];
    for (let left = reader.count(MOST_ITEMS, field); left > 0; left--) items.push(read());
    return items;
  };
  return {
    epoch: reader.u64("epoch"),
    incarnation: reader.u32("incarnation"),
    mode: readMode(reader),
    registry: reader.hash("registry"),
    registryNext: reader.hash("registryNext"),
    seed: reader.hash("seed"),
    firstHeight: reader.u64("firstHeight"),
    parent: {
      hash: reader.hash("parent"),
      height: reader.u64("height"),
      stamp: reader.u64("stamp"),
      reference: { number: reader.u64("reference"), hash: reader.hash("reference") },
      settledAt: reader.u64("settledAt"),
      inboxCursor: reader.u64("inboxCursor"),
    },
    peaks: list("peaks", () => reader.hash("peak")),
    roots: list("roots", () => readRoots(reader)),
    previousCheckpoint: reader.hash("previousCheckpoint"),
    previousCheckpointHeight: reader.u64("previousCheckpointHeight"),
    backedStamp: reader.u64("backedStamp"),
    hybrid: {
      modeWanted: readMode(reader),
      resident: reader.u64("resident"),
      capacity: reader.u64("capacity"),
      rate: reader.u64("rate"),
      multiplier: reader.u32("multiplier"),
    },
    boundary: readOptional(reader, "boundary", () => readBacking(reader)),
  };
}
