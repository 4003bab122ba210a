import {
  type BlockSummary,
  type CheckResult,
  decodeTransaction,
  type ExecutionEngine,
  ExecutionError,
  type FinalReceipt,
  type LedgerParameters,
  type StateTag,
  type Transaction,
} from "@aitbc-hybrid/execution";
import {
  type Block,
  encodeBlock,
  type Genesis,
  type Hash,
  type Hex,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import type { ChainStore, RegistryStore, SettledWatch } from "./chain/index.ts";
import type { DataPath } from "./data/index.ts";
import type { Engine } from "./engine/index.ts";
import type { Metrics } from "./metrics/index.ts";
import type { Network } from "./network/index.ts";
import { NodeProofs } from "./proofs.ts";
import type {
  CertificateView,
  ChainBlock,
  ChainReader,
  ChainTransaction,
  Heads,
  HeadsChange,
  HybridStatus,
  NotSpread,
  Readiness,
  StateAt,
} from "./rpc/index.ts";
import type { Settlement } from "./settlement/index.ts";
import type { Signer } from "./signing/index.ts";

/** Clients' transactions remembered until they are final: what eth_getTransactionByHash shows of pending ones. */
const PENDING = 100_000;
/** Without a new final block for this long, and behind its peers, a node counts as syncing. */
const STALE_MS = 15_000;

export interface ReaderOptions {
  readonly clientVersion: string;
  readonly genesis: Genesis;
  readonly genesisHash: Hash;
  readonly ledger: LedgerParameters;
}

export interface ReaderModules {
  readonly engine: Engine;
  readonly execution: ExecutionEngine;
  readonly chain: ChainStore;
  readonly registries: RegistryStore;
  readonly data: DataPath;
  readonly network: Network;
  readonly settlement: Settlement;
  readonly settled: SettledWatch;
  readonly signer: Signer | null;
  readonly metrics: Metrics;
  readonly clock: () => number;
}

/** What RPC reads, from the node's parts (protocol.md section 8, "Levels"). */
export class NodeReader implements ChainReader {
  readonly chainId: number;
  readonly clientVersion: string;
  readonly proofs: NodeProofs;
  readonly #options: ReaderOptions;
  readonly #modules: ReaderModules;
  readonly #listeners = new Set<(change: HeadsChange) => void>();
  readonly #pending = new Map<Hash, { readonly transaction: Transaction; readonly from: Hex }>();
  #finalAt: number;

  constructor(options: ReaderOptions, modules: ReaderModules) {
    this.#options = options;
    this.#modules = modules;
    const { chain, registries, execution, data, metrics } = modules;
    this.proofs = new NodeProofs({ chain, registries, execution, data, onTree: metrics.tree });
    this.chainId = options.genesis.chainId;
    this.clientVersion = options.clientVersion;
    this.#finalAt = modules.clock();
  }

  /** A head moved; `receipts` of what became final with it. */
  moved(receipts: readonly FinalReceipt[] = []): void {
    for (const receipt of receipts) this.#pending.delete(receipt.transactionHash);
    const change: HeadsChange = { heads: this.heads(), receipts };
    for (const listener of this.#listeners) listener(change);
  }

  /** A block became final just now. */
  finalized(): void {
    this.#finalAt = this.#modules.clock();
  }

  heads(): Heads {
    const { execution, chain, settlement } = this.#modules;
    const finalized = execution.finalized.height;
    // What was backed or accepted elsewhere counts here once the block is final here.
    const within = (height: number | undefined): number =>
      height === undefined ? -1 : Math.min(height, finalized);
    return {
      latest: this.#certified()?.height ?? finalized,
      finalized,
      backed: within(chain.backed?.checkpoint.height),
      settled: within(settlement.settled()?.height),
    };
  }

  async block(which: { readonly height: number } | { readonly hash: Hash }): Promise<ChainBlock | undefined> {
    const summary = await this.#summary(which);
    return summary === undefined ? undefined : this.#describe(summary);
  }

  async transactionHashesOf(hash: Hash): Promise<readonly Hash[] | undefined> {
    return (await this.#receiptsOf(hash))?.map((receipt) => receipt.transactionHash);
  }

  async transactionsOf(hash: Hash): Promise<readonly ChainTransaction[] | undefined> {
    const receipts = await this.#receiptsOf(hash);
    if (receipts === undefined) return undefined;
    if (receipts.length === 0) return [];
    const block = await this.#block(hash);
    if (block === null) return undefined;
    const final = (await this.#modules.chain.byHash(hash)) !== null;
    const bytes = new Map<Hash, Transaction>();
    for (const each of await this.#modules.data.transactions(block)) {
      const transaction = this.#decode(each);
      if (transaction !== null) bytes.set(transaction.hash, transaction);
    }
    return receipts.flatMap((receipt) => {
      const transaction = bytes.get(receipt.transactionHash);
      if (transaction === undefined) return [];
      return [{ transaction, from: receipt.from, receipt: final ? receipt : undefined }];
    });
  }

  async transaction(hash: Hash): Promise<ChainTransaction | undefined> {
    const receipt = await this.receipt(hash);
    if (receipt === undefined) {
      const pending = this.#pending.get(hash);
      return pending === undefined ? undefined : { ...pending, receipt: undefined };
    }
    const all = await this.transactionsOf(receipt.blockHash);
    return all?.find((each) => each.transaction.hash === hash);
  }

  receipt(transactionHash: Hash): Promise<FinalReceipt | undefined> {
    return this.#modules.execution.receipt(transactionHash);
  }

  async balance(address: Hex, at: StateAt): Promise<bigint> {
    return (await this.#modules.execution.stateAt(await this.#tag(at))).balance(address);
  }

  async nonce(address: Hex, at: StateAt): Promise<number> {
    return (await this.#modules.execution.stateAt(await this.#tag(at))).nonce(address);
  }

  async proof(address: Hex, at: StateAt): Promise<readonly Uint8Array[]> {
    return (await this.#modules.execution.stateAt(await this.#tag(at))).proof(address);
  }

  async nextBaseFee(): Promise<bigint> {
    return (await this.#modules.execution.stateAt(await this.#tag("latest"))).nextBaseFee;
  }

  async submitTransaction(bytes: Uint8Array): Promise<CheckResult | NotSpread> {
    if (this.#modules.signer === null) {
      this.#modules.metrics.submitted(false);
      return {
        accepted: false,
        reason: "FOLLOWER",
        message: "this node follows the chain without a key and spreads no transactions: send to a validator",
      };
    }
    const result = await this.#modules.execution.check(bytes);
    this.#modules.metrics.submitted(result.accepted);
    if (!result.accepted) return result;
    const transaction = this.#decode(bytes);
    if (transaction !== null) {
      if (this.#pending.size >= PENDING) this.#pending.delete(this.#pending.keys().next().value!);
      this.#pending.set(result.hash, { transaction, from: result.from });
    }
    this.#modules.data.transactionAccepted();
    return result;
  }

  subscribeHeads(listener: (change: HeadsChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async certificate(height: number): Promise<CertificateView | undefined> {
    const final = await this.#modules.chain.at(height);
    if (final === null || final.certificate === null) return undefined;
    const { kind, epoch, domain, view, parentView, bitmap, signature } = final.certificate;
    if (kind === "nullify") return undefined;
    return { kind, epoch, domain, view, parentView, height, blockHash: final.hash, bitmap, signature };
  }

  status(): HybridStatus {
    const { engine, network, settlement } = this.#modules;
    const { epoch, incarnation, mode, view, ownSeat, inboxCursor } = engine.view();
    const settled = settlement.settled();
    return {
      genesisHash: this.#options.genesisHash,
      epoch,
      incarnation,
      mode,
      view,
      seat: ownSeat,
      peers: network.connected().length,
      syncing: this.#modules.clock() - this.#finalAt > STALE_MS,
      settlementBlock: settlement.latestFinal()?.number ?? null,
      inboxCursor,
      checkpoint: settled === null ? null : { height: settled.height, hash: settled.blockHash },
    };
  }

  readiness(): Readiness {
    const { engine, network, settlement, settled, signer } = this.#modules;
    const reasons: string[] = [];
    const halted = engine.view().halted;
    if (halted !== null || engine.halted) reasons.push(`the node halted: ${halted ?? "see its log"}`);
    if (settled.conflict !== null)
      reasons.push(`the contracts accepted another block of height ${settled.conflict} than is final here`);
    if (engine.silenced !== null) reasons.push(engine.silenced);
    if (network.connected().length === 0) reasons.push("no peer is connected");
    if (this.#modules.clock() - this.#finalAt > STALE_MS) {
      reasons.push(`no block became final here for ${STALE_MS / 1_000} s: it syncs, or the network waits`);
    }
    if (!settlement.reachable()) reasons.push("the settlement chain does not answer");
    if (signer !== null && !signer.ready()) reasons.push("the signer does not answer");
    return { ready: reasons.length === 0, reasons };
  }

  metricsSummary(): Readonly<Record<string, number>> {
    return this.#modules.metrics.summary();
  }

  metrics(): Promise<string> {
    return this.#modules.metrics.text();
  }

  /** The highest certified block above the final one: the ledger may have executed blocks that nobody notarized yet. */
  #certified(): { readonly hash: Hash; readonly height: number } | null {
    const { engine, execution } = this.#modules;
    const { certifiedHash: hash, certifiedHeight: height } = engine.view();
    return height > execution.finalized.height ? { hash, height } : null;
  }

  /** A state by height is asked for by the hash there, so that the height may also be one above the final one. */
  async #tag(at: StateAt): Promise<StateTag> {
    if (at === "pending") return at;
    if (at === "latest") {
      const certified = this.#certified();
      return certified === null
        ? { height: this.#modules.execution.finalized.height }
        : { hash: certified.hash };
    }
    if (at <= this.#modules.execution.finalized.height) return { height: at };
    const summary = await this.#summary({ height: at });
    if (summary === undefined) throw new ExecutionError("UNKNOWN_BLOCK", `there is no block at height ${at}`);
    return { hash: summary.hash };
  }

  /** A height means the one on the chain that `latest` ends. */
  async #summary(
    which: { readonly height: number } | { readonly hash: Hash },
  ): Promise<BlockSummary | undefined> {
    const { execution } = this.#modules;
    if ("hash" in which || which.height <= execution.finalized.height) return execution.block(which);
    const certified = this.#certified();
    if (certified === null) return undefined;
    let summary = await execution.block({ hash: certified.hash });
    while (summary !== undefined && summary.height > which.height) {
      summary = await execution.block({ hash: summary.parentHash });
    }
    return summary?.height === which.height ? summary : undefined;
  }

  async #block(hash: Hash): Promise<Block | null> {
    const { chain, engine } = this.#modules;
    return engine.speculative(hash)?.block ?? (await chain.byHash(hash))?.block ?? null;
  }

  async #describe(summary: BlockSummary): Promise<ChainBlock> {
    const { chain, engine, registries } = this.#modules;
    const final = summary.height === 0 ? null : await chain.byHash(summary.hash);
    const block = final?.block ?? engine.speculative(summary.hash)?.block;
    if (block === undefined) {
      const { mode } = this.#options.genesis;
      const nothing = { vrfOutput: ZERO_HASH, inboxCursor: 0, batchesRoot: ZERO_HASH, size: 0 };
      return { ...summary, epoch: 0, mode, view: 0, ...nothing };
    }
    const epoch = final?.epoch ?? engine.view().epoch;
    const mode = (await registries.ofEpoch(epoch))?.mode ?? engine.view().mode;
    const { view, vrfOutput, inboxCursor, batchesRoot } = block.header;
    const size = encodeBlock(block).length;
    return { ...summary, epoch, mode, view, vrfOutput, inboxCursor, batchesRoot, size };
  }

  async #receiptsOf(hash: Hash): Promise<readonly FinalReceipt[] | undefined> {
    const { engine, execution } = this.#modules;
    const result = engine.speculative(hash)?.result;
    if (result) return result.receipts.map((each) => ({ ...each, blockHash: hash, height: result.height }));
    const summary = await execution.block({ hash });
    return summary === undefined ? undefined : ((await execution.receiptsOf(summary.height)) ?? []);
  }

  #decode(bytes: Uint8Array): Transaction | null {
    try {
      return decodeTransaction(bytes, this.#options.ledger);
    } catch {
      // Batches may carry what no block executes.
      return null;
    }
  }
}
