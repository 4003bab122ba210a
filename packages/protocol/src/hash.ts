import { keccak256Hex } from "#keccak";
import type { Hash } from "./types/index.ts";

/** H of docs/encodings.md: keccak-256 as {@link Hash}. */
export function hashBytes(bytes: Uint8Array): Hash {
  return `0x${keccak256Hex(bytes)}`;
}
