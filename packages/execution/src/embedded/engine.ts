import { setImmediate as nextTurn } from "node:timers/promises";
import type {
  BlockContext,
  BlockSummary,
  BlockToExecute,
  CheckResult,
  ExecutionEngine,
  ExecutionResult,
  FinalReceipt,
  LedgerSnapshot,
  SkippedTransaction,
  StateTag,
  StateView,
} from "../engine.ts";
import { ExecutionError } from "../errors.ts";
import {
  type Account,
  type Address,
  type Allocation,
  accountKey,
  BlockExecution,
  baseFeeAfter,
  decodeTransaction,
  emptyAccount,
  emptyAccountTrie,
  genesisLedger,
  type Hash,
  type LedgerParameters,
  type LedgerState,
  type Moved,
  maximumCost,
  movedOn,
  movedShare,
  nothingMoved,
  type PendingOptions,
  PendingQueue,
  type RefusalReason,
  type Sent,
  type Transaction,
  TransactionRefused,
  toHex,
} from "../ledger/index.ts";
import type { SenderRecovery } from "../senders/index.ts";
import type { Before } from "./records.ts";
import { type FinalizedBlock, type LedgerDatabase, LedgerStore } from "./store.ts";
import { type Verified, VerifiedCache } from "./verified.ts";

export interface EmbeddedEngineOptions {
  readonly parameters: LedgerParameters;
  readonly allocation: Allocation;
  /** Hash and stamp (ms) of the genesis header, which commits the allocation's state root. */
  readonly genesis: { readonly hash: Hash; readonly stamp: number };
  readonly pending: PendingOptions;
  /** Final blocks whose states stay readable; they share what they have in common. */
  readonly statesKept: number;
  /** Final blocks whose effects can be taken back. */
  readonly undoKept: number;
  /** Verified transactions remembered between check, verify and execute. */
  readonly verifiedKept: number;
  /** Transactions executed, and accounts hashed, before other work gets its turn. */
  readonly slice: number;
}

/**
 * Options besides the network's: states for longer than a settled checkpoint takes, verified transactions of ten seconds
 * at 10,000 a second, slices of about 5 ms; an epoch of the fastest mode can be taken back.
 */
export const defaultEmbeddedOptions = {
  statesKept: 1_024,
  undoKept: 36_000,
  verifiedKept: 100_000,
  slice: 512,
} as const;

export interface EmbeddedEngineModules {
  readonly database: LedgerDatabase;
  readonly senders: SenderRecovery;
}

/** A skipped transaction with a known sender: once the block is final it no longer waits, or waits for its turn again. */
interface Skipped {
  readonly from: Address;
  readonly nonce: number;
  readonly hash: Hash;
  readonly reason: RefusalReason;
}

/** A block whose state is in memory. */
interface Layer {
  readonly result: ExecutionResult;
  readonly state: LedgerState;
  readonly changes: ReadonlyMap<Address, Account>;
  readonly skipped: readonly Skipped[];
  /** What accounts sent in it, and since its epoch began; null where that is not looked at, or not read yet. */
  readonly sent: Sent;
  readonly moved: Moved | null;
}

const noAddress: Address = `0x${"0".repeat(40)}`;
const noHash: Hash = `0x${"0".repeat(64)}`;

/**
 * The ledger inside the node. The whole state is in memory as a persistent trie, so every speculative block is a layer
 * that shares all it did not change; the store holds the accounts of the final height, from which open rebuilds the trie.
 */
