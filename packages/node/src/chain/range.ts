import {
  appendLeaf,
  fromHex,
  type Hash,
  type MountainRange,
  merkleNode,
  peakPlaces,
  type RangeProof,
  rangePath,
  toHex,
} from "@aitbc-hybrid/protocol";
import { type Kv, type KvChange, keyOf } from "../storage/index.ts";

/** Nodes of the range by level and index. */
const NODES = "m";

/**
 * The Merkle mountain range over the hashes of the final blocks, every node kept (two a block), so that any block is
 * proved under any later checkpoint with as many reads as the tree is high.
 */
export class BlockRange {
  readonly #kv: Kv;
  #range: MountainRange;

  private constructor(kv: Kv, range: MountainRange) {
    this.#kv = kv;
    this.#range = range;
  }

  /**
   * @param height of the highest block stored
   * @param genesis hash of height 0
   */
  static async open(kv: Kv, height: number, genesis: Hash): Promise<BlockRange> {
    if (height === 0) {
      await kv.batch([nodeChange(0, 0, genesis)]);
      return new BlockRange(kv, { count: 1, peaks: [genesis] });
    }
    return new BlockRange(kv, await rangeUpTo(kv, height));
  }

  /** Back to a height that is stored: what is appended afterwards takes the place of what stood above. */
  async rewind(height: number): Promise<void> {
    this.#range = await rangeUpTo(this.#kv, height);
  }

  /** The nodes that a block completes, to be stored with it. */
  append(height: number, hash: Hash): KvChange[] {
    const { count, peaks } = this.#range;
    if (height !== count) return [];
    const changes = [nodeChange(0, height, hash)];
    let node = hash;
    let index = height;
    for (let level = 0; index % 2 === 1; level++) {
      node = merkleNode(peaks[peaks.length - 1 - level]!, node);
      index = (index - 1) / 2;
      changes.push(nodeChange(level + 1, index, node));
    }
    this.#range = appendLeaf(this.#range, hash);
    return changes;
  }

  /** The way from the block at a height to the root over heights 0 to `last`; null if this node has not all of it. */
  async proof(height: number, last: number): Promise<RangeProof | null> {
    const place = last < this.#range.count ? rangePath(last + 1, height) : null;
    if (place === null) return null;
    const [path, peaks] = await Promise.all(
      [place.path, peakPlaces(last + 1)].map((places) =>
        Promise.all(places.map(({ level, index }) => nodeIn(this.#kv, level, index))),
      ),
    );
    return isWhole(path!) && isWhole(peaks!) ? { path, peaks } : null;
  }
}

async function rangeUpTo(kv: Kv, height: number): Promise<MountainRange> {
  const count = height + 1;
  const peaks = await Promise.all(peakPlaces(count).map(({ level, index }) => nodeIn(kv, level, index)));
  // A folder of an earlier version: its blocks are there, proofs of them are not.
  return isWhole(peaks) ? { count, peaks } : { count: 0, peaks: [] };
}

/** The peaks of a range up to a height, for a node that has not what stands below them. */
export const peakChanges = (height: number, peaks: readonly Hash[]): KvChange[] =>
  peakPlaces(height + 1).map(({ level, index }, at) => nodeChange(level, index, peaks[at]!));

const isWhole = (nodes: readonly (Hash | null)[]): nodes is readonly Hash[] =>
  nodes.every((node) => node !== null);

const nodeChange = (level: number, index: number, node: Hash): KvChange => ({
  type: "put",
  key: keyOf(NODES, level, index),
  value: fromHex(node),
});

async function nodeIn(kv: Kv, level: number, index: number): Promise<Hash | null> {
  const bytes = await kv.get(keyOf(NODES, level, index));
  return bytes === undefined ? null : toHex(bytes);
}
