import {
  type ExecutionEngine,
  ExecutionError,
  type ExecutionResult,
  handedOn,
} from "@aitbc-hybrid/execution";
import { type Block, type Hash, usedOf } from "@aitbc-hybrid/protocol";
import type { ChainStore, FinalBlock } from "../chain/index.ts";
import type { DataPath } from "../data/index.ts";
import { sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Settlement } from "../settlement/index.ts";
import type { EffectOf, EngineListener, EngineLoop, EngineMetrics } from "./types.ts";

/** Wait before a busy ledger is asked again, ms. */
const BUSY_MS = 20;

export interface LedgerModules {
  readonly data: Pick<DataPath, "obtain" | "transactions" | "finalized">;
  readonly execution: ExecutionEngine;
  readonly chain: Pick<ChainStore, "append" | "rewind">;
  readonly settlement: Pick<Settlement, "watch">;
  readonly listener: Pick<EngineListener, "executed" | "finalized">;
  readonly log: Log;
  readonly metrics: Pick<EngineMetrics, "executed">;
  readonly loop: EngineLoop;
}

/** Blocks on their way: their batches are obtained, they are executed, become final, one after the other, or are given up. */
export class Ledger {
  readonly #modules: LedgerModules;
  /** Blocks above the final one, by hash: what a branch ordered already. */
  readonly #blocks = new Map<Hash, Block>();
  /** Outcomes of blocks above the final one. */
  readonly #results = new Map<Hash, ExecutionResult>();
  /** Finalization happens one block after the other. */
  #finalizing: Promise<void> = Promise.resolve();

  constructor(modules: LedgerModules) {
    this.#modules = modules;
  }

  /** A block above the final one with its outcome, as far as it was executed. */
  speculative(hash: Hash): { readonly block: Block; readonly result: ExecutionResult | null } | null {
    const block = this.#blocks.get(hash);
    return block === undefined ? null : { block, result: this.#results.get(hash) ?? null };
  }

  /** The batches that a block and its ancestors above the final one ordered. */
  ordered(tip: Hash): Set<Hash> {
    const taken = new Set<Hash>();
    for (let hash = tip; ; ) {
      const block = this.#blocks.get(hash);
      if (block === undefined) return taken;
      for (const digest of block.body.batches) taken.add(digest);
      hash = block.header.parentHash;
    }
  }

  /** Gets a block's batches; tells the replica whether they are there and well-formed. */
  async obtain({ hash, block, from, capacity }: EffectOf<"obtain">): Promise<void> {
    const { data, log, loop } = this.#modules;
    this.#blocks.set(hash, block);
    const availability = await data.obtain(block, from, capacity);
    const { ok } = availability;
    if (!ok) log.warn({ block: hash, reason: availability.reason }, "block refused");
    loop.submit({ type: "available", hash, ok, inboxFrom: ok ? availability.inboxFrom : null });
  }

  /** Executes a block whose batches are there; tells the replica the outcome. */
  async execute({ hash, parentHash, block, valueFrom }: EffectOf<"execute">): Promise<void> {
    const { data, execution, listener, metrics, loop } = this.#modules;
    this.#blocks.set(hash, block);
    const begun = performance.now();
    const { height, stamp, feeRecipient } = block.header;
    const transactions = await data.transactions(block);
    const context = { hash, height, stamp, feeRecipient, valueFrom };
    let result: ExecutionResult | null = null;
    while (result === null) {
      try {
        result = await execution.execute(parentHash, context, transactions);
      } catch (error) {
        // The workers that recover senders have more to do than they may queue.
        if (!(error instanceof ExecutionError) || error.code !== "BUSY" || loop.isClosed()) throw error;
        await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      }
    }
    metrics.executed((performance.now() - begun) / 1_000);
    this.#results.set(hash, result);
    loop.submit({
      type: "executed",
      hash,
      stateRoot: result.stateRoot,
      receiptsRoot: result.receiptsRoot,
      handedOn: handedOn(result),
      used: usedOf(
        transactions.reduce((sum, transaction) => sum + transaction.length, 0),
        result.gasUsed,
      ),
      value: result.value,
    });
    listener.executed();
  }

  /** A branch was lost. */
  abandon(hash: Hash): void {
    this.#blocks.delete(hash);
    this.#results.delete(hash);
  }

  /** All branches were lost: another replica takes the place of the one that built them. */
  forget(): void {
    this.#blocks.clear();
    this.#results.clear();
  }

  /** The next final block: into the chain's store at once, into the ledger after those before it. */
  append(final: FinalBlock): void {
    this.#modules.chain.append(final);
    this.#finalizing = this.#finalizing.then(() => this.#finalize(final));
  }

  /** Final blocks above this one are given up, in the store and in the ledger. */
  rewind(hash: Hash, height: number): void {
    const { chain, execution, log, loop } = this.#modules;
    log.warn({ height, hash }, "final blocks above are given up: a recovery goes on from here");
    chain.rewind(height);
    this.#finalizing = this.#finalizing.then(async () => {
      try {
        await execution.rewind(hash);
      } catch (error) {
        loop.halt(`the ledger cannot go back to block ${height}: ${sentence(error)}`, false);
      }
    });
  }

  /** Resolves when the final blocks so far are stored. */
  async close(): Promise<void> {
    await this.#finalizing;
  }

  async #finalize(final: FinalBlock): Promise<void> {
    const { data, execution, listener, settlement, log, loop } = this.#modules;
    const { header } = final.block;
    try {
      await execution.finalize(final.hash);
    } catch (error) {
      log.fatal({ err: error, height: header.height }, "a final block could not be stored");
      loop.halt(`a final block could not be stored: ${sentence(error)}`, false);
      return;
    }
    // Receipts need not wait for this.
    loop.background(data.finalized(final.block), "noting final batches");
    const result = this.#results.get(final.hash) ?? null;
    for (const [hash, block] of this.#blocks) {
      if (block.header.height > header.height) continue;
      this.#blocks.delete(hash);
      this.#results.delete(hash);
    }
    if (header.reference.number > 0) settlement.watch(header.reference);
    listener.finalized(final, result);
  }
}
