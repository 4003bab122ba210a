import { rebuildFinal, recordFinal } from "../checkpoint/index.ts";
import type { Draft } from "../draft.ts";
import { recoveredStart } from "../epoch/index.ts";
import { beginEpoch } from "../handover.ts";
import { wantRegistry } from "../registries.ts";
import { isOver, pendingActivation } from "../silence.ts";
import type { BlockRecord, FinalNode } from "../state.ts";
import type { Activation, Hash } from "../types/index.ts";
import { wantBlock } from "../view/index.ts";

/**
 * Activation (section 6, 4): epoch e + 1 of the next incarnation begins from the recovery point, Secure; everything
 * above the point is given up, by a node that a contradiction halted too. Returns true if the epoch began.
 */
export function recover(d: Draft): boolean {
  const activation = pendingActivation(d.s);
  if (activation === null || !isOver(d.s)) return false;
  const { start } = d.epoch;
  if (activation.epoch < start.epoch) {
    resume(d, activation);
    return false;
  }
  wantRegistry(d, activation.registry, start.epoch + 1);
  const place = find(d, activation.blockHash);
  if (place === null) return false;
  const registry = d.s.registries.get(activation.registry);
  if (registry === undefined) return false;
  giveUp(d, place.fork);
  for (const record of place.branch) makeFinal(d, record);
  const begun = beginEpoch(d, recoveredStart(d.s, d.epoch, activation), registry, null);
  if (!begun) return false;
  d.s.halted = null;
  d.s.contradicted = false;
  d.trace("6: recovered");
  return true;
}

/** An epoch below the own was recovered: what happened in it is in the shell's records. */
function resume(d: Draft, { epoch }: Activation): void {
  if (d.s.resumeAsked) return;
  d.s.resumeAsked = true;
  d.trace("6: resumed from records of an earlier epoch");
  d.emit({ type: "resume", epoch, incarnation: d.epoch.start.incarnation });
}

/** Where the recovery point is: the final block it descends from, and the executed blocks from there up to it. */
function find(
  d: Draft,
  hash: Hash,
): { readonly fork: FinalNode | null; readonly branch: readonly BlockRecord[] } | null {
  const branch: BlockRecord[] = [];
  let at = hash;
  for (;;) {
    if (at === d.epoch.start.parent.hash) break;
    const node = nodeAt(d, at);
    if (node !== null) return ready(d, branch) ? { fork: node, branch } : null;
    const record = d.block(at);
    if (record === undefined) {
      wantBlock(d, at, null);
      return null;
    }
    branch.unshift(record);
    at = record.block.header.parentHash;
  }
  return ready(d, branch) ? { fork: null, branch } : null;
}

function nodeAt(d: Draft, hash: Hash): FinalNode | null {
  for (let node = d.s.history; node !== null; node = node.below) if (node.facts.hash === hash) return node;
  return null;
}

/** All executed; halts for good if one is false here: more than 2/3 of the stake executed it otherwise. */
function ready(d: Draft, branch: readonly BlockRecord[]): boolean {
  const wrong = branch.find((record) => record.invalid !== null);
  if (wrong !== undefined) {
    d.s.contradicted = false;
    d.s.halted = null;
    d.halt(`the recovery point contradicts the own execution: ${wrong.invalid}`, [wrong.block]);
    return false;
  }
  return branch.every((record) => record.roots !== null && record.chain !== null);
}

/** Final blocks above `fork` (null: all of the epoch) are final no longer, here and in the execution. */
function giveUp(d: Draft, fork: FinalNode | null): void {
  const { hash, height } = fork?.facts ?? d.epoch.start.parent;
  if (d.s.tip.hash === hash) return;
  d.persist({ type: "rewound", hash, height });
  rebuildFinal(d, fork);
  d.emit({ type: "rewind", hash, height });
  d.trace("6: final blocks given up");
}

/** A block below the recovery point that no F made final here: the contracts' word does. */
function makeFinal(d: Draft, record: BlockRecord): void {
  const { hash, block } = record;
  const roots = record.roots!;
  d.persist({ type: "final", block, certificate: null, roots });
  recordFinal(d, record, block.header.view, null);
  d.emit({ type: "recovered", epoch: d.epoch.start.epoch, hash, block, roots });
}
