import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { type Bls, bytesOf, type KeyLike, SIGNATURE_BYTES, type SignatureLike } from "../bls.ts";
import { type Root, rootBytes, toHash, uint64 } from "../bytes.ts";
import { CryptoError } from "../errors.ts";

// Kind tags of docs/encodings.md.
const VRF_MESSAGE = 0x07;
const VRF_OUTPUT = 0x0a;

/** What a term's VRF is evaluated on (protocol.md section 5). */
export interface VrfInput {
  /** D of the epoch, 32 bytes. */
  readonly domain: Root;
  /** seed_e, 32 bytes. */
  readonly seed: Root;
  /** The term's number, from 1. */
  readonly term: number;
}

/** The signing root of a term's VRF: H(07 | D | seed | term). */
export function vrfMessage(input: VrfInput): Uint8Array {
  return keccak_256(
    concatBytes(
      Uint8Array.of(VRF_MESSAGE),
      rootBytes(input.domain),
      rootBytes(input.seed),
      uint64(input.term),
    ),
  );
}

/** The leader's proof for a term: its signature of the term's message, 96 bytes. There is exactly one per key. */
export function vrfProve(bls: Bls, secret: Uint8Array, input: VrfInput): Uint8Array {
  return bls.sign(secret, vrfMessage(input));
}

/** The output of a proof: H(0a | compressed signature). Meaningless unless the proof was verified. */
export function vrfOutput(proof: SignatureLike): `0x${string}` {
  const bytes = bytesOf(proof);
  if (bytes.length !== SIGNATURE_BYTES) {
    throw new CryptoError(
      "SIGNATURE_INVALID",
      `a VRF proof has ${SIGNATURE_BYTES} bytes, not ${bytes.length}`,
    );
  }
  return toHash(keccak_256(concatBytes(Uint8Array.of(VRF_OUTPUT), bytes)));
}

/** The output of `proof` if it is `key`'s for the term, else null. */
export function vrfVerify(
  bls: Bls,
  key: KeyLike,
  input: VrfInput,
  proof: SignatureLike,
): `0x${string}` | null {
  return bls.verify(key, vrfMessage(input), proof) ? vrfOutput(proof) : null;
}
