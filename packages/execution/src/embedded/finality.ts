import { ExecutionError } from "../errors.ts";
import { type Address, accountKey, type Hash, type PendingQueue } from "../ledger/index.ts";
import type { Branches } from "./branches.ts";
import { accountIn, type Layer, layerOf } from "./layer.ts";
import { loadState } from "./load.ts";
import type { FinalizedBlock, LedgerStore } from "./store.ts";

/** Makes blocks final, in the store first and then in memory, and takes final ones back: one change at a time. */
export class Finality {
  readonly #branches: Branches;
  readonly #store: LedgerStore;
  readonly #pending: PendingQueue;
  /** Final blocks whose effects can be taken back. */
  readonly #undoKept: number;

  constructor(branches: Branches, store: LedgerStore, pending: PendingQueue, undoKept: number) {
    this.#branches = branches;
    this.#store = store;
    this.#pending = pending;
    this.#undoKept = undoKept;
  }

  /** @throws {ExecutionError} UNKNOWN_BLOCK; CONFLICTING_FINAL */
  async finalize(hash: Hash): Promise<void> {
    const path = this.#branches.pathTo(hash);
    const lowest = path[0];
    if (lowest === undefined) return this.#finalizeAgain(hash);
    if (lowest.result.parentHash !== this.#branches.final.result.hash) {
      throw new ExecutionError(
        "CONFLICTING_FINAL",
        `block ${hash} does not extend final block ${this.#branches.final.result.hash}`,
      );
    }
    let { state } = this.#branches.final;
    const blocks: FinalizedBlock[] = path.map((layer) => {
      const parent = state;
      ({ state } = layer);
      const before = new Map(
        [...layer.changes.keys()].map((address) => [address, parent.accounts.get(accountKey(address))]),
      );
      const { sent, moved } = layer;
      const { result, changes } = layer;
      return { result, changes, before, sent: moved === null ? null : { first: moved.first, sent } };
    });
    await this.#store.write(blocks);
    this.#branches.finalize(path);
    for (const layer of path) this.#settle(layer);
  }

  /** Brings the state of a final block below the highest back into memory. */
  async bringBack(hash: Hash, height: number): Promise<void> {
    const known = this.#branches.finalAt(height);
    if (known !== undefined || height < 0 || (await this.#store.heightOf(hash)) !== height) return;
    const block = await this.#store.blockAt(height);
    const before = await this.#store.changedAbove(height);
    if (block === undefined || before === undefined) return;
    this.#branches.bringBack(layerOf(block, await loadState(this.#store, block, before)));
  }

  /** @throws {ExecutionError} UNKNOWN_BLOCK; STATE_UNAVAILABLE */
  async rewind(hash: Hash): Promise<void> {
    const height = await this.#store.heightOf(hash);
    if (height === undefined) throw new ExecutionError("UNKNOWN_BLOCK", `block ${hash} is not final`);
    if (height === this.#branches.final.result.height) return;
    const before = await this.#store.changedAbove(height);
    await this.bringBack(hash, height);
    const target = this.#branches.finalAt(height);
    if (before === undefined || target === undefined) {
      throw new ExecutionError(
        "STATE_UNAVAILABLE",
        `what led beyond height ${height} is no longer kept: ${this.#undoKept} final blocks can be taken back`,
      );
    }
    await this.#store.rewind(height, before);
    this.#branches.rewind(target);
  }

  /** Brings what waits in line with a block that became final. */
  #settle(layer: Layer): void {
    const nonceOf = (address: Address) => accountIn(this.#branches.latest.state, address).nonce;
    for (const address of layer.changes.keys()) this.#pending.advance(address, nonceOf(address));
    for (const { from, nonce, hash, reason } of layer.skipped) {
      if (reason === "NONCE_GAP") this.#pending.again(from, nonceOf(from), nonce);
      else this.#pending.drop(from, nonce, hash);
    }
  }

  async #finalizeAgain(hash: Hash): Promise<void> {
    const height = await this.#store.heightOf(hash);
    if (height === undefined) throw new ExecutionError("UNKNOWN_BLOCK", `block ${hash} is not executed`);
  }
}
