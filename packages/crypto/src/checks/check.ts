import type { Bls, BlsVerifier } from "../bls.ts";
import type { PublicKey } from "../points.ts";

/** Why a signed message is no good. All are faults of its sender. */
export type Refusal =
  | "seat-unknown"
  | "bitmap-malformed"
  | "bitmap-empty"
  | "vrf-output"
  | "keys-cancel"
  | "signature-wrong";

/** One pairing still to be done. */
export interface Pairing {
  readonly key: PublicKey;
  readonly root: Uint8Array;
  readonly signature: Uint8Array;
}

/** A message whose structure is settled: refused, or good if all its pairings hold. */
export type Check =
  | { readonly refused: Refusal }
  | {
      readonly refused: null;
      /** Who signed, ascending: count the quorum over these. */
      readonly seats: readonly number[];
      readonly pairings: readonly Pairing[];
    };

/** What a check came to: the signers, or why it was refused. */
export type Verdict =
  | { readonly valid: true; readonly seats: readonly number[] }
  | { readonly valid: false; readonly reason: Refusal };

/** Does a check's pairings here and now. */
export function decide(bls: Bls, check: Check): Verdict {
  if (check.refused !== null) return { valid: false, reason: check.refused };
  const valid = check.pairings.every(({ key, root, signature }) => bls.verify(key, root, signature));
  return valid ? { valid, seats: check.seats } : { valid, reason: "signature-wrong" };
}

/** Does a check's pairings off the main loop. Rejects as BlsVerifier does: a busy pool is no verdict. */
export async function decideLater(verifier: BlsVerifier, check: Check): Promise<Verdict> {
  if (check.refused !== null) return { valid: false, reason: check.refused };
  const results = await Promise.all(
    check.pairings.map(({ key, root, signature }) => verifier.verify(key, root, signature)),
  );
  const valid = results.every((result) => result);
  return valid ? { valid, seats: check.seats } : { valid, reason: "signature-wrong" };
}
