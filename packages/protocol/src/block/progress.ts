import type { Draft } from "../draft.ts";
import { awaitsRegistry } from "../modes/index.ts";
import { isOver } from "../silence.ts";
import type { BlockRecord } from "../state.ts";
import type { Block, Hash, Peer } from "../types/index.ts";
import { isExecuted, isFinal, parentFacts } from "./tree.ts";
import { executedVerdict, forcedReason, validateBlock } from "./validity.ts";

/** What is known of a block's batches: that they are held, and where its forced entries begin. */
export interface Available {
  readonly inboxFrom: number | null;
}

/** Takes in a block whose body matches its header, and asks for its batches unless they are known to be held. */
export function addBlock(
  d: Draft,
  hash: Hash,
  block: Block,
  from: Peer | null,
  available: Available | null = null,
): void {
  const { blocks, finalization, tip } = d.s;
  if (blocks.has(hash)) return;
  if (block.header.height <= tip.height) {
    if (
      finalization !== null &&
      finalization.view > tip.view &&
      finalization.blockHash === hash &&
      hash !== tip.hash
    )
      d.contradict(
        `F of view ${finalization.view} contradicts the final chain below ${tip.height}`,
        [finalization, block],
        finalization,
      );
    // A node that is halted by a contradiction looks at both sides; the own one it has.
    if (!keepsBranches(d) || isFinal(d.s, hash)) return;
  }
  d.setBlock({
    hash,
    block,
    from,
    available: available !== null,
    inboxFrom: available?.inboxFrom ?? null,
    checked: false,
    chain: null,
    executing: false,
    roots: null,
    invalid: null,
  });
  if (d.s.fetches.has(hash)) d.map("fetches").delete(hash);
  if (available === null) {
    const { capacity } = d.epoch.start.hybrid;
    d.emit({ type: "obtain", hash, block, from, capacity });
  }
}

/** A node that is halted by a contradiction, or that learnt of a recovery, also takes in branches from below its final block. */
const keepsBranches = (d: Draft): boolean => d.s.contradicted || isOver(d.s);

/** Notes that a block's VRF proof and carried certificates are verified. */
export function markChecked(d: Draft, hash: Hash): void {
  const record = d.block(hash);
  if (record !== undefined && !record.checked) d.setBlock({ ...record, checked: true });
}

/** Marks a block as false at every honest node. */
export function refuseBlock(d: Draft, record: BlockRecord, reason: string): void {
  d.setBlock({ ...record, invalid: reason });
  d.trace(`3: invalid: ${reason}`);
}

/**
 * Moves every block on as far as what is known allows: validity along its chain, then execution on top of its
 * executed parent. Executed before it is certified, so that certifying waits for nothing (section 9).
 */
export function advanceBlocks(d: Draft): void {
  for (const record of [...d.s.blocks.values()]) {
    if (record.invalid === null && record.roots === null && !record.executing) advance(d, record);
  }
}

function advance(d: Draft, record: BlockRecord): void {
  let current = record;
  if (current.chain === null) {
    const parent = parentFacts(d.s, current.block.header.parentHash);
    if (parent === null || awaitsRegistry(d.s, current.block.body.lateVotes)) return;
    const verdict = validateBlock(d.s, d.epoch, current.block, parent);
    if (verdict.invalid !== null) {
      refuseBlock(d, current, verdict.invalid);
      return;
    }
    current = { ...current, chain: verdict.chain };
    d.setBlock(current);
  }
  if (!current.available) return;
  const { parentHash } = current.block.header;
  const parent = parentFacts(d.s, parentHash);
  const forced = parent === null ? null : forcedReason(current.block.header, current.inboxFrom, parent);
  if (forced !== null) {
    refuseBlock(d, current, forced);
    return;
  }
  if (!isExecuted(d.s, parentHash)) return;
  const verdict = executedVerdict(d.s, d.epoch, current.block);
  if (verdict === "wait") return;
  if (verdict.invalid !== null) {
    refuseBlock(d, current, verdict.invalid);
    return;
  }
  d.setBlock({ ...current, executing: true });
  const { start, registry } = d.epoch;
  const valueFrom = registry.params.valueLimit === 0 ? null : start.firstHeight;
  d.emit({ type: "execute", hash: current.hash, parentHash, block: current.block, valueFrom });
}
