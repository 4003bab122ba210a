import { ExecutionError } from "../errors.ts";

/** Changes of what is final, which happen one after the other, until the ledger is closed. */
export class Turns {
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  /** Runs a change after those before it. */
  take(change: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(change);
    // A failed change is its caller's to handle; the next one starts from where this one left things.
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Resolves when the changes so far have happened, or failed. */
  taken(): Promise<void> {
    return this.#last;
  }

  close(): void {
    this.#closed = true;
  }

  /** @throws {ExecutionError} CLOSED */
  assertOpen(): void {
    if (this.#closed) throw new ExecutionError("CLOSED", "the ledger is closed");
  }
}
