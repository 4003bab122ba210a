import {
  type AggregationMessage,
  encodeBacking,
  encodeCertificate,
  encodeMessage,
  type Message,
} from "@aitbc-hybrid/protocol";

/** Everything that validators send each other, batches aside. */
export type WanMessage = Message | AggregationMessage;

/** Length, Noise's tag and the muxer's header around a message. */
const FRAMING = 32;

const sizes = new WeakMap<object, number>();

/** The part of a message that relayed copies share. */
export function contentOf(message: WanMessage): object {
  switch (message.type) {
    case "partial":
    case "checkpointPartial":
      return message.partial;
    case "proposal":
      return message.proposal;
    case "vote":
    case "checkpointVote":
    case "restart":
      return message.vote;
    case "certificate":
    case "checkpointCertificate":
      return message.certificate;
    case "blocks":
      return message.blocks;
    case "signal":
      return message.signal;
    case "status":
      return message.status;
    case "request":
      return message.request;
  }
}

/** Sizes of messages that differ in little from each other, by what they differ in. */
const fixed = new Map<number, number>();

const KINDS = { notarize: 0, finalize: 1, nullify: 2 } as const;

/** What a message's length depends on, if that is little: its kind, and how long its bitmap is. */
function shapeOf(message: WanMessage): number | null {
  switch (message.type) {
    case "vote":
      return -1 - KINDS[message.vote.kind];
    case "partial":
      return 8 * message.partial.bitmap.length + 4 + KINDS[message.partial.kind];
    case "certificate":
      return 8 * message.certificate.bitmap.length + KINDS[message.certificate.kind];
    default:
      return null;
  }
}

/** Bytes that a message takes on the wire. */
export function sizeOf(message: WanMessage): number {
  const shape = shapeOf(message);
  let size = shape === null ? sizes.get(contentOf(message)) : fixed.get(shape);
  if (size === undefined) {
    size = FRAMING + lengthOf(message);
    if (shape === null) sizes.set(contentOf(message), size);
    else fixed.set(shape, size);
  }
  return size;
}

function lengthOf(message: WanMessage): number {
  if (message.type === "partial") return 1 + encodeCertificate(message.partial).length;
  if (message.type === "checkpointPartial") return 1 + encodeBacking(message.partial).length;
  return encodeMessage(message).length;
}

/** True for what votes cost on the wire: single ones, aggregates, certificates. */
export function isVoteTraffic(message: WanMessage): boolean {
  switch (message.type) {
    case "vote":
    case "checkpointVote":
    case "partial":
    case "checkpointPartial":
    case "certificate":
    case "checkpointCertificate":
      return true;
    default:
      return false;
  }
}
