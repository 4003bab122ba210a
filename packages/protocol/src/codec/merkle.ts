import { hashBytes } from "../hash.ts";
import type { Hash } from "../types/index.ts";
import { ZERO_HASH } from "../types/index.ts";
import { Writer } from "./bytes.ts";

/** An inner node: keccak of left | right. Leaves never have 64-byte preimages, so no tag is needed. */
export function merkleNode(left: Hash, right: Hash): Hash {
  return hashBytes(new Writer(64).hash(left).hash(right).done());
}

/** Roots of all-zero subtrees by depth: what completes an odd row above the leaves. */
const zeroSubtrees: Hash[] = [ZERO_HASH];

function zeroSubtree(depth: number): Hash {
  while (zeroSubtrees.length <= depth) {
    const below = zeroSubtrees[zeroSubtrees.length - 1]!;
    zeroSubtrees.push(merkleNode(below, below));
  }
  return zeroSubtrees[depth]!;
}

/**
 * Root of a binary tree over `leaves`, padded with zero leaves to the next power of two; one leaf is its own root,
 * no leaf gives zero. `depth` fixes the height of the tree (leaves beyond are zero) where the tree has a fixed size.
 */
export function merkleRoot(leaves: readonly Hash[], depth = 0): Hash {
  let row: readonly Hash[] = leaves;
  let level = 0;
  while (row.length > 1 || level < depth) {
    const next: Hash[] = [];
    for (let i = 0; i < row.length; i += 2) next.push(merkleNode(row[i]!, row[i + 1] ?? zeroSubtree(level)));
    row = next;
    level++;
  }
  return row[0] ?? zeroSubtree(depth);
}

/** The siblings from leaf `index` to the root, lowest first; checked by {@link verifyMerkleProof}. */
export function merkleProof(leaves: readonly Hash[], index: number, depth = 0): Hash[] {
  const proof: Hash[] = [];
  let row: readonly Hash[] = leaves;
  let at = index;
  for (let level = 0; row.length > 1 || level < depth; level++) {
    proof.push(row[at ^ 1] ?? zeroSubtree(level));
    const next: Hash[] = [];
    for (let i = 0; i < row.length; i += 2) next.push(merkleNode(row[i]!, row[i + 1] ?? zeroSubtree(level)));
    row = next;
    at >>= 1;
  }
  return proof;
}

/** True if `leaf` stands at `index` under `root`. */
export function verifyMerkleProof(root: Hash, leaf: Hash, index: number, proof: readonly Hash[]): boolean {
  let node = leaf;
  let at = index;
  for (const sibling of proof) {
    node = at % 2 === 0 ? merkleNode(node, sibling) : merkleNode(sibling, node);
    at = (at - (at % 2)) / 2;
  }
  return at === 0 && node === root;
}
