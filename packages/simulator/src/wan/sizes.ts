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

/** Bytes that a message takes on the wire. */
export function sizeOf(message: WanMessage): number {
  const content = contentOf(message);
  let size = sizes.get(content);
  if (size === undefined) {
    size = FRAMING + lengthOf(message);
    sizes.set(content, size);
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
