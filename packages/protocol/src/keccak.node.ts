import { createKeccak } from "hash-wasm";

const hasher = await createKeccak(256);

/** Keccak-256 of `data` (Ethereum's padding), as 32 bytes. WebAssembly: about 0.8 µs for 200 bytes. */
export function keccak256(data: Uint8Array): Uint8Array {
  return hasher.init().update(data).digest("binary");
}

/** Keccak-256 of `data` as 64 lower-case hexadecimal digits without prefix. */
export function keccak256Hex(data: Uint8Array): string {
  return hasher.init().update(data).digest("hex");
}
