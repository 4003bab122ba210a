import { EventEmitter } from "node:events";
import {
  type Address,
  type BlockSummary,
  type CheckResult,
  decodeTransaction,
  defaultEmbeddedOptions,
  defaultLedgerParameters,
  defaultPendingOptions,
  defaultSenderPoolOptions,
  EmbeddedEngine,
  type FinalReceipt,
  type Hash,
  type LedgerDatabase,
  SenderPool,
} from "@aitbc-hybrid/execution";
import { keccak256, toHex } from "viem";
import type {
  CertificateView,
  ChainBlock,
  ChainReader,
  ChainTransaction,
  Heads,
  HeadsChange,
  HybridStatus,
  ProofReader,
  Readiness,
  StateAt,
} from "../../src/rpc/index.ts";

export const chainId = 31_999;
export const parameters = defaultLedgerParameters(chainId);
const genesis = { hash: keccak256("0x00"), stamp: 1_700_000_000_123 };

/** A chain without consensus: a real ledger whose blocks a test certifies and makes final by hand. */
export class FakeChain implements ChainReader {
  readonly chainId = chainId;
  readonly clientVersion = "aitbc-hybrid/test";
  /** Has nothing to prove: a cluster of nodes does. */
  readonly proofs: ProofReader = {
    checkpoint: async () => null,
    registry: async () => null,
    blockProof: async () => null,
    transactionProof: async () => null,
    receiptProof: async () => null,
  };
  state: Readiness = { ready: true, reasons: [] };
  /** Is told when a receipt is looked up. */
  onReceipt: () => void = () => {};
  /** Thrown by the next read of a balance. */
  fault: Error | null = null;
  readonly #engine: EmbeddedEngine;
  readonly #events = new EventEmitter();
  readonly #transactions = new Map<Hash, Uint8Array>();
  readonly #senders = new Map<Hash, Address>();
  #backed = -1;
  #settled = -1;

  private constructor(engine: EmbeddedEngine) {
    this.#engine = engine;
  }

  static async open(allocation: ReadonlyMap<Address, bigint>): Promise<FakeChain> {
    const options = {
      ...defaultEmbeddedOptions,
      pending: defaultPendingOptions,
      parameters,
      allocation,
      genesis,
    };
    const senders = new SenderPool({ ...defaultSenderPoolOptions, workers: 0 });
    return new FakeChain(await EmbeddedEngine.open(options, { database: emptyDatabase(), senders }));
  }

  /** Certifies a block with all that waits. */
  async certify(): Promise<void> {
    const { latest } = this.#engine;
    const height = latest.height + 1;
    const context = {
      hash: keccak256(toHex(height)),
      height,
      stamp: latest.stamp + 500,
      feeRecipient: feeAccount,
      valueFrom: null,
    };
    await this.#engine.execute(latest.hash, context, this.#engine.takeExecutable());
    this.#announce([]);
  }

