import { type Hash, toHex } from "./bytes.ts";
import { keccak256 } from "./keccak.ts";

const zero = new Uint8Array(32);

/**
 * Root of a binary Merkle tree: node = keccak(left | right), leaves padded with 0 to the next power of two; one leaf
 * is its own root, no leaf gives 0. The same tree as a batch's transactionsRoot (protocol.md section 9).
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Hash {
  if (leaves.length === 0) return toHex(zero);
  const pair = new Uint8Array(64);
  let level: readonly Uint8Array[] = leaves;
  // Padding alone hashes to the same node at every place of a level, so it is never materialized.
  let padding: Uint8Array = zero;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      pair.set(level[i]!, 0);
      pair.set(level[i + 1] ?? padding, 32);
      above.push(keccak256(pair));
    }
    pair.set(padding, 0);
    pair.set(padding, 32);
    padding = keccak256(pair);
    level = above;
  }
  return toHex(level[0]!);
}