export class EmbeddedEngine implements ExecutionEngine {
  readonly #options: EmbeddedEngineOptions;
  readonly #senders: SenderRecovery;
  readonly #store: LedgerStore;
  readonly #pending: PendingQueue;
  readonly #verified: VerifiedCache;
  /** Executed blocks above the final one. */
  readonly #layers = new Map<Hash, Layer>();
  /** The final block and those below it whose state is kept, by height. */
  readonly #recent = new Map<number, Layer>();
  /** wei allocated at genesis. */
  readonly #allocated: bigint;
  #final: Layer;
  #latest: Layer;
  /** Tail of the queue of finalizations: they happen one after the other. */
  #finalizing: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(
    options: EmbeddedEngineOptions,
    modules: EmbeddedEngineModules,
    store: LedgerStore,
    final: Layer,
    allocated: bigint,
  ) {
    this.#options = options;
    this.#senders = modules.senders;
    this.#store = store;
    this.#pending = new PendingQueue(options.pending);
    this.#verified = new VerifiedCache(options.verifiedKept);
    this.#allocated = allocated;
    this.#final = final;
    this.#latest = final;
    this.#recent.set(final.result.height, final);
  }

  /**
   * Opens the ledger at the last final block in the store, or at genesis if the store is empty.
   * @throws {ExecutionError} BAD_GENESIS; GENESIS_MISMATCH if the store belongs to another genesis; CORRUPT_STATE if the
   *   stored accounts do not give the stored root
   */
  static async open(options: EmbeddedEngineOptions, modules: EmbeddedEngineModules): Promise<EmbeddedEngine> {
    const store = new LedgerStore(modules.database, options.undoKept);
    const genesis = genesisLedger(options.allocation, options.parameters);
    const zero = genesisSummary(options, genesis.stateRoot);
    const stored = await store.finalBlock();
    if (stored === undefined) {
      await store.writeGenesis(zero, genesis.accounts);
      return new EmbeddedEngine(options, modules, store, layerOf(zero, genesis.state), genesis.supply);
    }
    const first = await store.blockAt(0);
    if (first?.hash !== zero.hash || first.stateRoot !== zero.stateRoot) {
      throw new ExecutionError(
        "GENESIS_MISMATCH",
        `the store holds the ledger of genesis ${first?.hash} with state root ${first?.stateRoot}, ` +
          `not ${zero.hash} with ${zero.stateRoot}`,
      );
    }
    const final = layerOf(stored, await loadState(store, stored));
    return new EmbeddedEngine(options, modules, store, final, genesis.supply);
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
    const genesis = genesisLedger(options.allocation, options.parameters);
    let trie = emptyAccountTrie();
    let balances = 0n;
    for await (const some of accounts()) {
      trie = trie.with(some.map(([address, account]) => [accountKey(address), account]));
      for (const [, { balance }] of some) balances += balance;
      await nextTurn();
    }
    const root = toHex(trie.rootHash());
    if (root !== block.stateRoot || balances + block.burnt !== genesis.supply) {
      throw new ExecutionError(
        "BAD_SNAPSHOT",
        `the accounts have root ${root} and hold ${balances} wei, block ${block.height} has ${block.stateRoot} and ${genesis.supply - block.burnt}`,
      );
    }
    const store = new LedgerStore(database, 0);
    for await (const some of accounts()) await store.writeAccounts(some);
    await store.writeSnapshot(genesisSummary(options, genesis.stateRoot), block);
  }

  get finalized(): BlockSummary {
    return this.#final.result;
  }

  get latest(): BlockSummary {
    return this.#latest.result;
  }

  async check(bytes: Uint8Array): Promise<CheckResult> {
    this.#assertOpen();
    const [verified] = await this.#verify([bytes], false);
    if (verified === undefined || "refusal" in verified) return refused(verified!.refusal);
    const { transaction, from } = verified;
    const { state } = this.#latest;
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
    this.#assertOpen();
    const verified = await this.#verify(transactions, false);
    return verified.map((entry) => ("refusal" in entry ? entry.refusal.reason : null));
  }

  async execute(
    parentHash: Hash,
    { valueFrom, ...context }: BlockToExecute,
    transactions: readonly Uint8Array[],
  ): Promise<ExecutionResult> {
    this.#assertOpen();
    const known = this.#layers.get(context.hash);
    if (known !== undefined) {
      if (known.result.parentHash === parentHash) return known.result;
      throw new ExecutionError(
        "CONFLICTING_BLOCK",
        `block ${context.hash} was executed on ${known.result.parentHash}`,
      );
    }
    const { height } = context;
    const isFinal =
      height <= this.#final.result.height && (await this.#store.heightOf(context.hash)) === height;
    if (isFinal) return this.#executedBefore(parentHash, context, valueFrom);
    if (height <= this.#final.result.height) await this.#bringBack(parentHash, height - 1);
    const parent = this.#parentOf(parentHash, context);
    const before = valueFrom === null ? null : await this.#movedBefore(parent, valueFrom);
    const verified = await this.#verify(transactions, true);
    const { parameters, slice } = this.#options;
    const execution = new BlockExecution(parameters, parent.state, context.feeRecipient);
    const skippedTransactions: SkippedTransaction[] = [];
    const skipped: Skipped[] = [];
    for (const [position, entry] of verified.entries()) {
      if (position % slice === slice - 1) await nextTurn();
      if ("refusal" in entry) {
        skippedTransactions.push({ position, reason: entry.refusal.reason });
        continue;
      }
      const { transaction, from } = entry;
      const outcome = execution.apply(transaction, from);
      if (typeof outcome !== "string") continue;
      skippedTransactions.push({ position, reason: outcome });
      skipped.push({ from, nonce: transaction.nonce, hash: transaction.hash, reason: outcome });
    }
    const { state, changes, ...sealed } = await inTurns(execution.sealing(slice));
    const { sent } = execution;
    const moved = before === null ? null : movedOn(before, sent);
    const layer: Layer = {
      result: {
        ...context,
        parentHash,
        stateRoot: sealed.stateRoot,
        receiptsRoot: sealed.receiptsRoot,
        gasUsed: state.gasUsed,
        gasTarget: parameters.gasTarget,
        baseFee: state.baseFee,
        burnt: state.burnt,
        executed: sealed.receipts.length,
        skipped: skippedTransactions.length,
        bytesUsed: sealed.bytesUsed,
        receipts: sealed.receipts,
        skippedTransactions,
        value: moved === null ? 0 : this.#share(moved, state.burnt),
      },
      state,
      changes,
      skipped,
      sent,
      moved,
    };
    return this.#adopt(layer, context).result;
  }

  async finalize(hash: Hash): Promise<void> {
    this.#assertOpen();
    const turn = this.#finalizing.then(() => this.#finalize(hash));
    // A failed finalization is its caller's to handle; the next one starts from where this one left things.
    this.#finalizing = turn.catch(() => {});
    return turn;
  }

  async rewind(hash: Hash): Promise<void> {
    this.#assertOpen();
    const turn = this.#finalizing.then(() => this.#rewind(hash));
    this.#finalizing = turn.catch(() => {});
    return turn;
  }

  async stateAt(tag: StateTag): Promise<StateView> {
    this.#assertOpen();
    const layer = await this.#layerAt(tag);
    const pending = tag === "pending" ? this.#pending : null;
    const { state, result } = layer;
    return {
      block: result,
      nextBaseFee: baseFeeAfter(state, this.#options.parameters),
      balance: async (address) => accountIn(state, address).balance,
      nonce: async (address) => {
        const { nonce } = accountIn(state, address);
        return pending === null ? nonce : pending.nonce(address, nonce);
      },
      proof: async (address) => state.accounts.prove(accountKey(address)),
    };
  }

  /**
   * The state after a block, for peers that join: it stays what it is whatever becomes final meanwhile.
   * @throws {ExecutionError} UNKNOWN_BLOCK; STATE_UNAVAILABLE
   */
  async snapshot(hash: Hash): Promise<LedgerSnapshot> {
    this.#assertOpen();
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
    this.#assertOpen();
    if ("hash" in which) {
      const layer = this.#layerOf(which.hash);
      if (layer !== undefined) return layer.result;
      const height = await this.#store.heightOf(which.hash);
      return height === undefined ? undefined : this.#store.blockAt(height);
    }
    return this.#recent.get(which.height)?.result ?? this.#store.blockAt(which.height);
  }

  async rootsAt(
    hash: Hash,
    height: number,
  ): Promise<{ readonly stateRoot: Hash; readonly receiptsRoot: Hash }> {
    this.#assertOpen();
    let block = await this.block({ hash });
    while (block !== undefined && block.height > height && this.#layers.has(block.hash)) {
      block = this.#layerOf(block.parentHash)?.result;
    }
    // From the final block down there is one chain, and heights name its blocks.
    if (block !== undefined && block.height > height) block = await this.block({ height });
    if (block?.height !== height) {
      throw new ExecutionError("UNKNOWN_BLOCK", `no ancestor of ${hash} at height ${height}`);
    }
    return { stateRoot: block.stateRoot, receiptsRoot: block.receiptsRoot };
  }

  async receipt(transactionHash: Hash): Promise<FinalReceipt | undefined> {
    this.#assertOpen();
    return this.#store.receipt(transactionHash);
  }

  async executed(hash: Hash): Promise<readonly Hash[] | undefined> {
    this.#assertOpen();
    const layer = this.#layers.get(hash);
    if (layer !== undefined) return layer.result.receipts.map(({ transactionHash }) => transactionHash);
    const height = await this.#store.heightOf(hash);
    return height === undefined ? undefined : this.#store.executedAt(height);
  }

  async receiptsOf(height: number): Promise<readonly FinalReceipt[] | undefined> {
    this.#assertOpen();
    const hashes = await this.#store.executedAt(height);
    if (hashes === undefined) return undefined;
    const receipts = await Promise.all(hashes.map((hash) => this.#store.receipt(hash)));
    return receipts.filter((receipt) => receipt !== undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#finalizing;
    await this.#senders.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new ExecutionError("CLOSED", "the ledger is closed");
  }

  #layerOf(hash: Hash): Layer | undefined {
    return hash === this.#final.result.hash ? this.#final : this.#layers.get(hash);
  }

  /** Brings the state of a final block below the highest back into memory. */
  async #bringBack(hash: Hash, height: number): Promise<void> {
    const known = this.#recent.get(height);
    if (known !== undefined || height < 0 || (await this.#store.heightOf(hash)) !== height) return;
    const block = await this.#store.blockAt(height);
    const before = await this.#store.changedAbove(height);
    if (block === undefined || before === undefined) return;
    this.#recent.set(height, layerOf(block, await loadState(this.#store, block, before)));
  }

  async #rewind(hash: Hash): Promise<void> {
    const height = await this.#store.heightOf(hash);
    if (height === undefined) throw new ExecutionError("UNKNOWN_BLOCK", `block ${hash} is not final`);
    if (height === this.#final.result.height) return;
    const before = await this.#store.changedAbove(height);
    await this.#bringBack(hash, height);
    const target = this.#recent.get(height);
    if (before === undefined || target === undefined) {
      throw new ExecutionError(
        "STATE_UNAVAILABLE",
        `what led beyond height ${height} is no longer kept: ${this.#options.undoKept} final blocks can be taken back`,
      );
    }
    await this.#store.rewind(height, before);
    for (const above of [...this.#recent.keys()]) if (above > height) this.#recent.delete(above);
    this.#final = target;
    this.#dropLosers();
  }

  #parentOf(parentHash: Hash, context: BlockContext): Layer {
    const below = this.#recent.get(context.height - 1);
    const parent = this.#layerOf(parentHash) ?? (below?.result.hash === parentHash ? below : undefined);
    if (parent === undefined) {
      throw new ExecutionError(
        "UNKNOWN_PARENT",
        `parent ${parentHash} of block ${context.hash} is not executed`,
      );
    }
    if (context.height !== parent.result.height + 1) {
      throw new ExecutionError(
        "BAD_HEIGHT",
        `height ${context.height} on a parent of height ${parent.result.height}`,
      );
    }
    return parent;
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
    const receipts = (await this.receiptsOf(height)) ?? [];
    const moved = valueFrom === null ? null : await this.#movedUpTo(height, valueFrom);
    const value = moved === null ? 0 : this.#share(moved, block.burnt);
    return { ...block, receipts, skippedTransactions: [], value };
  }

  #share(moved: Moved, burnt: bigint): number {
    return movedShare(moved, this.#allocated - burnt);
  }

  /** What moved in the epoch before a child of a block. */
  async #movedBefore({ result, state, moved }: Layer, first: number): Promise<Moved> {
    if (result.height + 1 === first) return nothingMoved(first, state.accounts);
    return moved?.first === first ? moved : this.#movedUpTo(result.height, first);
  }

  /** The same up to a final block, from the store: a ledger that was opened again, or goes on from further down. */
  async #movedUpTo(height: number, first: number): Promise<Moved> {
    await this.#finalizing;
    const { accounts } = this.#final.state;
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

  /** Adds an executed layer, unless the same block was added, or its fork dropped, while it was executed. */
  #adopt(layer: Layer, context: BlockContext): Layer {
    const { hash, parentHash, height } = layer.result;
    const known = this.#layers.get(hash);
    if (known !== undefined) return known;
    this.#parentOf(parentHash, context);
    this.#layers.set(hash, layer);
    if (height > this.#latest.result.height) this.#moveLatest(layer);
    return layer;
  }

  #moveLatest(layer: Layer): void {
    this.#latest = layer;
    for (const [address, { nonce }] of layer.changes) this.#pending.advance(address, nonce);
  }

  async #finalize(hash: Hash): Promise<void> {
    const path: Layer[] = [];
    for (
      let layer = this.#layers.get(hash);
      layer !== undefined;
      layer = this.#layers.get(layer.result.parentHash)
    ) {
      path.unshift(layer);
    }
    const lowest = path[0];
    if (lowest === undefined) return this.#finalizeAgain(hash);
    if (lowest.result.parentHash !== this.#final.result.hash) {
      throw new ExecutionError(
        "CONFLICTING_FINAL",
        `block ${hash} does not extend final block ${this.#final.result.hash}`,
      );
    }
    let { state } = this.#final;
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

    for (const layer of path) {
      this.#layers.delete(layer.result.hash);
      this.#recent.set(layer.result.height, layer);
      this.#recent.delete(layer.result.height - this.#options.statesKept);
    }
    this.#final = path.at(-1)!;
    this.#dropLosers();
    for (const layer of path) this.#settle(layer);
  }

  /** Brings what waits in line with a block that became final. */
  #settle(layer: Layer): void {
    const nonceOf = (address: Address) => accountIn(this.#latest.state, address).nonce;
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

  /** Drops the layers that do not descend from the final block; they were inserted parents first. */
  #dropLosers(): void {
    for (const [hash, layer] of this.#layers) {
      if (this.#layerOf(layer.result.parentHash) === undefined) this.#layers.delete(hash);
    }
    if (this.#layerOf(this.#latest.result.hash) === this.#latest) return;
    let best = this.#final;
    for (const layer of this.#layers.values()) if (layer.result.height > best.result.height) best = layer;
    this.#latest = best;
  }

  async #layerAt(tag: StateTag): Promise<Layer> {
    if (tag === "latest" || tag === "pending") return this.#latest;
    if (tag === "finalized") return this.#final;
    const block = "hash" in tag ? await this.block(tag) : undefined;
    if ("hash" in tag && block === undefined)
      throw new ExecutionError("UNKNOWN_BLOCK", `block ${tag.hash} is unknown`);
    const height = "hash" in tag ? block!.height : tag.height;
    const layer = ("hash" in tag ? this.#layers.get(tag.hash) : undefined) ?? this.#recent.get(height);
    if (layer !== undefined) return layer;
    if (height > this.#final.result.height)
      throw new ExecutionError("UNKNOWN_BLOCK", `height ${height} is not final`);
    throw new ExecutionError(
      "STATE_UNAVAILABLE",
      `the state at height ${height} is no longer kept; the last ${this.#recent.size} final ones are`,
    );
  }

  async #verify(transactions: readonly Uint8Array[], urgent: boolean): Promise<Verified[]> {
    const results: Verified[] = [];
    const unknown: { readonly at: number; readonly transaction: Transaction }[] = [];
    for (const [at, bytes] of transactions.entries()) {
      // Decoding takes longer than the rest of executing a transaction: other work gets its turn in between.
      if (at % this.#options.slice === this.#options.slice - 1) await nextTurn();
      const known = this.#verified.get(bytes);
      if (known !== undefined) {
        results[at] = known;
        continue;
      }
      try {
        unknown.push({ at, transaction: decodeTransaction(bytes, this.#options.parameters) });
      } catch (error) {
        if (!(error instanceof TransactionRefused)) throw error;
        results[at] = { refusal: error };
      }
    }
    const senders = await this.#senders.recover(
      unknown.map(({ transaction }) => transaction),
      urgent,
    );
    for (const [i, { at, transaction }] of unknown.entries()) {
      const from = senders[i];
      if (from === null || from === undefined) {
        results[at] = { refusal: new TransactionRefused("BAD_SIGNATURE") };
      } else {
        results[at] = { transaction, from };
        this.#verified.add({ transaction, from });
      }
    }
    return results;
  }
}

/** Runs steps to their end, giving other work its turn after each. */
async function inTurns<T>(steps: Generator<undefined, T, undefined>): Promise<T> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    await nextTurn();
  }
}

function refused(refusal: TransactionRefused): CheckResult {
  return { accepted: false, reason: refusal.reason, message: refusal.message };
}

/** The figures behind a refusal. */
function detailOf(
  reason: RefusalReason,
  { transaction, from }: { readonly transaction: Transaction; readonly from: Address },
  account: Account,
  baseFee: bigint,
): string | undefined {
  switch (reason) {
    case "STALE_NONCE":
    case "NONCE_GAP":
      return `nonce ${transaction.nonce}, account ${from} is at ${account.nonce}`;
    case "FEE_CAP_BELOW_BASE_FEE":
      return `cap ${transaction.maxFeePerGas}, base fee ${baseFee} wei`;
    case "INSUFFICIENT_BALANCE":
      // A damaged signature is one of another account, which as a rule is empty.
      return account.balance === 0n && account.nonce === 0
        ? `account ${from}, whose signature this is, holds nothing; if it is not yours the transaction was damaged`
        : `account ${from} holds ${account.balance} wei, ${maximumCost(transaction)} are needed besides what waits`;
    default:
      return undefined;
  }
}

function accountIn(state: LedgerState, address: Address): Account {
  return state.accounts.get(accountKey(address)) ?? emptyAccount;
}

function genesisSummary(
  options: Pick<EmbeddedEngineOptions, "genesis" | "parameters">,
  stateRoot: Hash,
): BlockSummary {
  return {
    hash: options.genesis.hash,
    parentHash: noHash,
    height: 0,
    stamp: options.genesis.stamp,
    feeRecipient: noAddress,
    stateRoot,
    receiptsRoot: noHash,
    gasUsed: 0,
    gasTarget: options.parameters.gasTarget,
    baseFee: options.parameters.initialBaseFee,
    burnt: 0n,
    executed: 0,
    skipped: 0,
    bytesUsed: 0,
  };
}

/** A layer of a block whose receipts are in the store already. */
function layerOf(block: BlockSummary, state: LedgerState): Layer {
  return {
    result: { ...block, receipts: [], skippedTransactions: [], value: 0 },
    state,
    changes: new Map(),
    skipped: [],
    sent: new Map(),
    moved: null,
  };
}

/** @param before accounts that differ from the stored ones: those of an earlier block */
async function loadState(
  store: LedgerStore,
  block: BlockSummary,
  before: Before = new Map(),
): Promise<LedgerState> {
  let accounts = emptyAccountTrie();
  let entries: [Uint8Array, Account][] = [];
  for await (const [address, stored] of store.accounts()) {
    const account = before.has(address) ? before.get(address) : stored;
    if (account === undefined) continue;
    entries.push([accountKey(address), account]);
    if (entries.length < loadChunk) continue;
    accounts = accounts.with(entries);
    entries = [];
  }
  accounts = accounts.with(entries);
  const root = toHex(accounts.rootHash());
  if (root !== block.stateRoot) {
    throw new ExecutionError(
      "CORRUPT_STATE",
      `the stored accounts have root ${root}, final block ${block.height} has ${block.stateRoot}`,
    );
  }
  const { baseFee, gasUsed, burnt, height } = block;
  return { accounts, baseFee, gasUsed, burnt, genesis: height === 0 };
}

/** Accounts put into the trie at once when it is rebuilt; bounds what is in memory twice. */
const loadChunk = 16_384;
