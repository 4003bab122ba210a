import type {
  BlockContext,
  BlockSummary,
  BlockToExecute,
  CheckResult,
  ExecutionEngine,
  ExecutionResult,
  FinalReceipt,
  LedgerSnapshot,
  StateTag,
  StateView,
} from "../engine.ts";
import { ExecutionError } from "../errors.ts";
import {
  type Account,
  type Address,
  baseFeeAfter,
  type Hash,
  PendingQueue,
  type RefusalReason,
  TransactionRefused,
} from "../ledger/index.ts";
import type { SenderRecovery } from "../senders/index.ts";
import { Branches } from "./branches.ts";
import { BlockExecutor } from "./executor.ts";
import { Finality } from "./finality.ts";
import { accountIn } from "./layer.ts";
import { openStore, restore } from "./opening.ts";
import type { EmbeddedEngineOptions } from "./options.ts";
import { LedgerReader } from "./reader.ts";
import { detailOf, refused } from "./refused.ts";
import { type LedgerDatabase, LedgerStore } from "./store.ts";
import { Turns } from "./turns.ts";
import { ValueAtStake } from "./value.ts";
import { Verifier } from "./verifier.ts";

export interface EmbeddedEngineModules {
  readonly database: LedgerDatabase;
  readonly senders: SenderRecovery;
}

/**
 * The ledger inside the node. The whole state is in memory as a persistent trie, so every speculative block is a layer
 * that shares all it did not change; the store holds the accounts of the final height, from which open rebuilds the trie.
 */
export class EmbeddedEngine implements ExecutionEngine {
  readonly #options: EmbeddedEngineOptions;
  readonly #senders: SenderRecovery;
  readonly #store: LedgerStore;
  readonly #pending: PendingQueue;
  readonly #turns = new Turns();
  readonly #branches: Branches;
  readonly #verifier: Verifier;
  readonly #value: ValueAtStake;
  readonly #executor: BlockExecutor;
  readonly #finality: Finality;
  readonly #reader: LedgerReader;

  private constructor(
    options: EmbeddedEngineOptions,
    modules: EmbeddedEngineModules,
    store: LedgerStore,
    branches: Branches,
    allocated: bigint,
  ) {
    this.#options = options;
    this.#senders = modules.senders;
    this.#store = store;
    this.#pending = new PendingQueue(options.pending);
    this.#branches = branches;
    this.#verifier = new Verifier(options, modules.senders);
    this.#value = new ValueAtStake(branches, store, this.#turns, allocated);
    this.#executor = new BlockExecutor(options, this.#verifier, this.#value);
    this.#finality = new Finality(branches, store, this.#pending, options.undoKept);
    this.#reader = new LedgerReader(branches, store, this.#pending, this.#turns, options.parameters);
  }

  /**
   * Opens the ledger at the last final block in the store, or at genesis if the store is empty.
   * @throws {ExecutionError} BAD_GENESIS; GENESIS_MISMATCH if the store belongs to another genesis; CORRUPT_STATE if the
   *   stored accounts do not give the stored root
   */
  static async open(options: EmbeddedEngineOptions, modules: EmbeddedEngineModules): Promise<EmbeddedEngine> {
    const store = new LedgerStore(modules.database, options.undoKept);
    const { final, allocated } = await openStore(options, store);
    return new EmbeddedEngine(options, modules, store, new Branches(final, options.statesKept), allocated);
  }

  /**
   * Fills an empty store with the state after a block, for a node that joins: nothing is written unless the accounts
   * have the block's state root and, with what was burnt, add up to the genesis allocation. The base fee and the gas
   * used are in no root: the caller must have them on good authority. Interrupted, it is done again from the beginning.
   * @param accounts gives all of them, some at a time; called twice
   * @throws {ExecutionError} BAD_GENESIS; BAD_SNAPSHOT
   */
  static async restore(
    options: Pick<EmbeddedEngineOptions, "parameters" | "allocation" | "genesis">,
    database: LedgerDatabase,
    block: BlockSummary,
    accounts: () => AsyncIterable<readonly (readonly [Address, Account])[]>,
  ): Promise<void> {
    return restore(options, database, block, accounts);
  }

  get finalized(): BlockSummary {
    return this.#branches.final.result;
  }

  get latest(): BlockSummary {
    return this.#branches.latest.result;
  }

