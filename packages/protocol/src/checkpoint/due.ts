import { participationHash, rangeRoot } from "../codec/index.ts";
import type { EpochContext, Ledgered } from "../state.ts";
import type { Accounting, Block, Boundary, Checkpoint, ExecutedRoots, Hash } from "../types/index.ts";

/** The load multiplier until the load is measured: 1, in millionths. */
export const NEUTRAL_MULTIPLIER = 1_000_000;

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
    loadMultiplier: NEUTRAL_MULTIPLIER,
    vectorHash: participationHash(
      ledgered.missed.map((missed, seat) => ({ missed, proposed: ledgered.proposed[seat]! })),
    ),
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
