import type {
  Address,
  BlockSummary,
  CheckResult,
  FinalReceipt,
  Hash,
  Transaction,
} from "@aitbc-hybrid/execution";
import type { CheckpointCertificate, Mode, Registry } from "@aitbc-hybrid/protocol";
import type { HeaderProof, ReceiptProof, TransactionProof } from "@aitbc-hybrid/sdk";

/** Heights by finality level (protocol.md section 8); -1 where no block has reached the level. */
export interface Heads {
  /** Notarized and certified. */
  readonly latest: number;
  /** Final by the mode's quorum. */
  readonly finalized: number;
  /** Under a checkpoint that the stake signed. */
  readonly backed: number;
  /** Under a checkpoint accepted in a final settlement block. */
  readonly settled: number;
}

/** How the heads moved. */
export interface HeadsChange {
  readonly heads: Heads;
  /** Receipts of the blocks that became final with this change. */
  readonly receipts: readonly FinalReceipt[];
}

/** A block as RPC shows it: its execution and what consensus says of it. */
export interface ChainBlock extends BlockSummary {
  readonly epoch: number;
  readonly mode: Mode;
  readonly view: number;
  readonly vrfOutput: Hash;
  /** Entries of the settlement chain's inbox below this number were taken by this block and those before it. */
  readonly inboxCursor: number;
  /** Merkle root over the digests of the block's batches. */
  readonly batchesRoot: Hash;
  /** Header and body, bytes. */
  readonly size: number;
}

/** A transaction with its sender; of a final block also where it stands. */
export interface ChainTransaction {
  readonly transaction: Transaction;
  readonly from: Address;
  /** Undefined until the block that executed it is final. */
  readonly receipt: FinalReceipt | undefined;
}

/** The state a balance or nonce is read from: a height, the latest state, or that with what waits. */
export type StateAt = number | "latest" | "pending";

/** A finality or checkpoint certificate. */
export interface CertificateView {
  readonly kind: "notarize" | "finalize" | "checkpoint";
  readonly epoch: number;
  readonly domain: Hash;
  readonly view: number;
  readonly parentView: number;
  readonly height: number;
  readonly blockHash: Hash;
  /** Signers over the epoch's registry, seat i at byte i >> 3, bit i & 7. */
  readonly bitmap: Uint8Array;
  /** Aggregate signature, compressed G2, 96 bytes. */
  readonly signature: Uint8Array;
}

/** What the validator says of itself and of the chain. */
export interface HybridStatus {
  readonly genesisHash: Hash;
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: Mode;
  readonly view: number;
  /** Own seat in the epoch's registry; null for a follower. */
  readonly seat: number | null;
  readonly peers: number;
  readonly syncing: boolean;
  /** The settlement chain as the node's client sees it; null if it does not answer. */
  readonly settlementBlock: number | null;
  /** Entries of the settlement chain's inbox that final blocks took: those below this number. */
  readonly inboxCursor: number;
  /** Last checkpoint known to be accepted on-chain; null before the first. */
  readonly checkpoint: { readonly height: number; readonly hash: Hash } | null;
}

/** Whether the node can do its duty, and if not, why not, in sentences. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/** A follower has no place in the chain's batches: it would keep a transaction that nobody ever orders. */
export interface NotSpread {
  readonly accepted: false;
  readonly reason: "FOLLOWER";
  readonly message: string;
}

/** Which checkpoint: the highest backed one, one by its height, or that which ends an epoch. */
export type CheckpointAt = "latest" | { readonly height: number } | { readonly epoch: number };

/** What light clients ask for; null where the node does not have it. */
export interface ProofReader {
  checkpoint(which: CheckpointAt): Promise<CheckpointCertificate | null>;
  registry(root: Hash): Promise<Registry | null>;
  /** `under` is the height of the checkpoint that is proved to; default: the highest backed one. */
  blockProof(height: number, under?: number): Promise<HeaderProof | null>;
  transactionProof(transaction: Hash, under?: number): Promise<TransactionProof | null>;
  receiptProof(transaction: Hash, under?: number): Promise<ReceiptProof | null>;
}

/** What the RPC server reads and does; the node implements it. */
export interface ChainReader {
  /** EIP-155 chain id. */
  readonly chainId: number;
  /** Program and version, such as `aitbc-hybrid/0.1.0`. */
  readonly clientVersion: string;
  /** For light clients. */
  readonly proofs: ProofReader;
  heads(): Heads;
  /** A block by hash, or the one at a height on the chain that `latest` ends. */
  block(which: { readonly height: number } | { readonly hash: Hash }): Promise<ChainBlock | undefined>;
  /** Hashes of the transactions that a block executed, in order; undefined if the block is unknown. */
  transactionHashesOf(hash: Hash): Promise<readonly Hash[] | undefined>;
  /** The transactions themselves. */
  transactionsOf(hash: Hash): Promise<readonly ChainTransaction[] | undefined>;
  /** A transaction that waits or was executed. */
  transaction(hash: Hash): Promise<ChainTransaction | undefined>;
  /** Only once the block is final. */
  receipt(transactionHash: Hash): Promise<FinalReceipt | undefined>;
  /** wei; rejects with an error of code STATE_UNAVAILABLE if that height's state is no longer kept. */
  balance(address: Address, at: StateAt): Promise<bigint>;
  nonce(address: Address, at: StateAt): Promise<number>;
  /** Merkle proof of an account against its block's state root (EIP-1186). */
  proof(address: Address, at: StateAt): Promise<readonly Uint8Array[]>;
  /** Base fee of the block after `latest`, wei per gas. */
  nextBaseFee(): Promise<bigint>;
  /** Takes a client's transaction in and spreads it, or says why not. */
  submitTransaction(bytes: Uint8Array): Promise<CheckResult | NotSpread>;
  /** Calls back after every change of a head, when what it says can be read; the result ends it. */
  subscribeHeads(listener: (change: HeadsChange) => void): () => void;
  /** The certificate that made the block of a height final. */
  certificate(height: number): Promise<CertificateView | undefined>;
  status(): HybridStatus;
  readiness(): Readiness;
  /** Selected figures, base units, by metric name without the prefix. */
  metricsSummary(): Readonly<Record<string, number>>;
  /** All metrics in Prometheus' text format. */
  metrics(): Promise<string>;
}
