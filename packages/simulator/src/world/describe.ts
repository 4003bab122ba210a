import type { Effect, Hash, Message } from "@aitbc-hybrid/protocol";
import { accusedBy } from "../oracles/index.ts";

/** What a message is, votes by their kind. */
export const kindOf = (message: Message): string =>
  message.type === "vote" ? message.vote.kind : message.type;

/** A message in one line. */
export function describe(message: Message): string {
  switch (message.type) {
    case "proposal": {
      const { epoch, view, parentView, block, seat } = message.proposal;
      const { height, parentHash } = block.header;
      return `PROPOSE ${epoch}/${view}<-${parentView} height ${height} on ${short(parentHash)} of ${seat}`;
    }
    case "vote": {
      const { epoch, kind, view, parentView, blockHash, seat } = message.vote;
      return `${kind.toUpperCase()} ${epoch}/${view}<-${parentView} ${short(blockHash)} of ${seat}`;
    }
    case "certificate": {
      const { epoch, kind, view, parentView, blockHash } = message.certificate;
      return `certificate ${kind} ${epoch}/${view}<-${parentView} ${short(blockHash)}`;
    }
    case "checkpointVote":
      return `CHECKPOINT ${message.vote.epoch} height ${message.vote.checkpoint.height} of ${message.vote.seat}`;
    case "checkpointCertificate":
      return `backed ${message.certificate.epoch} height ${message.certificate.checkpoint.height}`;
    case "status":
      return `status ${message.status.epoch}/${message.status.view} final ${message.status.finalHeight}`;
    case "request": {
      const { request } = message;
      if (request.what === "block") return `request block ${short(request.hash)}`;
      if (request.what === "certificate") return `request certificate ${request.epoch}/${request.view}`;
      return `request ${request.count} from ${request.from}`;
    }
    case "blocks":
      return `blocks ${message.blocks.map((each) => each.block.header.height).join()}`;
    case "restart":
      return `RESTART ${message.vote.epoch}/${message.vote.view} ${short(message.vote.blockHash)}`;
    case "signal":
      return `${message.signal.kind} ${message.signal.epoch} of ${message.signal.seat}`;
  }
}

/** An effect that the trace shows, in one line; messages show on the wire. */
export function describeEffect(effect: Effect): string | null {
  switch (effect.type) {
    case "finalized":
      return `finalized ${effect.block.header.height} ${short(effect.hash)}`;
    case "epoch":
      return `epoch ${effect.start.epoch} from height ${effect.start.firstHeight}`;
    case "ban":
      return `bans ${effect.peer}: ${effect.reason}`;
    case "halt":
      return `halts: ${effect.reason}`;
    case "evidence":
      return `evidence (${effect.evidence.what}) against ${accusedBy(effect.evidence)
        .map((id) => id - 1)
        .join()}`;
    case "sign": {
      const { intent } = effect;
      if (intent.what === "checkpoint") return `signs checkpoint ${intent.checkpoint.height}`;
      if (intent.what === "signal") return `signs ${intent.signal.kind} in ${intent.epoch}`;
      if (intent.what === "restart") {
        const { view, blockHash } = intent.restart;
        return `signs RESTART ${intent.epoch}/${view} ${short(blockHash)}`;
      }
      const { kind, view, parentView, blockHash } = intent.vote;
      return `signs ${intent.what} ${kind} ${intent.epoch}/${view}<-${parentView} ${short(blockHash)}`;
    }
    case "obtain":
    case "execute":
      return `${effect.type} ${effect.block.header.height} ${short(effect.hash)}`;
    case "payload":
      return `payload ${effect.epoch}/${effect.view}`;
    default:
      return null;
  }
}

/** The beginning of a hash. */
export const short = (hash: Hash): string => hash.slice(2, 8);
