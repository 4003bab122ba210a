import type { Block, Hash, Millis, Mode, Peer, Registry } from "@aitbc-hybrid/protocol";

/** What the data path needs of execution. */
export interface Verification {
  /** Verifies transactions ahead of their block; the answer is remembered there. */
  verify(transactions: readonly Uint8Array[]): Promise<unknown>;
  /** Accepted transactions that became executable since the last call. */
  takeExecutable(): readonly Uint8Array[];
}

/** Sends on the data channel. */
export interface DataLinks {
  send(to: Peer, frame: Uint8Array): boolean;
  broadcast(frame: Uint8Array): void;
  connected(): readonly Peer[];
  validatorOf(peer: Peer): number | null;
  peerOf(validatorId: number): Peer | null;
}

export interface DataOptions {
  readonly chainId: number;
  /** Own identity in ValidatorRegistry; null: a follower, which makes no batches. */
  readonly author: number | null;
  /** How long transactions gather before they leave as a batch, ms. */
  readonly batchMs: Millis;
  /** How long acknowledgements gather, ms: fewer frames for a little delay. */
  readonly ackMs: Millis;
  /** Most bytes of one author's batches that are not final yet; beyond, new ones are not taken. */
  readonly quotaBytes: number;
  /** First wait for a fetched batch before the next peer is asked, ms. */
  readonly fetchMs: Millis;
  /** How long a batch is kept after it is final, ms. */
  readonly retentionMs: Millis;
  /** How long an author's later batches wait for an earlier one that lacks acknowledgements, ms. */
  readonly orderMs: Millis;
}

export interface DataMetrics {
  batch(origin: "own" | "received" | "fetched", bytes: number): void;
  refused(reason: "quota" | "not-the-author" | "malformed"): void;
  unordered(batches: number, bytes: number): void;
  fetched(): void;
}

/** Whose acknowledgements count, and how much a block may carry. */
export interface DataEpoch {
  readonly registry: Registry;
  readonly mode: Mode;
  /** Bytes of batches that a block may order. */
  readonly capacity: number;
}

/** What became of a block's batches. */
export type Availability =
  /** All are held and durable. `inboxFrom`: number of the first forced entry among them; null: there are none. */
  | { readonly ok: true; readonly inboxFrom: number | null }
  /** Proven malformed: the block is invalid for everybody, for ever. */
  | { readonly ok: false; readonly reason: string };

export type { Block, Hash };
