import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Keccak-256 of `data`, as 32 bytes. Pure JavaScript, because a strict content security policy forbids WebAssembly. */
export function keccak256(data: Uint8Array): Uint8Array {
  return keccak_256(data);
}

/** Keccak-256 of `data` as 64 lower-case hexadecimal digits without prefix. */
export function keccak256Hex(data: Uint8Array): string {
  return bytesToHex(keccak_256(data));
}