  /** Makes the latest block final. */
  async finalize(): Promise<void> {
    const from = this.#engine.finalized.height + 1;
    await this.#engine.finalize(this.#engine.latest.hash);
    const receipts: FinalReceipt[] = [];
    for (let height = from; height <= this.#engine.finalized.height; height++) {
      receipts.push(...((await this.#engine.receiptsOf(height)) ?? []));
    }
    this.#announce(receipts);
  }

  back(height: number): void {
    this.#backed = height;
  }

  settle(height: number): void {
    this.#settled = height;
  }

  /** Listeners that are subscribed. */
  get subscribers(): number {
    return this.#events.listenerCount("heads");
  }

  heads(): Heads {
    return {
      latest: this.#engine.latest.height,
      finalized: this.#engine.finalized.height,
      backed: this.#backed,
      settled: this.#settled,
    };
  }

  async block(which: { readonly height: number } | { readonly hash: Hash }): Promise<ChainBlock | undefined> {
    let block: BlockSummary | undefined = await this.#engine.block(which);
    if (block === undefined && "height" in which) {
      block = this.#engine.latest;
      while (block !== undefined && block.height > which.height) {
        block = await this.#engine.block({ hash: block.parentHash });
      }
      if (block?.height !== which.height) return undefined;
    }
    if (block === undefined) return undefined;
    const zero: Hash = `0x${"00".repeat(32)}`;
    return {
      ...block,
      epoch: 0,
      mode: "balanced",
      view: block.height,
      vrfOutput: zero,
      inboxCursor: 4,
      batchesRoot: zero,
      size: 600,
    };
  }

  async transactionHashesOf(hash: Hash): Promise<readonly Hash[] | undefined> {
    return this.#engine.executed(hash);
  }

  async transactionsOf(hash: Hash): Promise<readonly ChainTransaction[] | undefined> {
    const hashes = await this.#engine.executed(hash);
    if (hashes === undefined) return undefined;
    const transactions = await Promise.all(hashes.map((one) => this.transaction(one)));
    return transactions.filter((one) => one !== undefined);
  }

  async transaction(hash: Hash): Promise<ChainTransaction | undefined> {
    const bytes = this.#transactions.get(hash);
    if (bytes === undefined) return undefined;
    const from = this.#senders.get(hash)!;
    return { transaction: decodeTransaction(bytes, parameters), from, receipt: await this.receipt(hash) };
  }

  receipt(transactionHash: Hash): Promise<FinalReceipt | undefined> {
    this.onReceipt();
    return this.#engine.receipt(transactionHash);
  }

  async balance(address: Address, at: StateAt): Promise<bigint> {
    const { fault } = this;
    this.fault = null;
    if (fault !== null) throw fault;
    return (await this.#stateAt(at)).balance(address);
  }

  async nonce(address: Address, at: StateAt): Promise<number> {
    return (await this.#stateAt(at)).nonce(address);
  }

  async proof(address: Address, at: StateAt): Promise<readonly Uint8Array[]> {
    return (await this.#stateAt(at)).proof(address);
  }

  async nextBaseFee(): Promise<bigint> {
    return (await this.#engine.stateAt("latest")).nextBaseFee;
  }

  async submitTransaction(bytes: Uint8Array): Promise<CheckResult> {
    const result = await this.#engine.check(bytes);
    if (result.accepted) {
      this.#transactions.set(result.hash, bytes);
      this.#senders.set(result.hash, result.from);
    }
    return result;
  }

  subscribeHeads(listener: (change: HeadsChange) => void): () => void {
    this.#events.on("heads", listener);
    return () => this.#events.off("heads", listener);
  }

  async certificate(height: number): Promise<CertificateView | undefined> {
    const block = height > this.#engine.finalized.height ? undefined : await this.block({ height });
    if (block === undefined) return undefined;
    return {
      kind: "finalize",
      epoch: 0,
      domain: genesis.hash,
      view: block.view,
      parentView: block.view - 1,
      height,
      blockHash: block.hash,
      bitmap: Uint8Array.of(0b111),
      signature: new Uint8Array(96).fill(9),
    };
  }

  status(): HybridStatus {
    return {
      genesisHash: genesis.hash,
      epoch: 0,
      incarnation: 0,
      mode: "balanced",
      view: 1,
      seat: 2,
      peers: 6,
      syncing: false,
      settlementBlock: 12,
      inboxCursor: 4,
      checkpoint: null,
    };
  }

  readiness(): Readiness {
    return this.state;
  }

  metricsSummary(): Readonly<Record<string, number>> {
    return { finality_seconds_p50: 0.5 };
  }

  async metrics(): Promise<string> {
    return "aitbc_hybrid_height 1\n";
  }

  async #stateAt(at: StateAt) {
    if (typeof at !== "number") return this.#engine.stateAt(at);
    return this.#engine.stateAt({ hash: (await this.block({ height: at }))!.hash });
  }

  #announce(receipts: readonly FinalReceipt[]): void {
    this.#events.emit("heads", { heads: this.heads(), receipts } satisfies HeadsChange);
  }
}

/** Where the tips go. */
export const feeAccount: Address = `0x${"fe".repeat(20)}`;

function emptyDatabase(): LedgerDatabase {
  const entries = new Map<string, Uint8Array>();
  return {
    get: async (key) => entries.get(toHex(key)),
    batch: async (operations) => {
      for (const change of operations)
        if (change.type === "put") entries.set(toHex(change.key), change.value);
        else entries.delete(toHex(change.key));
    },
    // The ledger is opened once, empty.
    iterate: async function* () {},
  };
}
