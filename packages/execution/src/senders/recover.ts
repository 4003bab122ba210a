import { createRequire } from "node:module";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak256 } from "../ledger/index.ts";

/**
 * The 20-byte address whose key made a signature over a 32-byte hash, or null if no key did. `signature` is r | s.
 * Ranges and the lower half of s are checked where transactions are decoded.
 */
export type RecoverAddress = (hash: Uint8Array, signature: Uint8Array, parity: number) => Uint8Array | null;

/** The call of the package `secp256k1` that is used here; it brings no types. */
interface NativeModule {
  ecdsaRecover(
    signature: Uint8Array,
    recovery: number,
    hash: Uint8Array,
    compressed: boolean,
    output: Uint8Array,
  ): Uint8Array;
}

/** libsecp256k1: 24,000 recoveries a second on one core. Null where there is no binary for the platform. */
export function nativeRecover(): RecoverAddress | null {
  let native: NativeModule;
  try {
    native = createRequire(import.meta.url)("secp256k1/bindings.js");
  } catch {
    return null;
  }
  const key = new Uint8Array(65);
  return (hash, signature, parity) => {
    try {
      return addressOf(native.ecdsaRecover(signature, parity, hash, false, key));
    } catch {
      return null;
    }
  };
}

/** Plain JavaScript, 1,100 recoveries a second on one core. */
export function pureRecover(): RecoverAddress {
  return (hash, signature, parity) => {
    try {
      const recoverable = secp256k1.Signature.fromBytes(signature).addRecoveryBit(parity);
      return addressOf(recoverable.recoverPublicKey(hash).toBytes(false));
    } catch {
      return null;
    }
  };
}

/** The fastest recovery there is on this machine. */
export function bestRecover(): RecoverAddress {
  return nativeRecover() ?? pureRecover();
}

function addressOf(publicKey: Uint8Array): Uint8Array {
  return keccak256(publicKey.subarray(1)).subarray(12);
}
