import { fromBitmap } from "@aitbc-hybrid/protocol";
import type { Bls } from "./bls.ts";
import type { KeyTable } from "./keytable.ts";

/** An aggregate of one root by the seats of its bitmap. */
export interface Part {
  readonly bitmap: Uint8Array;
  readonly signature: Uint8Array;
}

/** Which parts are valid, ascending, and their sum; null if none is. */
export interface ValidParts {
  readonly valid: readonly number[];
  readonly aggregate: Uint8Array | null;
}

/**
 * Verifies aggregates over disjoint sets of seats as one, and on failure halves of them, so that b bad ones among n cost
 * about 2·b·log2(n/b) pairings (protocol.md section 3, rule 11). Two that are false alone but true together count as
 * valid: their sum is the signature of all their seats, and nothing else is made of them. A part that names a seat of
 * an earlier one is not valid.
 */
export function validParts(bls: Bls, keys: KeyTable, root: Uint8Array, parts: readonly Part[]): ValidParts {
  const seats = parts.map((part) => fromBitmap(part.bitmap));
  const sum = (indices: readonly number[]): Uint8Array | null => {
    try {
      return bls.aggregateSignatures(indices.map((index) => parts[index]!.signature));
    } catch {
      // Not points of the subgroup, or they cancel each other out.
      return null;
    }
  };
  const holds = (indices: readonly number[]): boolean => {
    const signers = indices.flatMap((index) => seats[index]!);
    if (!keys.covers(signers)) return false;
    const signature = sum(indices);
    return signature !== null && bls.aggregateVerify(keys, signers, root, signature);
  };
  const search = (indices: readonly number[]): number[] => {
    if (indices.length === 0 || holds(indices)) return [...indices];
    if (indices.length === 1) return [];
    const middle = indices.length >> 1;
    return [...search(indices.slice(0, middle)), ...search(indices.slice(middle))];
  };
  const taken = new Set<number>();
  const disjoint = [...parts.keys()].filter((index) => {
    if (seats[index]!.some((seat) => taken.has(seat))) return false;
    for (const seat of seats[index]!) taken.add(seat);
    return true;
  });
  const valid = search(disjoint);
  return { valid, aggregate: valid.length === 0 ? null : sum(valid) };
}
