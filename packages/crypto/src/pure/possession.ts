import { bls12_381 } from "@noble/curves/bls12-381.js";
import { POSSESSION_DST } from "../bls.ts";
import { rootBytes } from "../bytes.ts";
import { falseIfRefused } from "../errors.ts";
import { bytesOf, type KeyLike, type SignatureLike } from "../points.ts";
import { parseG1, parseG2, parseSecret } from "./points.ts";

const { longSignatures } = bls12_381;

/** Signs `root` under the possession tag; `Bls.provePossession` of both implementations. */
export function provePossession(secret: Uint8Array, root: Uint8Array): Uint8Array {
  const message = longSignatures.hash(rootBytes(root), POSSESSION_DST);
  return longSignatures.sign(message, parseSecret(secret)).toBytes(true);
}

/** Checks a proof of possession; `Bls.verifyPossession` of both implementations. */
export function verifyPossession(key: KeyLike, root: Uint8Array, proof: SignatureLike): boolean {
  const message = longSignatures.hash(rootBytes(root), POSSESSION_DST);
  return falseIfRefused(() => longSignatures.verify(parseG2(bytesOf(proof)), message, parseG1(bytesOf(key))));
}
