import { termOf } from "../leader.ts";
import { hasSeat } from "../quorum.ts";
import type { EpochContext, Ledgered } from "../state.ts";
import type { Block } from "../types/index.ts";

/** Counters are 16 bits in the accounting's encoding; an epoch is bounded far below. */
const MOST = 65_535;

const bumped = (counts: readonly number[], seat: number): readonly number[] =>
  counts.map((count, at) => (at === seat && count < MOST ? count + 1 : count));

/**
 * The participation vector with one more final block (section 6): its proposer, and for every block of the epoch
 * whose N or F it carries, the voters missing from that certificate.
 */
export function counted(
  context: EpochContext,
  ledgered: Ledgered,
  block: Block,
): Pick<Ledgered, "missed" | "proposed"> {
  const { electorate, leader, params } = context;
  let { missed } = ledgered;
  for (const c of block.body.certificates) {
    if (c.kind === "nullify") continue;
    missed = missed.map((count, seat) =>
      electorate.voters[seat] && !hasSeat(c.bitmap, seat) && count < MOST ? count + 1 : count,
    );
  }
  return { missed, proposed: bumped(ledgered.proposed, leader(termOf(block.header.view, params.termViews))) };
}
