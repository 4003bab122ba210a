import { hexToBytes } from "@noble/hashes/utils.js";
import { CryptoError } from "./errors.ts";

/** 32 bytes: as bytes, or as `0x` and 64 lower-case digits, the form in which the protocol package keeps hashes. */
export type Root = Uint8Array | `0x${string}`;

/** `root` as 32 bytes. Throws MESSAGE_LENGTH: consensus signs 32-byte roots and nothing else. */
export function rootBytes(root: Root): Uint8Array {
  let bytes = root;
  if (typeof bytes === "string") {
    if (!/^0x[0-9a-fA-F]{64}$/.test(bytes)) {
      throw new CryptoError("MESSAGE_LENGTH", "a signing root is 0x and 64 hexadecimal digits");
    }
    bytes = hexToBytes(bytes.slice(2));
  }
  if (bytes.length !== 32) {
    throw new CryptoError("MESSAGE_LENGTH", `a signing root has 32 bytes, not ${bytes.length}`);
  }
  return bytes;
}
