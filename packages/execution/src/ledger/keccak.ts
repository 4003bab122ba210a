import { createKeccak } from "hash-wasm";

// One hasher for the module: init, update and digest run without a turn of the event loop in between.
const hasher = await createKeccak(256);

/** Keccak-256, 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return hasher.init().update(bytes).digest("binary");
}

/** Keccak-256 as 0x-prefixed lower-case hex. */
export function keccakHex(bytes: Uint8Array): `0x${string}` {
  return `0x${hasher.init().update(bytes).digest("hex")}`;
}