  async check(bytes: Uint8Array): Promise<CheckResult> {
    this.#turns.assertOpen();
    const [verified] = await this.#verifier.verify([bytes], false);
    if (verified === undefined || "refusal" in verified) return refused(verified!.refusal);
    const { transaction, from } = verified;
    const { state } = this.#branches.latest;
    const account = accountIn(state, from);
    const baseFee = baseFeeAfter(state, this.#options.parameters);
    // A copy: the caller's buffer may be part of a larger one, or be reused.
    const reason = this.#pending.add(transaction, bytes.slice(), from, account, baseFee);
    if (reason !== null)
      return refused(new TransactionRefused(reason, detailOf(reason, verified, account, baseFee)));
    return { accepted: true, hash: transaction.hash, from, nonce: transaction.nonce };
  }

  takeExecutable(): readonly Uint8Array[] {
    return this.#pending.take();
  }

  async verify(transactions: readonly Uint8Array[]): Promise<(RefusalReason | null)[]> {
    this.#turns.assertOpen();
    const verified = await this.#verifier.verify(transactions, false);
    return verified.map((entry) => ("refusal" in entry ? entry.refusal.reason : null));
  }

  async execute(
    parentHash: Hash,
    { valueFrom, ...context }: BlockToExecute,
    transactions: readonly Uint8Array[],
  ): Promise<ExecutionResult> {
    this.#turns.assertOpen();
    const known = this.#branches.above(context.hash);
    if (known !== undefined) {
      if (known.result.parentHash === parentHash) return known.result;
      throw new ExecutionError(
        "CONFLICTING_BLOCK",
        `block ${context.hash} was executed on ${known.result.parentHash}`,
      );
    }
    const { height } = context;
    const isFinal =
      height <= this.#branches.final.result.height && (await this.#store.heightOf(context.hash)) === height;
    if (isFinal) return this.#executedBefore(parentHash, context, valueFrom);
    if (height <= this.#branches.final.result.height) await this.#finality.bringBack(parentHash, height - 1);
    const parent = this.#branches.parentOf(parentHash, context);
    const executed = await this.#executor.execute(parent, context, valueFrom, transactions);
    const layer = this.#branches.add(executed, context);
    if (layer === executed && layer === this.#branches.latest) {
      for (const [address, { nonce }] of layer.changes) this.#pending.advance(address, nonce);
    }
    return layer.result;
  }

  async finalize(hash: Hash): Promise<void> {
    this.#turns.assertOpen();
    return this.#turns.take(() => this.#finality.finalize(hash));
  }

  async rewind(hash: Hash): Promise<void> {
    this.#turns.assertOpen();
    return this.#turns.take(() => this.#finality.rewind(hash));
  }

  stateAt(tag: StateTag): Promise<StateView> {
    return this.#reader.stateAt(tag);
  }

  /**
   * The state after a block, for peers that join: it stays what it is whatever becomes final meanwhile.
   * @throws {ExecutionError} UNKNOWN_BLOCK; STATE_UNAVAILABLE
   */
  snapshot(hash: Hash): Promise<LedgerSnapshot> {
    return this.#reader.snapshot(hash);
  }

  block(which: { readonly height: number } | { readonly hash: Hash }): Promise<BlockSummary | undefined> {
    return this.#reader.block(which);
  }

  rootsAt(hash: Hash, height: number): Promise<{ readonly stateRoot: Hash; readonly receiptsRoot: Hash }> {
    return this.#reader.rootsAt(hash, height);
  }

  receipt(transactionHash: Hash): Promise<FinalReceipt | undefined> {
    return this.#reader.receipt(transactionHash);
  }

  executed(hash: Hash): Promise<readonly Hash[] | undefined> {
    return this.#reader.executed(hash);
  }

  receiptsOf(height: number): Promise<readonly FinalReceipt[] | undefined> {
    return this.#reader.receiptsOf(height);
  }

  async close(): Promise<void> {
    this.#turns.close();
    await this.#turns.taken();
    await this.#senders.close();
  }

  /** The result of a block that is final already, which a node asks for if it lost its own mark of that. */
  async #executedBefore(
    parentHash: Hash,
    { hash, height }: BlockContext,
    valueFrom: number | null,
  ): Promise<ExecutionResult> {
    const block = await this.#store.blockAt(height);
    if (block?.hash !== hash || block.parentHash !== parentHash) {
      throw new ExecutionError(
        "CONFLICTING_FINAL",
        `at height ${height} block ${block?.hash} is final, not ${hash}`,
      );
    }
    const receipts = (await this.#reader.receiptsOf(height)) ?? [];
    const moved = valueFrom === null ? null : await this.#value.upTo(height, valueFrom);
    const value = moved === null ? 0 : this.#value.share(moved, block.burnt);
    return { ...block, receipts, skippedTransactions: [], value };
  }
}
