import type { Hash } from "@aitbc-hybrid/protocol";

/** Holds a validator's BLS key, here or elsewhere. What it may sign was decided before: by {@link Protection}. */
export interface Signer {
  /** Compressed BLS key, 48 bytes. */
  readonly publicKey: Uint8Array;
  /** Signature of a 32-byte root, compressed, 96 bytes. Rejects if the signer cannot answer: the intent is given up. */
  sign(root: Hash): Promise<Uint8Array>;
  /** Whether the signer answers: `/ready`. */
  ready(): boolean;
  close(): Promise<void>;
}

/** What the log of the protection must offer; implemented by storage's write-ahead log. */
export interface ProtectionLog {
  /** Every record since the last `replace`, in order. */
  readonly records: readonly Uint8Array[];
  /** Queues a record; durable once a later `sync` resolves. */
  append(record: Uint8Array): unknown;
  sync(): Promise<void>;
  /** Atomically replaces all records appended before the call by these, durably; later ones stay behind them. Never empty. */
  replace(records: readonly Uint8Array[]): Promise<void>;
  close(): Promise<void>;
}

/** Whether an intent may be signed; a refusal says why. */
export type Permission = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };
