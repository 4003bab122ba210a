import type { BlockSummary, FinalReceipt, LedgerSnapshot, StateTag, StateView } from "../engine.ts";
import { ExecutionError } from "../errors.ts";
import {
  accountKey,
  baseFeeAfter,
  type Hash,
  type LedgerParameters,
  type PendingQueue,
} from "../ledger/index.ts";
import type { Branches } from "./branches.ts";
import { accountIn, type Layer } from "./layer.ts";
import type { LedgerStore } from "./store.ts";
import type { Turns } from "./turns.ts";

/** Blocks, states and receipts as they are asked for: above the final block from memory, from there down from the store. */
export class LedgerReader {
  readonly #branches: Branches;
  readonly #store: LedgerStore;
  readonly #pending: PendingQueue;
  readonly #turns: Turns;
  readonly #parameters: LedgerParameters;

  constructor(
    branches: Branches,
    store: LedgerStore,
    pending: PendingQueue,
    turns: Turns,
    parameters: LedgerParameters,
  ) {
    this.#branches = branches;
    this.#store = store;
    this.#pending = pending;
    this.#turns = turns;
    this.#parameters = parameters;
  }

  async stateAt(tag: StateTag): Promise<StateView> {
    this.#turns.assertOpen();
    const layer = await this.#layerAt(tag);
    const pending = tag === "pending" ? this.#pending : null;
    const { state, result } = layer;
    return {
      block: result,
      nextBaseFee: baseFeeAfter(state, this.#parameters),
      balance: async (address) => accountIn(state, address).balance,
      nonce: async (address) => {
        const { nonce } = accountIn(state, address);
        return pending === null ? nonce : pending.nonce(address, nonce);
      },
      proof: async (address) => state.accounts.prove(accountKey(address)),
    };
  }

  async snapshot(hash: Hash): Promise<LedgerSnapshot> {
    this.#turns.assertOpen();
    const { state, result } = await this.#layerAt({ hash });
    const store = this.#store;
    return {
      block: result,
      accounts: async function* (from) {
        // Accounts never go: those of a later final state are all there were, and some more.
        for await (const [address] of store.accounts(from)) {
          const account = state.accounts.get(accountKey(address));
          if (account !== undefined) yield [address, account] as const;
        }
      },
    };
  }

  async block(
    which: { readonly height: number } | { readonly hash: Hash },
  ): Promise<BlockSummary | undefined> {
    this.#turns.assertOpen();
    if ("hash" in which) {
      const layer = this.#branches.get(which.hash);
      if (layer !== undefined) return layer.result;
      const height = await this.#store.heightOf(which.hash);
      return height === undefined ? undefined : this.#store.blockAt(height);
    }
    return this.#branches.finalAt(which.height)?.result ?? this.#store.blockAt(which.height);
  }

  async rootsAt(
    hash: Hash,
    height: number,
  ): Promise<{ readonly stateRoot: Hash; readonly receiptsRoot: Hash }> {
    this.#turns.assertOpen();
    let block = await this.block({ hash });
    while (block !== undefined && block.height > height && this.#branches.above(block.hash) !== undefined) {
      block = this.#branches.get(block.parentHash)?.result;
    }
    // From the final block down there is one chain, and heights name its blocks.
    if (block !== undefined && block.height > height) block = await this.block({ height });
    if (block?.height !== height) {
      throw new ExecutionError("UNKNOWN_BLOCK", `no ancestor of ${hash} at height ${height}`);
    }
    return { stateRoot: block.stateRoot, receiptsRoot: block.receiptsRoot };
  }

  async receipt(transactionHash: Hash): Promise<FinalReceipt | undefined> {
    this.#turns.assertOpen();
    return this.#store.receipt(transactionHash);
  }

  async executed(hash: Hash): Promise<readonly Hash[] | undefined> {
    this.#turns.assertOpen();
    const layer = this.#branches.above(hash);
    if (layer !== undefined) return layer.result.receipts.map(({ transactionHash }) => transactionHash);
    const height = await this.#store.heightOf(hash);
    return height === undefined ? undefined : this.#store.executedAt(height);
  }

  async receiptsOf(height: number): Promise<readonly FinalReceipt[] | undefined> {
    this.#turns.assertOpen();
    const hashes = await this.#store.executedAt(height);
    if (hashes === undefined) return undefined;
    const receipts = await Promise.all(hashes.map((hash) => this.#store.receipt(hash)));
    return receipts.filter((receipt) => receipt !== undefined);
  }

  async #layerAt(tag: StateTag): Promise<Layer> {
    if (tag === "latest" || tag === "pending") return this.#branches.latest;
    if (tag === "finalized") return this.#branches.final;
    const block = "hash" in tag ? await this.block(tag) : undefined;
    if ("hash" in tag && block === undefined)
      throw new ExecutionError("UNKNOWN_BLOCK", `block ${tag.hash} is unknown`);
    const height = "hash" in tag ? block!.height : tag.height;
    const layer =
      ("hash" in tag ? this.#branches.above(tag.hash) : undefined) ?? this.#branches.finalAt(height);
    if (layer !== undefined) return layer;
    if (height > this.#branches.final.result.height)
      throw new ExecutionError("UNKNOWN_BLOCK", `height ${height} is not final`);
    throw new ExecutionError(
      "STATE_UNAVAILABLE",
      `the state at height ${height} is no longer kept; the last ${this.#branches.finalKept} final ones are`,
    );
  }
}
