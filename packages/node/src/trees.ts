import { setImmediate as nextTurn } from "node:timers/promises";
import { type Hash, MerkleTree } from "@aitbc-hybrid/protocol";

export interface TreeCacheOptions {
  /** Leaves of all trees that are kept; the one that was not used for longest goes first. About 250 bytes each. */
  readonly leaves: number;
}

/** What a tree is grown from. */
export interface TreeSource<T> {
  readonly leaves: readonly Hash[];
  /** Kept with the tree. */
  readonly about: T;
}

/** A tree, and where each leaf stands in it. */
export interface KeptTree<T> {
  readonly tree: MerkleTree;
  readonly places: ReadonlyMap<Hash, number>;
  readonly about: T;
}

/** Nodes hashed before other work gets its turn. */
const NODES_PER_TURN = 256;

/**
 * Trees that proofs are read from. A block may have twenty thousand leaves: each tree is grown once for all who ask,
 * one at a time, in turns with the node's other work.
 */
export class TreeCache<T = null> {
  readonly #options: TreeCacheOptions;
  readonly #onRead: (known: boolean) => void;
  /** In the order of their last use. */
  readonly #trees = new Map<string, Promise<KeptTree<T> | null>>();
  readonly #sizes = new Map<string, number>();
  #leaves = 0;
  #growing: Promise<unknown> = Promise.resolve();

  constructor(options: TreeCacheOptions, onRead: (known: boolean) => void = () => {}) {
    this.#options = options;
    this.#onRead = onRead;
  }

  /** The tree of that name; null, which is not kept, if there is nothing to grow it from. */
  of(name: string, source: () => Promise<TreeSource<T> | null>): Promise<KeptTree<T> | null> {
    const known = this.#trees.get(name);
    this.#onRead(known !== undefined);
    if (known !== undefined) {
      this.#trees.delete(name);
      this.#trees.set(name, known);
      return known;
    }
    const grown = this.#growing.then(() => grow(source));
    this.#growing = grown.catch(() => {});
    this.#trees.set(name, grown);
    grown.then(
      (kept) => (kept === null ? this.#trees.delete(name) : this.#keep(name, kept.tree.leaves.length)),
      () => this.#trees.delete(name),
    );
    return grown;
  }

  #keep(name: string, leaves: number): void {
    this.#sizes.set(name, leaves);
    this.#leaves += leaves;
    for (const oldest of this.#trees.keys()) {
      if (this.#leaves <= this.#options.leaves) break;
      const size = this.#sizes.get(oldest);
      // One that still grows is not counted yet.
      if (size === undefined) continue;
      this.#trees.delete(oldest);
      this.#sizes.delete(oldest);
      this.#leaves -= size;
    }
  }
}

async function grow<T>(sourceOf: () => Promise<TreeSource<T> | null>): Promise<KeptTree<T> | null> {
  const source = await sourceOf();
  if (source === null) return null;
  const { leaves, about } = source;
  const growing = MerkleTree.grow(leaves, NODES_PER_TURN);
  let grown = growing.next();
  while (!grown.done) {
    await nextTurn();
    grown = growing.next();
  }
  const places = new Map<Hash, number>();
  for (const [index, leaf] of leaves.entries()) if (!places.has(leaf)) places.set(leaf, index);
  return { tree: grown.value, places, about };
}

/** Maps in turns with the node's other work. */
export async function mapInTurns<T, U>(items: readonly T[], map: (item: T) => U): Promise<U[]> {
  const mapped: U[] = [];
  for (const item of items) {
    if (mapped.length % NODES_PER_TURN === NODES_PER_TURN - 1) await nextTurn();
    mapped.push(map(item));
  }
  return mapped;
}
