import { unfinalAncestors } from "../ancestors.ts";
import type { BlockRecord, ParentFacts, ReplicaState } from "../state.ts";
import type { ExecutedRoots, Hash } from "../types/index.ts";

/** The block a child builds on, if all that its child inherits is known: the final block or one above it. */
export function parentFacts(s: ReplicaState, hash: Hash): ParentFacts | null {
  if (hash === s.tip.hash) return s.tip;
  const record = s.blocks.get(hash);
  if (record === undefined || record.chain === null) return null;
  const { header } = record.block;
  return {
    hash,
    view: header.view,
    height: header.height,
    stamp: header.stamp,
    reference: header.reference,
    settledAt: header.settledAt,
    inboxCursor: header.inboxCursor,
    chain: record.chain,
  };
}

/** A block of a chain as carried certificates and checkpoints name it. */
interface Ancestor {
  readonly hash: Hash;
  readonly parentView: number;
  readonly stamp: number;
}

/** The block proposed in `view` on the chain that ends in `hash`; null if it has none or it lies too far back. */
export function ancestorInView(s: ReplicaState, hash: Hash, view: number): Ancestor | null {
  for (const { hash: at, block } of unfinalAncestors(s, hash)) {
    const { header } = block;
    if (header.view === view) return { hash: at, parentView: header.parentView, stamp: header.stamp };
    if (header.view < view) return null;
  }
  return s.recent.find((final) => final.view === view) ?? null;
}

/** The block above the final one at `height` on the chain that ends in `hash`. */
export function unfinalAtHeight(s: ReplicaState, hash: Hash, height: number): BlockRecord | null {
  for (const record of unfinalAncestors(s, hash)) if (record.block.header.height === height) return record;
  return null;
}

/** Executed roots of `height` on the chain that ends in `hash`; null if not executed yet. */
export function rootsAtHeight(s: ReplicaState, hash: Hash, height: number): ExecutedRoots | null {
  if (height > s.tip.height) return unfinalAtHeight(s, hash, height)?.roots ?? null;
  for (let i = s.roots.length - 1; i >= 0; i--) if (s.roots[i]!.height === height) return s.roots[i]!;
  return null;
}

/** True if the block of this hash is executed or final. */
export const isExecuted = (s: ReplicaState, hash: Hash): boolean =>
  hash === s.tip.hash || (s.blocks.get(hash)?.roots ?? null) !== null;
