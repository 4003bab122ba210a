import { unfinalAncestors } from "../ancestors.ts";
import { parentFacts } from "../block/index.ts";
import { recordFinal } from "../checkpoint/index.ts";
import type { Draft } from "../draft.ts";
import { firstOfTerm } from "../leader.ts";
import { dropLateVotes, keepLateVotes } from "../modes/index.ts";
import type { BlockRecord } from "../state.ts";
import type { Certificate, Hash } from "../types/index.ts";
import { wantBlock } from "./fetch.ts";

/** Views below the final one whose votes are kept: a late conflicting vote is still evidence. */
const EVIDENCE_VIEWS = 4;

/** Up to so many missing blocks are fetched one by one, by hash; more of them as a run of final blocks. */
export const SHORT_GAP = 4;

/**
 * Rule 8. F(v,h): h and all its ancestors are final, once they are held and executed. Halts if that contradicts a
 * final block or the own execution.
 */
export function rule8Finalize(d: Draft): void {
  const highest = d.s.finalization;
  if (highest === null || highest.view <= d.s.tip.view) return;
  const path = pathTo(d, highest);
  if (path !== null) {
    makeFinal(d, highest, path);
    return;
  }
  if (d.s.halted !== null) return;
  // The highest F may be far ahead: a run of older blocks with an F of their own is final before it.
  for (const f of lowerFinalizations(d, highest)) {
    const run = heldPath(d, f);
    if (run === null || !run.every(isReady(d))) continue;
    makeFinal(d, f, run);
    return;
  }
}

function lowerFinalizations(d: Draft, highest: Certificate): Certificate[] {
  const found: Certificate[] = [];
  for (const { finalization } of d.s.views.values())
    if (finalization !== null && finalization.view > d.s.tip.view && finalization.view < highest.view)
      found.push(finalization);
  return found.sort((a, b) => b.view - a.view);
}

/** The blocks from above the final one up to F's, oldest first; null if one is not held. */
function heldPath(d: Draft, f: Certificate): BlockRecord[] | null {
  const path = [...unfinalAncestors(d.s, f.blockHash)].reverse();
  return path[0]?.block.header.parentHash === d.s.tip.hash ? path : null;
}

/** True if blocks up to some F above the final block are all held: they only wait for batches and execution. */
export function isFinalizing(d: Draft): boolean {
  for (const { finalization } of d.s.views.values())
    if (finalization !== null && finalization.view > d.s.tip.view && heldPath(d, finalization) !== null)
      return true;
  return false;
}

const isReady =
  (d: Draft) =>
  (record: BlockRecord): boolean =>
    record.invalid === null && record.roots !== null && parentFacts(d.s, record.hash) !== null;

function makeFinal(d: Draft, f: Certificate, path: readonly BlockRecord[]): void {
  const last = path[path.length - 1];
  for (const record of path) {
    const { view } = record.block.header;
    const own = record === last ? f : (d.s.views.get(view)?.finalization ?? null);
    const certificate = own?.blockHash === record.hash ? own : null;
    const roots = record.roots!;
    d.persist({ type: "final", block: record.block, certificate, roots });
    recordFinal(d, record, record === last ? f.view : view, certificate);
    d.emit({
      type: "finalized",
      epoch: d.epoch.start.epoch,
      hash: record.hash,
      block: record.block,
      certificate: certificate ?? f,
      roots,
    });
  }
  dropFinal(d, new Set(path.map((record) => record.hash)));
  d.trace(path.length > 1 ? "8: ancestors final with it" : "8: final");
  d.changed = true;
}

/** The blocks that F makes final, oldest first; null while one is missing or not executed, or after halting. */
function pathTo(d: Draft, f: Certificate): BlockRecord[] | null {
  const path = [...unfinalAncestors(d.s, f.blockHash)].reverse();
  const lowest = path[0];
  if (f.blockHash === d.s.tip.hash) {
    // The same last block, finalized again by a later view (rule 2).
    d.s.tip = { ...d.s.tip, view: f.view };
    return null;
  }
  if (lowest === undefined) {
    wantBlock(d, f.blockHash, null);
    return null;
  }
  const { parentHash, height } = lowest.block.header;
  const { tip } = d.s;
  if (parentHash !== tip.hash) {
    if (height <= tip.height + 1)
      d.contradict(
        `F of view ${f.view} contradicts the final block at height ${tip.height}`,
        [f, lowest.block],
        f,
      );
    else if (height <= tip.height + 1 + SHORT_GAP) wantBlock(d, parentHash, lowest.from);
    else d.s.behind = true;
    return null;
  }
  const wrong = path.find((record) => record.invalid !== null);
  if (wrong !== undefined) {
    d.halt(`F of view ${f.view} contradicts the own execution: ${wrong.invalid}`, [f, wrong.block]);
    return null;
  }
  return path.every((record) => record.roots !== null && parentFacts(d.s, record.hash) !== null)
    ? path
    : null;
}

/** Forgets what the final tip settles; branches that lost are abandoned. `final` names the blocks that won. */
export function dropFinal(d: Draft, final: ReadonlySet<Hash>): void {
  const { tip } = d.s;
  const k = d.epoch.params.termViews;
  const oldest = tip.view - k - EVIDENCE_VIEWS;
  for (const record of d.s.views.values()) {
    if (record.view >= oldest) break;
    keepLateVotes(d, record);
  }
  d.s.views = d.s.views.from(oldest);
  dropLateVotes(d);
  for (const view of d.s.own.keys()) if (view < firstOfTerm(tip.view, k)) d.map("own").delete(view);
  const lost = new Set<string>();
  const byHeight = [...d.s.blocks.values()].sort((a, b) => a.block.header.height - b.block.header.height);
  for (const { hash, block, roots, executing } of byHeight) {
    const { height, parentHash } = block.header;
    // What builds on the tip stays, whatever the tip itself is dropped for.
    const isLost =
      height <= tip.height ||
      (parentHash !== tip.hash && (height === tip.height + 1 || lost.has(parentHash)));
    if (!isLost) continue;
    lost.add(hash);
    d.map("blocks").delete(hash);
    if (!final.has(hash) && (roots !== null || executing)) {
      d.emit({ type: "abandoned", hash });
      d.trace("8: branch abandoned");
    }
  }
  if (d.s.fetches.size > 0) d.s.fetches = new Map();
  if (d.s.wanted.size > 0) d.s.wanted = new Map();
  for (const [key, reading] of d.s.readings) {
    if (reading === null) continue;
    const [number, , inboxFrom] = key.split(":");
    if (Number(number) < tip.reference.number || Number(inboxFrom) < tip.inboxCursor)
      d.map("readings").delete(key);
  }
}
