import { Signature } from "@chainsafe/blst";
import { bls12_381 as curve } from "@noble/curves/bls12-381.js";
import { dataSlice, hexlify, toBeHex } from "ethers";
import type { G1PointStruct, G2PointStruct } from "../../typechain/test/harness/BLS12381Harness.ts";

const G1 = curve.G1.Point;
const G2 = curve.G2.Point;
export type NobleG1 = InstanceType<typeof G1>;
export type NobleG2 = InstanceType<typeof G2>;

const word = (point: string, index: number): string => dataSlice(point, 32 * index, 32 * (index + 1));

/** 128 bytes as EIP-2537 has them, as the contracts' struct. */
export const g1Struct = (point: string): G1PointStruct => ({
  xHigh: word(point, 0),
  xLow: word(point, 1),
  yHigh: word(point, 2),
  yLow: word(point, 3),
});

/** 256 bytes as EIP-2537 has them, as the contracts' struct. */
export const g2Struct = (point: string): G2PointStruct => ({
  x0High: word(point, 0),
  x0Low: word(point, 1),
  x1High: word(point, 2),
  x1Low: word(point, 3),
  y0High: word(point, 4),
  y0Low: word(point, 5),
  y1High: word(point, 6),
  y1Low: word(point, 7),
});

const coordinates = (...values: bigint[]): string =>
  `0x${values.map((value) => toBeHex(value, 64).slice(2)).join("")}`;

/** A point of @noble/curves in the form of EIP-2537. */
export function g1Hex(point: NobleG1): string {
  if (point.is0()) return `0x${"00".repeat(128)}`;
  const { x, y } = point.toAffine();
  return coordinates(x, y);
}

/** A point of @noble/curves in the form of EIP-2537. */
export function g2Hex(point: NobleG2): string {
  if (point.is0()) return `0x${"00".repeat(256)}`;
  const { x, y } = point.toAffine();
  return coordinates(x.c0, x.c1, y.c0, y.c1);
}

/** A compressed key in the form of EIP-2537. */
export const g1FromCompressed = (bytes: Uint8Array | string): string =>
  g1Hex(G1.fromHex(hexlify(bytes).slice(2)));

/** A compressed signature in the form of EIP-2537. */
export const g2FromCompressed = (bytes: Uint8Array | string): string =>
  g2Hex(G2.fromHex(hexlify(bytes).slice(2)));

/** A compressed signature as the contracts take it; `signatureWords` of @aitbc-hybrid/crypto takes its roots in JavaScript. */
export function signatureWords(signature: Uint8Array): G2PointStruct {
  // ZCash's form: the imaginary part of each coordinate first.
  const bytes = Signature.fromBytes(signature).toBytes(false);
  bytes[0]! &= 0x1f;
  const part = (at: number): string => hexlify(bytes.subarray(48 * at, 48 * (at + 1))).slice(2);
  return g2Struct(`0x${[1, 0, 3, 2].map((at) => part(at).padStart(128, "0")).join("")}`);
}

/** The words of a struct that a contract returned, as one hexadecimal string. */
export const joined = (words: readonly string[]): string =>
  `0x${words.map((each) => each.slice(2)).join("")}`;

/** A point of the second curve that is not of prime order: not one in 2^500 is by chance. */
export function outsideG2(): NobleG2 {
  const { Fp2 } = curve.fields;
  const four = Fp2.fromBigTuple([4n, 4n]);
  for (let x = 1n; ; x++) {
    const abscissa = Fp2.fromBigTuple([x, 0n]);
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(abscissa), abscissa), four));
      return G2.fromAffine({ x: abscissa, y });
    } catch {
      // No root: the next one.
    }
  }
}
