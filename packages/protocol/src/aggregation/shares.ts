import type { Seat } from "../types/index.ts";
import type { Horizon } from "./horizon.ts";
import type { AggregationMessage } from "./io.ts";
import { isOfVotes, viewOf } from "./topic.ts";

/**
 * Statements of a signer that are added up in a view: of votes two proposals, their finalization, NULLIFY, and one to
 * spare; of checkpoints the one of its block.
 */
const MOST_OF_SIGNER = { votes: 6, checkpoints: 1 } as const;
/** An aggregate has at least this share of its subnet, 1 in 8: else a few could make many of what nobody else signs. */
export const LEAST_SHARE = 8;

/** How much is taken in of each sender: as much as honest nodes send at most. */
export class Shares {
  readonly #horizon: Horizon;
  /**
   * By view of what is voted for, votes and checkpoints apart, what was taken in of whom. Not by a checkpoint's height,
   * which is whatever its sender says.
   */
  readonly #votes = new Map<number, Map<number, number>>();
  readonly #checkpoints = new Map<number, Map<number, number>>();

  constructor(horizon: Horizon) {
    this.#horizon = horizon;
  }

  /**
   * Takes one more of a sender's messages in; false: it has sent as many as honest nodes do at most. Of an aggregator so
   * many of a subnet have the least share if each of its voters signs what it may.
   */
  admit(message: AggregationMessage, from: Seat, subnet: number): boolean {
    const isVote = isOfVotes(message);
    const shares = isVote ? this.#votes : this.#checkpoints;
    const view = viewOf(message);
    let counts = shares.get(view);
    if (counts === undefined) {
      counts = new Map();
      shares.set(view, counts);
    }
    const isSingle = "vote" in message;
    // The own votes of a sender and its aggregates of each subnet count apart.
    const key = from * 2_048 + (isSingle ? 0 : subnet + 1);
    const ofSigner = isVote ? MOST_OF_SIGNER.votes : MOST_OF_SIGNER.checkpoints;
    const count = counts.get(key) ?? 0;
    if (count >= (isSingle ? ofSigner : LEAST_SHARE * ofSigner)) return false;
    counts.set(key, count + 1);
    return true;
  }

  /** Drops what is below the horizon. */
  forget(): void {
    for (const view of this.#votes.keys()) if (view < this.#horizon.floor(true)) this.#votes.delete(view);
    for (const view of this.#checkpoints.keys())
      if (view < this.#horizon.floor(false)) this.#checkpoints.delete(view);
  }
}
