import { ExecutionError } from "../errors.ts";
import { accountKey, emptyAccount, type Moved, movedOn, movedShare, nothingMoved } from "../ledger/index.ts";
import type { Branches } from "./branches.ts";
import type { Layer } from "./layer.ts";
import type { LedgerStore } from "./store.ts";
import type { Turns } from "./turns.ts";

/** What moved since an epoch began, from memory or from the store, and its share of the supply. */
export class ValueAtStake {
  readonly #branches: Branches;
  readonly #store: LedgerStore;
  readonly #turns: Turns;
  /** wei allocated at genesis. */
  readonly #allocated: bigint;

  constructor(branches: Branches, store: LedgerStore, turns: Turns, allocated: bigint) {
    this.#branches = branches;
    this.#store = store;
    this.#turns = turns;
    this.#allocated = allocated;
  }

  /** Millionths of what was allocated and not burnt. */
  share(moved: Moved, burnt: bigint): number {
    return movedShare(moved, this.#allocated - burnt);
  }

  /** What moved in the epoch before a child of a block. */
  async before({ result, state, moved }: Layer, first: number): Promise<Moved> {
    if (result.height + 1 === first) return nothingMoved(first, state.accounts);
    return moved?.first === first ? moved : this.upTo(result.height, first);
  }

  /** The same up to a final block, from the store: a ledger that was opened again, or goes on from further down. */
  async upTo(height: number, first: number): Promise<Moved> {
    await this.#turns.taken();
    const { accounts } = this.#branches.final.state;
    const [sent, changed] = await Promise.all([
      this.#store.sentBetween(first, height),
      this.#store.changedAbove(first - 1),
    ]);
    if (sent === undefined || changed === undefined)
      throw new ExecutionError("STATE_UNAVAILABLE", `what moved since height ${first} is not kept`);
    const base = accounts.with(
      [...changed].map(([address, account]) => [accountKey(address), account ?? emptyAccount]),
    );
    return movedOn(nothingMoved(first, base), sent);
  }
}
