import * as blst from "@chainsafe/blst";
import { KEY_BYTES, KEY_BYTES_UNCOMPRESSED, SECRET_BYTES, SIGNATURE_BYTES } from "../bls.ts";
import { CryptoError } from "../errors.ts";
import type { KeyLike, PublicKey, Signature, SignatureLike } from "../points.ts";

/** A parsed key with blst's point. */
export class NativeKey implements PublicKey {
  readonly point: blst.PublicKey;
  #bytes: Uint8Array | undefined;
  #uncompressed: Uint8Array | undefined;

  constructor(point: blst.PublicKey) {
    this.point = point;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= this.point.toBytes(true);
    return this.#bytes;
  }

  get uncompressed(): Uint8Array {
    this.#uncompressed ??= this.point.toBytes(false);
    return this.#uncompressed;
  }
}

/** A parsed signature with blst's point. */
export class NativeSignature implements Signature {
  readonly point: blst.Signature;
  readonly bytes: Uint8Array;

  constructor(point: blst.Signature, bytes: Uint8Array) {
    this.point = point;
    this.bytes = bytes;
  }
}

/** blst's secret of 32 bytes, or SECRET_INVALID (blst itself refuses 0 and anything from the group order). */
export function parseSecret(secret: Uint8Array): blst.SecretKey {
  try {
    if (secret.length === SECRET_BYTES) return blst.SecretKey.fromBytes(secret);
  } catch {
    // Answered below, and without blst's error: nothing about a secret goes into a message.
  }
  throw new CryptoError("SECRET_INVALID", "a BLS secret has 32 bytes and lies between 1 and the group order");
}

/** blst's point of 48 or 96 bytes; on the curve, in the subgroup (unless trusted), not infinity, or KEY_INVALID. */
export function parsePublicKey(bytes: Uint8Array, trusted = false): blst.PublicKey {
  const uncompressed = bytes.length === KEY_BYTES_UNCOMPRESSED;
  if (bytes.length !== KEY_BYTES && !uncompressed) throw keyInvalid(`it has ${bytes.length} bytes`);
  // The flags must match the length: one point, one encoding of each length, and no infinity.
  if (((bytes[0]! & 0x80) === 0) !== uncompressed) throw keyInvalid("its compression flag is wrong");
  if ((bytes[0]! & 0x40) !== 0) throw keyInvalid("it is infinity");
  try {
    return blst.PublicKey.fromBytes(bytes, !(uncompressed && trusted));
  } catch (cause) {
    throw keyInvalid("it is no point of the subgroup", cause);
  }
}

/** blst's point of 96 compressed bytes; on the curve, in the subgroup, not infinity, or SIGNATURE_INVALID. */
export function parseSignaturePoint(bytes: Uint8Array): blst.Signature {
  // blst would also take 192 uncompressed bytes; a signature must have one encoding only.
  if (bytes.length !== SIGNATURE_BYTES) throw signatureInvalid(`it has ${bytes.length} bytes`);
  try {
    return blst.Signature.fromBytes(bytes, true, true);
  } catch (cause) {
    throw signatureInvalid("it is infinity or no point of the subgroup", cause);
  }
}

/** The point of a key in either form. Throws KEY_INVALID. */
export const keyPoint = (key: KeyLike): blst.PublicKey => {
  if (key instanceof NativeKey) return key.point;
  return parsePublicKey(key instanceof Uint8Array ? key : key.bytes);
};

/** The point of a signature in either form. Throws SIGNATURE_INVALID. */
export const signaturePoint = (signature: SignatureLike): blst.Signature => {
  if (signature instanceof NativeSignature) return signature.point;
  return parseSignaturePoint(signature instanceof Uint8Array ? signature : signature.bytes);
};

const keyInvalid = (why: string, cause?: unknown): CryptoError =>
  new CryptoError("KEY_INVALID", `this is no valid BLS key: ${why}`, { cause });

const signatureInvalid = (why: string, cause?: unknown): CryptoError =>
  new CryptoError("SIGNATURE_INVALID", `this is no valid BLS signature: ${why}`, { cause });
