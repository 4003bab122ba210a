import type { Peer } from "@aitbc-hybrid/protocol";

/**
 * A pair of peers shares one connection with a stream per channel, so that a long batch never stands in front of a
 * vote: `consensus` carries the replicas' messages, `data` batches and what belongs to them.
 */
export const CHANNELS = ["consensus", "data"] as const;
export type Channel = (typeof CHANNELS)[number];

/** Somebody this node keeps a connection to. */
export interface PeerEntry {
  /** libp2p peer id: the transport proves it. */
  readonly peerId: Peer;
  /** Multiaddresses to dial, tried in order; empty: it must dial. */
  readonly addresses: readonly string[];
  /** Its identity in ValidatorRegistry; null: a follower of ours. */
  readonly validatorId: number | null;
  /** Artificial delay of everything sent to it, ms (tests of wide-area behaviour). */
  readonly delayMs?: number;
}

/** What the transport reports; called synchronously in the order of the events. */
export interface NetworkListener {
  connected(peer: Peer): void;
  disconnected(peer: Peer): void;
  /** A whole frame. The bytes belong to the receiver. */
  frame(peer: Peer, channel: Channel, frame: Uint8Array): void;
}

/**
 * Authenticated links to peers, by name. Frames of one channel to one peer arrive in order or not at all; after a
 * disconnection anything may be missing, which repair makes good (protocol.md section 3, rule 10).
 */
export interface Network {
  /** The own peer id. */
  readonly self: Peer;
  start(listener: NetworkListener): Promise<void>;
  close(): Promise<void>;
  /** False if there is no link or its queue is full. */
  send(to: Peer, channel: Channel, frame: Uint8Array): boolean;
  /** To every connected peer. */
  broadcast(channel: Channel, frame: Uint8Array): void;
  /** Disconnects and refuses the peer for `banMs`. */
  ban(peer: Peer, reason: string): void;
  /** Peers with an open link. */
  connected(): readonly Peer[];
  /** The validator behind a peer; null for followers and strangers. */
  validatorOf(peer: Peer): number | null;
  /** The peer of a validator; null if the configuration names none. */
  peerOf(validatorId: number): Peer | null;
}

/** What the transport counts (metrics/). */
export interface NetworkMetrics {
  peers(count: number): void;
  sent(channel: Channel, bytes: number): void;
  received(channel: Channel, bytes: number): void;
  dropped(channel: Channel, reason: "queue-full" | "not-connected"): void;
  banned(): void;
}
