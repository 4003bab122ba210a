import { parentFacts, unfinalAncestors } from "../block/index.ts";
import { recordFinal } from "../checkpoint/index.ts";
import type { Draft } from "../draft.ts";
import { firstOfTerm } from "../leader.ts";
import type { BlockRecord } from "../state.ts";
import type { Certificate, Hash } from "../types/index.ts";
import { wantBlock } from "./fetch.ts";

/** Views below the final one whose votes are kept: a late conflicting vote is still evidence. */
const EVIDENCE_VIEWS = 4;

/**
 * Rule 8. F(v,h): h and all its ancestors are final, once they are held and executed. Halts if that contradicts a
 * final block or the own execution.
 */
export function rule8Finalize(d: Draft): void {
  const f = d.s.finalization;
  if (f === null || f.view <= d.s.tip.view) return;
  const path = pathTo(d, f);
  if (path === null) return;
  for (const record of path) {
    const own =
      record === path[path.length - 1] ? f : (d.s.views.get(record.block.header.view)?.finalization ?? null);
    const certificate = own?.blockHash === record.hash ? own : null;
    d.persist({ type: "final", block: record.block, certificate, roots: record.roots! });
    recordFinal(d, record, record === path[path.length - 1] ? f.view : record.block.header.view);
    d.emit({
      type: "finalized",
      epoch: d.epoch.start.epoch,
      hash: record.hash,
      block: record.block,
      certificate: certificate ?? f,
      roots: record.roots!,
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
  if (parentHash !== d.s.tip.hash) {
    if (height > d.s.tip.height + 1) wantBlock(d, parentHash, lowest.from);
    else
      d.halt(`F of view ${f.view} contradicts the final block at height ${d.s.tip.height}`, [
        f,
        lowest.block,
      ]);
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
  for (const view of d.s.views.keys()) if (view < oldest) d.map("views").delete(view);
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
  for (const [key, reading] of d.s.readings)
    if (reading !== null && Number(key.slice(0, key.indexOf(":"))) < tip.reference.number)
      d.map("readings").delete(key);
}
