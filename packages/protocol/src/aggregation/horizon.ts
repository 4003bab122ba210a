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

  /** True if votes or checkpoints of a view are taken in: it is not long final nor far ahead. */
  isNear(view: number, isVote: boolean): boolean {
    return view >= this.floor(isVote) && view <= this.#highest + VIEWS_AHEAD;
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
