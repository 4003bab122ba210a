import { encodeMessage, type Message } from "@aitbc-hybrid/protocol";

/** Length, Noise's tag and the muxer's header around a message. */
const FRAMING = 32;

const sizes = new WeakMap<object, number>();

/** The part of a message that relayed copies share. */
function contentOf(message: Message): object {
  switch (message.type) {
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
export function sizeOf(message: Message): number {
  const content = contentOf(message);
  let size = sizes.get(content);
  if (size === undefined) {
    size = encodeMessage(message).length + FRAMING;
    sizes.set(content, size);
  }
  return size;
}
