import { KEY_BYTES_UNCOMPRESSED, SIGNATURE_BYTES } from "../bls.ts";

/**
 * A verification on its way to a worker: root (32 bytes), then per entry the uncompressed key (96) and the compressed
 * signature (96). One buffer, transferred, never copied; keys arrive parsed and checked, signatures as the peer sent them.
 */
export interface Job {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A worker's answer to the job `id`; `error` only if the worker failed, not if the signature did. */
export interface Answer {
  readonly id: number;
  readonly valid: boolean;
  readonly error?: string;
}

export interface JobEntry {
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
}

const ENTRY_BYTES = KEY_BYTES_UNCOMPRESSED + SIGNATURE_BYTES;

export function encodeJob(root: Uint8Array, entries: readonly JobEntry[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(32 + entries.length * ENTRY_BYTES);
  bytes.set(root);
  entries.forEach(({ key, signature }, index) => {
    bytes.set(key, 32 + index * ENTRY_BYTES);
    bytes.set(signature, 32 + index * ENTRY_BYTES + KEY_BYTES_UNCOMPRESSED);
  });
  return bytes;
}

export function decodeJob(bytes: Uint8Array): { root: Uint8Array; entries: JobEntry[] } {
  const entries: JobEntry[] = [];
  for (let at = 32; at < bytes.length; at += ENTRY_BYTES) {
    const middle = at + KEY_BYTES_UNCOMPRESSED;
    entries.push({ key: bytes.subarray(at, middle), signature: bytes.subarray(middle, at + ENTRY_BYTES) });
  }
  return { root: bytes.subarray(0, 32), entries };
}
