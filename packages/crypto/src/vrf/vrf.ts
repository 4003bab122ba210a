import { fromHex, type Hash, vrfOutput, vrfRoot } from "@aitbc-hybrid/protocol";
import type { Bls } from "../bls.ts";
import { bytesOf, type KeyLike, type SignatureLike } from "../points.ts";

/** What a term's VRF is evaluated on (protocol.md section 5). */
export interface VrfInput {
  /** D of the epoch. */
  readonly domain: Hash;
  /** seed_e. */
  readonly seed: Hash;
  /** The term's number, from 1. */
  readonly term: number;
}

/** The message of a term's VRF: its root as bytes. */
export const vrfMessage = ({ domain, seed, term }: VrfInput): Uint8Array =>
  fromHex(vrfRoot(domain, seed, term));

/** The leader's proof for a term: its signature of the term's message, 96 bytes. There is exactly one per key. */
export function vrfProve(bls: Bls, secret: Uint8Array, input: VrfInput): Uint8Array {
  return bls.sign(secret, vrfMessage(input));
}

/** The output of `proof` if it is `key`'s for the term, else null. */
export function vrfVerify(bls: Bls, key: KeyLike, input: VrfInput, proof: SignatureLike): Hash | null {
  return bls.verify(key, vrfMessage(input), proof) ? vrfOutput(bytesOf(proof)) : null;
}
