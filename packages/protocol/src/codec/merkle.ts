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

/** A tree with all its nodes: for many proofs of the same leaves. */
export class MerkleTree {
  readonly #rows: readonly (readonly Hash[])[];

  private constructor(rows: readonly (readonly Hash[])[]) {
    this.#rows = rows;
  }

  /**
   * Grows the tree of {@link merkleRoot}; lets its caller do something else whenever it has hashed `pauseEvery` nodes.
   * @returns the tree
   */
  static *grow(leaves: readonly Hash[], pauseEvery: number, depth = 0): Generator<void, MerkleTree> {
    const rows = [leaves];
    let hashed = 0;
    for (let row = leaves; row.length > 1 || rows.length <= depth; ) {
      const level = rows.length - 1;
      const next: Hash[] = [];
      for (let i = 0; i < row.length; i += 2) {
        next.push(merkleNode(row[i]!, row[i + 1] ?? zeroSubtree(level)));
        if (++hashed % pauseEvery === 0) yield;
      }
      rows.push(next);
      row = next;
    }
    return new MerkleTree(rows);
  }

  get root(): Hash {
    return this.#rows.at(-1)![0] ?? zeroSubtree(this.#rows.length - 1);
  }

  get leaves(): readonly Hash[] {
    return this.#rows[0]!;
  }

  /** The siblings from leaf `index` to the root, lowest first; checked by {@link verifyMerkleProof}. */
  proof(index: number): Hash[] {
    return this.#rows.slice(0, -1).map((row, level) => row[(index >> level) ^ 1] ?? zeroSubtree(level));
  }
}

/** The same way of a tree that is needed once. */
export function merkleProof(leaves: readonly Hash[], index: number, depth = 0): Hash[] {
  const growing = MerkleTree.grow(leaves, Number.POSITIVE_INFINITY, depth);
  return (growing.next().value as MerkleTree).proof(index);
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
