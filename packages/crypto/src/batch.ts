import type { Bls, BlsVerifier, Signed } from "./bls.ts";

/**
 * The indices of the invalid entries of a batch over one message, ascending: `verifyMany` on halves, so that b bad ones
 * among n cost about 2·b·log2(n/b) batch checks instead of n verifications (protocol.md section 3, rule 11).
 */
export function invalidEntries(bls: Bls, root: Uint8Array, entries: readonly Signed[]): number[] {
  const search = (from: number, to: number): number[] => {
    if (from === to || bls.verifyMany(root, entries.slice(from, to))) return [];
    if (to - from === 1) return [from];
    const middle = (from + to) >> 1;
    return [...search(from, middle), ...search(middle, to)];
  };
  return search(0, entries.length);
}

/** `invalidEntries` through a verifier off the main loop. */
export async function invalidEntriesLater(
  verifier: BlsVerifier,
  root: Uint8Array,
  entries: readonly Signed[],
): Promise<number[]> {
  const search = async (from: number, to: number): Promise<number[]> => {
    if (from === to || (await verifier.verifyMany(root, entries.slice(from, to)))) return [];
    if (to - from === 1) return [from];
    const middle = (from + to) >> 1;
    return [...(await search(from, middle)), ...(await search(middle, to))];
  };
  return search(0, entries.length);
}
