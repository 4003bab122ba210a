import { bls12_381 } from "@noble/curves/bls12-381.js";
import { KEY_BYTES, KEY_BYTES_UNCOMPRESSED, SECRET_BYTES, SIGNATURE_BYTES } from "../bls.ts";
import { CryptoError } from "../errors.ts";
import type { PublicKey, Signature } from "../points.ts";

export type G1 = InstanceType<typeof bls12_381.G1.Point>;
export type G2 = InstanceType<typeof bls12_381.G2.Point>;

const ORDER = bls12_381.fields.Fr.ORDER;

/** A parsed key with its point. */
export class PureKey implements PublicKey {
  readonly point: G1;
  #bytes: Uint8Array | undefined;
  #uncompressed: Uint8Array | undefined;

  constructor(point: G1) {
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

/** A parsed signature with its point. */
export class PureSignature implements Signature {
  readonly point: G2;
  readonly bytes: Uint8Array;

  constructor(point: G2, bytes: Uint8Array) {
    this.point = point;
    this.bytes = bytes;
  }
}

/** The scalar of `secret`; throws SECRET_INVALID unless it has 32 bytes and 0 < scalar < group order. */
export function parseSecret(secret: Uint8Array): Uint8Array {
  if (secret.length === SECRET_BYTES) {
    const scalar = secret.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
    if (scalar > 0n && scalar < ORDER) return secret;
  }
  throw new CryptoError("SECRET_INVALID", "a BLS secret has 32 bytes and lies between 1 and the group order");
}

/** The point of 48 or 96 bytes; on the curve, in the subgroup, not infinity, or KEY_INVALID. */
export function parseG1(bytes: Uint8Array, trusted = false): G1 {
  const uncompressed = bytes.length === KEY_BYTES_UNCOMPRESSED;
  if (bytes.length !== KEY_BYTES && !uncompressed) throw keyInvalid(`it has ${bytes.length} bytes`);
  // The flag must match the length: one point, one encoding of each length.
  if (((bytes[0]! & 0x80) === 0) !== uncompressed) throw keyInvalid("its compression flag is wrong");
  let point: G1;
  try {
    point = uncompressed && trusted ? fromCoordinates(bytes) : bls12_381.G1.Point.fromBytes(bytes);
  } catch (cause) {
    throw keyInvalid("it is no point of the subgroup", cause);
  }
  if (point.is0()) throw keyInvalid("it is infinity");
  return point;
}

/** The point of 96 compressed bytes; on the curve, in the subgroup, not infinity, or SIGNATURE_INVALID. */
export function parseG2(bytes: Uint8Array): G2 {
  if (bytes.length !== SIGNATURE_BYTES) throw signatureInvalid(`it has ${bytes.length} bytes`);
  let point: G2;
  try {
    point = bls12_381.longSignatures.Signature.fromBytes(bytes);
  } catch (cause) {
    throw signatureInvalid("it is no point of the subgroup", cause);
  }
  if (point.is0()) throw signatureInvalid("it is infinity");
  return point;
}

function fromCoordinates(bytes: Uint8Array): G1 {
  const { Fp } = bls12_381.fields;
  const [x, y] = [Fp.fromBytes(bytes.subarray(0, 48)), Fp.fromBytes(bytes.subarray(48))];
  if (!Fp.eql(Fp.sqr(y), Fp.add(Fp.mul(Fp.sqr(x), x), 4n))) throw new Error("not on the curve");
  return bls12_381.G1.Point.fromAffine({ x, y });
}

const keyInvalid = (why: string, cause?: unknown): CryptoError =>
  new CryptoError("KEY_INVALID", `this is no valid BLS key: ${why}`, { cause });

const signatureInvalid = (why: string, cause?: unknown): CryptoError =>
  new CryptoError("SIGNATURE_INVALID", `this is no valid BLS signature: ${why}`, { cause });
