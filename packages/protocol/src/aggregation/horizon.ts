import type { Ballot } from "./contradictions.ts";
import { viewOf } from "./topic.ts";

/** Views whose votes are taken in beyond the current one. */
const VIEWS_AHEAD = 16;
/** Views below the final one of which checkpoints are still aggregated. */
const CHECKPOINT_VIEWS = 256;

/** Of which views votes and checkpoints are taken in. */
export class Horizon {
  #lowest = 1;
  #highest = 0;

  get lowest(): number {
    return this.#lowest;
  }

  /** The current view, as far as is known. */
  get highest(): number {
    return this.#highest;
  }

  /** The lowest view of which votes or checkpoints are taken in: a checkpoint is of a final view, and is backed later. */
  floor(isVote: boolean): number {
    return isVote ? this.#lowest : this.#lowest - CHECKPOINT_VIEWS;
  }

  isAhead(view: number): boolean {
    return view > this.#highest + VIEWS_AHEAD;
  }

  /** True if a vote is of a view that is not final yet nor far ahead. */
  isNear(message: Ballot): boolean {
    const view = viewOf(message);
    return view >= this.floor(message.type === "vote") && !this.isAhead(view);
  }

  /** The network is in this view at least. */
  reach(view: number): void {
    if (view > this.#highest) this.#highest = view;
  }

  /** Everything below a view is final. */
  forget(view: number): void {
    this.#lowest = view;
  }
}
