import { hashBytes } from "../hash.ts";
import type { Hash } from "../types/index.ts";
import { Writer } from "./bytes.ts";
import { merkleNode } from "./merkle.ts";
import { TAG } from "./roots.ts";

/** A Merkle mountain range: the peaks of its perfect trees, left (largest) to right, and how many leaves stand below them. */
export interface MountainRange {
  readonly count: number;
  readonly peaks: readonly Hash[];
}

export const EMPTY_RANGE: MountainRange = { count: 0, peaks: [] };

/** The range with one more leaf (protocol.md section 8: one leaf per block hash, heights from 0). */
export function appendLeaf(range: MountainRange, leaf: Hash): MountainRange {
  const peaks = [...range.peaks];
  let node = leaf;
  // A trailing one bit of the count is a perfect tree of that size, which the new one completes to the next size.
  for (let count = range.count; count % 2 === 1; count = (count - 1) / 2)
    node = merkleNode(peaks.pop()!, node);
  peaks.push(node);
  return { count: range.count + 1, peaks };
}

/** `blocksRoot`: covers the count, so that ranges of different lengths never share a root. */
export function rangeRoot(range: MountainRange): Hash {
  const writer = new Writer(64).u8(TAG.mountainRange).u64(range.count, "count");
  for (const peak of range.peaks) writer.hash(peak);
  return hashBytes(writer.done());
}
