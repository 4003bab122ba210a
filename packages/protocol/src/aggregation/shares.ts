import type { Seat } from "../types/index.ts";
import type { Horizon } from "./horizon.ts";
import type { Topic } from "./topic.ts";

/** Votes of a signer that are added up in a view: two proposals, their finalization, NULLIFY, and one to spare. */
export const VOTES_OF_SIGNER = 6;
/** An aggregate has at least this share of its subnet, 1 in 8: else a few could make many of what nobody else signs. */
export const LEAST_SHARE = 8;
/** Aggregates of a subnet that are taken of a sender in a view: so many have that share if each signs what it may. */
export const PARTS_OF_SENDER = LEAST_SHARE * VOTES_OF_SIGNER;

/** How much was taken in of each sender of one view or height. */
interface Share {
  readonly isVote: boolean;
  readonly view: number;
  /** By sender and, of aggregates, subnet. */
  readonly counts: Map<number, number>;
}

/** How much of each sender is taken in: as much as honest nodes send at most. */
export class Shares {
  readonly #horizon: Horizon;
  /** What was taken in of whom, by view; checkpoints by height, below zero. */
  readonly #shares = new Map<number, Share>();

  constructor(horizon: Horizon) {
    this.#horizon = horizon;
  }

  /** Takes one more of a sender's messages in; false: it has sent as many as honest nodes do at most. */
  admit(topic: Topic, key: number, most: number): boolean {
    const { subject, view } = topic;
    const isVote = subject.what === "vote";
    const at = isVote ? view : -subject.checkpoint.height;
    let share = this.#shares.get(at);
    if (share === undefined) {
      share = { isVote, view, counts: new Map() };
      this.#shares.set(at, share);
    }
    const count = share.counts.get(key) ?? 0;
    if (count >= most) return false;
    share.counts.set(key, count + 1);
    return true;
  }

  /** Drops what is below the horizon. */
  forget(): void {
    for (const [at, share] of this.#shares)
      if (share.view < this.#horizon.floor(share.isVote)) this.#shares.delete(at);
  }
}

/** Counts a sender's messages of a subnet apart; -1: its own votes. */
export const keyOf = (from: Seat, subnet: number): number => from * 2_048 + subnet + 1;
