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

/** A perfect tree of a range: that over the leaves `index` * 2^`level` and the 2^`level` - 1 after it. */
export interface RangePlace {
  readonly level: number;
  readonly index: number;
}

/** Where the peaks of a range over `count` leaves stand, left to right. */
export function peakPlaces(count: number): RangePlace[] {
  const places: RangePlace[] = [];
  // Each set bit of the count is a tree of that size; what is left of it are the trees before, in its own size.
  for (let level = 0, rest = count; rest > 0; level++) {
    if (rest % 2 === 1) places.unshift({ level, index: rest - 1 });
    rest = (rest - (rest % 2)) / 2;
  }
  return places;
}

/** The siblings on the way from leaf `leaf` to the peak above it, lowest first, and that peak's number; null if there is no such leaf. */
export function rangePath(
  count: number,
  leaf: number,
): { readonly path: readonly RangePlace[]; readonly peak: number } | null {
  let from = 0;
  for (const [peak, { level }] of peakPlaces(count).entries()) {
    let size = 1;
    for (let i = 0; i < level; i++) size *= 2;
    if (leaf >= from && leaf < from + size) {
      const path: RangePlace[] = [];
      for (let at = 0, index = leaf; at < level; at++) {
        path.push({ level: at, index: index % 2 === 0 ? index + 1 : index - 1 });
        index = (index - (index % 2)) / 2;
      }
      return { path, peak };
    }
    from += size;
  }
  return null;
}

/** The way from a leaf to a range's root. */
export interface RangeProof {
  /** Siblings within the tree that holds the leaf, lowest first. */
  readonly path: readonly Hash[];
  /** Of the whole range, left to right. */
  readonly peaks: readonly Hash[];
}

/** True if `leaf` is number `index` of the `count` leaves under a `blocksRoot`: what InclusionLens proves on-chain. */
export function verifyRangeProof(
  root: Hash,
  count: number,
  index: number,
  leaf: Hash,
  proof: RangeProof,
): boolean {
  const place = rangePath(count, index);
  if (place === null || proof.path.length !== place.path.length) return false;
  if (rangeRoot({ count, peaks: proof.peaks }) !== root) return false;
  let node = leaf;
  for (const [level, sibling] of proof.path.entries()) {
    const right = place.path[level]!.index % 2 === 1;
    node = right ? merkleNode(node, sibling) : merkleNode(sibling, node);
  }
  return node === proof.peaks[place.peak];
}
