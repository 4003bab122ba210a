import { seedStep } from "../codec/index.ts";
import { termOf } from "../leader.ts";
import type { ChainFacts, EpochContext } from "../state.ts";
import type { Commitment, Hash, Header } from "../types/index.ts";

/** The seed accumulator with a block added: each term's output counts once, in the order of the chain (section 5). */
export function foldSeed(
  parent: ChainFacts,
  header: Header,
  termViews: number,
): { seed: Hash; term: number } {
  const term = termOf(header.view, termViews);
  return term === parent.term
    ? { seed: parent.seed, term }
    : { seed: seedStep(parent.seed, header.vrfOutput), term };
}

/** What an epoch's last block commits besides what follows from its own chain. */
export type Decided = Pick<Commitment, "modeNext" | "modeWanted" | "registryAfter">;

/** What the last block of an epoch must commit. */
export function commitmentOf(context: EpochContext, seedNext: Hash, decided: Decided): Commitment {
  const { start } = context;
  return {
    registryNext: start.registryNext,
    // R_0 serves epochs 0, 1 and 2: epoch 0 reads no candidate.
    registryAfter: start.epoch === 0 ? start.registryNext : decided.registryAfter,
    modeNext: decided.modeNext,
    modeWanted: decided.modeWanted,
    seedNext,
  };
}

/** True if the block of this height reads a candidate registry at its reference (section 1, "Configuration"). */
export const readsCandidate = (context: EpochContext, height: number): boolean =>
  height === context.lastHeight && context.start.epoch > 0;
