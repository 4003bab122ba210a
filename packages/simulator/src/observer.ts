import type { Certificate, DurableRecord, Effect, Message, Peer, SignIntent } from "@aitbc-hybrid/protocol";

/** A node as the oracles see it. */
export interface Observed {
  readonly peer: Peer;
  /** Validator whose key it holds. */
  readonly validator: number;
  readonly honest: boolean;
}

/** What the shells report to the oracles. */
export interface Observer {
  /** A record survived on a node's disk: once per record. */
  durable(node: Observed, record: DurableRecord): void;
  /** A signature of an intent was made. */
  signed(node: Observed, intent: SignIntent): void;
  /** An effect was performed (all kinds). */
  performed(node: Observed, effect: Effect): void;
  /** A message left a node. */
  sent(node: Observed, to: Peer, message: Message): void;
  received(node: Observed, from: Peer, message: Message): void;
  /** The reducer or a shell broke its contract. */
  violation(node: Observed, what: string): void;
  restarted(node: Observed): void;
}

/** A certificate that an effect or record carries, for the uniqueness oracle. */
export function certificatesIn(effect: Effect): readonly Certificate[] {
  switch (effect.type) {
    case "finalized":
      return [effect.certificate];
    case "persist":
      return effect.record.type === "certificate" ||
        (effect.record.type === "final" && effect.record.certificate !== null)
        ? [effect.record.certificate as Certificate]
        : [];
    case "broadcast":
    case "send":
      return effect.message.type === "certificate" ? [effect.message.certificate] : [];
    default:
      return [];
  }
}
