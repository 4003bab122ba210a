import { participationHash, rangeRoot } from "../codec/index.ts";
import { participation } from "../modes/index.ts";
import type { EpochContext, Ledgered } from "../state.ts";
import type { Accounting, Block, Boundary, Checkpoint, ExecutedRoots, Hash } from "../types/index.ts";

/** True if a checkpoint is due at `height`: every `checkpointInterval` blocks of the epoch and at its end (section 8). */
export function isDue(context: EpochContext, height: number): boolean {
  const position = height - context.start.firstHeight + 1;
  return height === context.lastHeight || position % context.params.checkpointInterval === 0;
}

/** What rewards of the epoch are computed from; the last block must be in `ledgered` already. */
export function accountingOf(context: EpochContext, ledgered: Ledgered, last: Block): Accounting {
  return {
    epoch: context.start.epoch,
    views: last.header.view,
    stamp: last.header.stamp,
    loadMultiplier: context.start.hybrid.multiplier,
    vectorHash: participationHash(participation(context, ledgered.attendance)),
  };
}

/** The checkpoint of a final block that is due for one; `ledgered` includes the block. */
export function checkpointOf(
  context: EpochContext,
  ledgered: Ledgered,
  block: Block,
  blockHash: Hash,
  roots: ExecutedRoots,
): Checkpoint {
  const { height, view, stamp } = block.header;
  const { commitment } = block.body;
  const boundary: Boundary | null =
    commitment === null ? null : { commitment, accounting: accountingOf(context, ledgered, block) };
  return {
    height,
    view,
    stamp,
    blockHash,
    stateRoot: roots.stateRoot,
    blocksRoot: rangeRoot(ledgered.range),
    previous: ledgered.lastDue.hash,
    boundary,
  };
}
