import { unfinalAncestors } from "../ancestors.ts";
import { firstFacts } from "../epoch/index.ts";
import type { BlockRecord, ParentFacts, ReplicaState } from "../state.ts";
import type { ExecutedRoots, Hash } from "../types/index.ts";

/** The block a child builds on, if all that its child inherits is known: the final block or one above it. */
export function parentFacts(s: ReplicaState, hash: Hash): ParentFacts | null {
  if (hash === s.tip.hash) return s.tip;
  const record = s.blocks.get(hash);
  if (record === undefined) return branchPoint(s, hash);
  if (record.chain === null) return null;
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

/** A final block below the tip, where another branch may leave the final chain; null if `hash` is none, or no branch is looked at. */
function branchPoint(s: ReplicaState, hash: Hash): ParentFacts | null {
  if (!s.contradicted && s.activations.size === 0) return null;
  for (let node = s.history; node !== null; node = node.below)
    if (node.facts.hash === hash) return node.facts;
  const { start } = s.epoch;
  return hash === start.parent.hash ? { ...start.parent, view: 0, chain: firstFacts(start) } : null;
}

/** True if the block is in the epoch's final chain. */
export function isFinal(s: ReplicaState, hash: Hash): boolean {
  for (let node = s.history; node !== null; node = node.below) if (node.facts.hash === hash) return true;
  return hash === s.epoch.start.parent.hash;
}

/** A block of a chain as carried certificates and checkpoints name it. */
interface Ancestor {
  readonly hash: Hash;
  readonly parentView: number;
  readonly stamp: number;
}

/** The block proposed in `view` on the chain that ends in `hash`; null if it has none or it lies too far back. */
export function ancestorInView(s: ReplicaState, hash: Hash, view: number): Ancestor | null {
  let base = hash;
  for (const { hash: at, block } of unfinalAncestors(s, hash)) {
    const { header } = block;
    if (header.view === view) return { hash: at, parentView: header.parentView, stamp: header.stamp };
    if (header.view < view) return null;
    base = header.parentHash;
  }
  if (base === s.tip.hash) return s.recent.find((final) => final.view === view) ?? null;
  // A branch that leaves the final chain further down.
  let node = s.history;
  while (node !== null && node.facts.hash !== base) node = node.below;
  while (node !== null && node.view > view) node = node.below;
  return node?.view === view
    ? { hash: node.facts.hash, parentView: node.parentView, stamp: node.facts.stamp }
    : null;
}

/** The block above the final one at `height` on the chain that ends in `hash`. */
export function unfinalAtHeight(s: ReplicaState, hash: Hash, height: number): BlockRecord | null {
  for (const record of unfinalAncestors(s, hash)) if (record.block.header.height === height) return record;
  return null;
}

/** Executed roots of `height` on the chain that ends in `hash`; null if not executed yet. */
export function rootsAtHeight(s: ReplicaState, hash: Hash, height: number): ExecutedRoots | null {
  const unfinal = unfinalAtHeight(s, hash, height);
  if (unfinal !== null || height > s.tip.height) return unfinal?.roots ?? null;
  for (let i = s.roots.length - 1; i >= 0; i--) if (s.roots[i]!.height === height) return s.roots[i]!;
  for (let node = s.history; node !== null; node = node.below)
    if (node.facts.height === height) return node.roots;
  return null;
}

/** True if the block of this hash is executed or final. */
export const isExecuted = (s: ReplicaState, hash: Hash): boolean =>
  hash === s.tip.hash || (s.blocks.get(hash)?.roots ?? null) !== null || branchPoint(s, hash) !== null;
