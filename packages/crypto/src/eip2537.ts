import { bls12_381 } from "@noble/curves/bls12-381.js";
import { CryptoError } from "./errors.ts";

/** 32 bytes as `0x` text: the words that ABI encoders take. */
type Word = `0x${string}`;

/** A G1 point as the contracts take it: EIP-2537's padded coordinates, two words each. */
export interface G1Words {
  readonly xHigh: Word;
  readonly xLow: Word;
  readonly yHigh: Word;
  readonly yLow: Word;
}

/** A G2 point as the contracts take it: c0 before c1 (EIP-2537), two words for each of the four coordinates. */
export interface G2Words {
  readonly x0High: Word;
  readonly x0Low: Word;
  readonly x1High: Word;
  readonly x1Low: Word;
  readonly y0High: Word;
  readonly y0Low: Word;
  readonly y1High: Word;
  readonly y1Low: Word;
}

const LOW = (1n << 256n) - 1n;
const hex = (value: bigint): Word => `0x${value.toString(16).padStart(64, "0")}`;
const words = (value: bigint): [Word, Word] => [hex(value >> 256n), hex(value & LOW)];

/** Half of the base field's order, rounded down: a y above it has the sign flag in compressed form. */
const HALF = (bls12_381.fields.Fp.ORDER - 1n) / 2n;

const toBig = (bytes: Uint8Array): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** A key's 96 bytes x | y as the contracts take it. Does not check the curve: the contracts do. */
export function keyWords(keyBytes: Uint8Array): G1Words {
  if (keyBytes.length !== 96)
    throw new CryptoError("KEY_INVALID", `a key has 96 bytes, this one ${keyBytes.length}`);
  const [xHigh, xLow] = words(toBig(keyBytes.subarray(0, 48)));
  const [yHigh, yLow] = words(toBig(keyBytes.subarray(48)));
  return { xHigh, xLow, yHigh, yLow };
}

/** A key's 96 bytes x | y compressed to 48 (ZCash's flags). For keys the contracts already checked. */
export function compressKey(keyBytes: Uint8Array): Uint8Array {
  if (keyBytes.length !== 96)
    throw new CryptoError("KEY_INVALID", `a key has 96 bytes, this one ${keyBytes.length}`);
  const compressed = keyBytes.slice(0, 48);
  compressed[0]! |= toBig(keyBytes.subarray(48)) > HALF ? 0xa0 : 0x80;
  return compressed;
}

/**
 * A compressed signature as the contracts take it.
 * @throws CryptoError SIGNATURE_INVALID if it is no point of the curve.
 */
export function signatureWords(signature: Uint8Array): G2Words {
  try {
    const { x, y } = bls12_381.G2.Point.fromBytes(signature).toAffine();
    const [x0High, x0Low] = words(x.c0);
    const [x1High, x1Low] = words(x.c1);
    const [y0High, y0Low] = words(y.c0);
    const [y1High, y1Low] = words(y.c1);
    return { x0High, x0Low, x1High, x1Low, y0High, y0Low, y1High, y1Low };
  } catch (cause) {
    throw new CryptoError("SIGNATURE_INVALID", "the signature is no compressed point of G2", { cause });
  }
}

/**
 * A signature as the contracts took it, compressed.
 * @throws CryptoError SIGNATURE_INVALID if it is no point of the curve.
 */
export function signatureFrom(given: G2Words): Uint8Array {
  const field = (high: Word, low: Word): bigint => (BigInt(high) << 256n) | BigInt(low);
  try {
    const x = { c0: field(given.x0High, given.x0Low), c1: field(given.x1High, given.x1Low) };
    const y = { c0: field(given.y0High, given.y0Low), c1: field(given.y1High, given.y1Low) };
    const point = bls12_381.G2.Point.fromAffine({ x, y });
    point.assertValidity();
    return point.toBytes();
  } catch (cause) {
    throw new CryptoError("SIGNATURE_INVALID", "the words are no point of G2", { cause });
  }
}
