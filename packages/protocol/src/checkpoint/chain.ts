import { appendLeaf, ROOTS_HANDED_OVER } from "../codec/index.ts";
import type { Draft } from "../draft.ts";
import { firstFacts } from "../epoch/index.ts";
import { checkpointRootOf } from "../memo.ts";
import { attended, noAttendance } from "../modes/index.ts";
import type {
  BlockRecord,
  ChainFacts,
  DueCheckpoint,
  EpochContext,
  FinalBlock,
  FinalNode,
} from "../state.ts";
import type { Block, Certificate, ExecutedRoots, Hash } from "../types/index.ts";
import { checkpointOf, isDue } from "./due.ts";

/** How many final heights later rules look back at: carried certificates reach one term, roots `rootLag` heights. */
const lookBack = (context: EpochContext): number => context.params.termViews + 2;
const rootsBack = (context: EpochContext): number =>
  context.params.rootLag + 2 > ROOTS_HANDED_OVER ? context.params.rootLag + 2 : ROOTS_HANDED_OVER;

const appended = <T>(list: readonly T[], item: T, most: number): readonly T[] =>
  list.length >= most ? [...list.slice(list.length - most + 1), item] : [...list, item];

/** Makes a block the final tip: look-back lists, mountain range, participation, and the checkpoint due at it. */
export function recordFinal(
  d: Draft,
  record: BlockRecord,
  view: number,
  certificate: Certificate | null,
): void {
  appendFinal(d, record.hash, record.block, record.chain!, record.roots!, view, certificate);
}

/** {@link recordFinal} from parts, for restoring. */
export function appendFinal(
  d: Draft,
  hash: Hash,
  block: Block,
  chain: ChainFacts,
  roots: ExecutedRoots,
  view: number,
  certificate: Certificate | null,
): void {
  const { header, body } = block;
  const { s, epoch } = d;
  const final: FinalBlock = {
    hash,
    height: header.height,
    view: header.view,
    parentView: header.parentView,
    stamp: header.stamp,
  };
  s.recent = appended(s.recent, final, lookBack(epoch));
  s.roots = appended(s.roots, roots, rootsBack(epoch));
  s.tip = {
    hash,
    view,
    height: header.height,
    stamp: header.stamp,
    reference: header.reference,
    settledAt: header.settledAt,
    inboxCursor: header.inboxCursor,
    chain,
  };
  const { ledgered } = s;
  // What the last block used was not known when it was proposed, and its child is of another epoch.
  const counts = header.height !== epoch.lastHeight;
  s.ledgered = {
    ...ledgered,
    attendance: attended(epoch, ledgered.attendance, block),
    used: counts ? ledgered.used + roots.used : ledgered.used,
    value: counts ? roots.value : ledgered.value,
    range: appendLeaf(ledgered.range, hash),
  };
  if (body.backings.length > 0)
    s.uncarried = s.uncarried.filter((c) => c.checkpoint.height > chain.backedHeight);
  if (header.height === epoch.lastHeight) s.lastBlock = block;
  if (isDue(epoch, header.height)) addDue(d, block, hash, roots);
  s.history = {
    facts: s.tip,
    view: header.view,
    parentView: header.parentView,
    roots,
    ledgered: s.ledgered,
    certificate,
    carried: body.certificates,
    below: s.history,
  };
}

function addDue(d: Draft, block: Block, hash: Hash, roots: ExecutedRoots): void {
  const { s, epoch } = d;
  const checkpoint = checkpointOf(epoch, s.ledgered, block, hash, roots);
  const root = checkpointRootOf(epoch.domain, checkpoint);
  s.ledgered = { ...s.ledgered, lastDue: { hash: root, height: checkpoint.height } };
  d.map("dueRoots").set(checkpoint.height, root);
  d.map("dueCheckpoints").set(checkpoint.height, checkpoint);
  if (checkpoint.height <= s.backedHeight) return;
  const due: DueCheckpoint = { checkpoint, root, signed: false, own: null };
  s.due = [...s.due, due];
}

/** The final chain back at one of its blocks (null: before the epoch's first), as a recovery needs it. */
export function rebuildFinal(d: Draft, node: FinalNode | null): void {
  const { s, epoch } = d;
  const { start, registry } = epoch;
  const nodes: FinalNode[] = [];
  for (let at = node; at !== null; at = at.below) nodes.unshift(at);
  const height = node?.facts.height ?? start.parent.height;
  s.history = node;
  s.tip = node?.facts ?? { ...start.parent, view: 0, chain: firstFacts(start) };
  s.roots = [...start.roots, ...nodes.map((each) => each.roots)].slice(-rootsBack(epoch));
  s.recent = nodes.slice(-lookBack(epoch)).map(({ facts, view, parentView }) => ({
    hash: facts.hash,
    height: facts.height,
    view,
    parentView,
    stamp: facts.stamp,
  }));
  s.ledgered = node?.ledgered ?? {
    range: { count: start.parent.height + 1, peaks: start.peaks },
    attendance: noAttendance(registry.entries.length),
    used: 0,
    value: 0,
    lastDue: { hash: start.previousCheckpoint, height: start.previousCheckpointHeight },
  };
  s.lastBlock = null;
  s.due = s.due.filter((due) => due.checkpoint.height <= height);
  for (const at of s.dueRoots.keys()) if (at > height) d.map("dueRoots").delete(at);
  for (const at of s.dueCheckpoints.keys()) if (at > height) d.map("dueCheckpoints").delete(at);
  for (const at of s.backings.keys()) if (at > height) d.map("backings").delete(at);
}
