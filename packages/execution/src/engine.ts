/**
 * The interface behind which ledgers stand: the embedded one here, an execution client over the Engine API, an existing
 * AITBC node (architecture.md; protocol.md section 9). Everything is asynchronous because the others answer over a wire.
 *
 * Blocks are executed speculatively when they are certified, on top of any executed block (certified blocks may fork),
 * and become durable when they are final. After a crash an engine stands at the last block it finalized; executing the
 * same blocks from there gives the same results.
 */
import type { Account, Address, Hash, Receipt, RefusalReason } from "./ledger/index.ts";

/** What execution needs to know of a block besides its transactions. */
export interface BlockContext {
  readonly hash: Hash;
  readonly height: number;
  /** ms since 1970 */
  readonly stamp: number;
  /** The header's fee recipient: the ledger account that the tips go to. */
  readonly feeRecipient: Address;
}

/** A block to be executed. */
export interface BlockToExecute extends BlockContext {
  /** Height of its epoch's first block, from which on the value moved is counted; null: it is not looked at. */
  readonly valueFrom: number | null;
}

/** A transaction of a block that had no effect and has no receipt. */
export interface SkippedTransaction {
  /** Among all transactions of the block. */
  readonly position: number;
  readonly reason: RefusalReason;
}

/** An executed block, without its transactions' receipts. */
export interface BlockSummary extends BlockContext {
  readonly parentHash: Hash;
  readonly stateRoot: Hash;
  readonly receiptsRoot: Hash;
  readonly gasUsed: number;
  /** Gas that blocks aim at. */
  readonly gasTarget: number;
  /** wei per gas, burnt */
  readonly baseFee: bigint;
  /** wei burnt from genesis up to and with this block */
  readonly burnt: bigint;
  /** Transactions with a receipt. */
  readonly executed: number;
  /** Transactions without effect. */
  readonly skipped: number;
  /** Bytes of the executed transactions. */
  readonly bytesUsed: number;
}

/** What executing a block gave. */
export interface ExecutionResult extends BlockSummary {
  /** Of the executed transactions, in order. */
  readonly receipts: readonly Receipt[];
  readonly skippedTransactions: readonly SkippedTransaction[];
  /**
   * What accounts sent away since the epoch began, each at most what it held then, in millionths of the supply; 0 where
   * it is not looked at.
   */
  readonly value: number;
}

/** A receipt and the final block it stands in. */
export interface FinalReceipt extends Receipt {
  readonly blockHash: Hash;
  readonly height: number;
}

/** What becomes of a transaction that a client hands in. */
export type CheckResult =
  | { readonly accepted: true; readonly hash: Hash; readonly from: Address; readonly nonce: number }
  | { readonly accepted: false; readonly reason: RefusalReason; readonly message: string };

/**
 * Which state to read: `latest`, the highest executed block (of equals, the first); `pending`, latest with the nonces of
 * waiting transactions; `finalized`; or a block by hash, or a recent final one by height.
 */
export type StateTag =
  | "latest"
  | "pending"
  | "finalized"
  | { readonly hash: Hash }
  | { readonly height: number };

/** The accounts after a block. It stays readable, and the same, whatever is finalized or dropped meanwhile. */
export interface StateView {
  /** The block it is the state after. */
  readonly block: BlockSummary;
  /** wei per gas in the block that follows */
  readonly nextBaseFee: bigint;
  /** wei */
  balance(address: Address): Promise<bigint>;
  nonce(address: Address): Promise<number>;
  /** Merkle proof of the account, or of its absence, against the block's state root: nodes from the root, as EIP-1186 has them. */
  proof(address: Address): Promise<readonly Uint8Array[]>;
}

/** All accounts after a block. */
export interface LedgerSnapshot {
  readonly block: BlockSummary;
  /** In the order of addresses, from one on. Whole only once the block is final. */
  accounts(from?: Address): AsyncIterable<readonly [Address, Account]>;
}

/** A ledger that executes the chain's transactions. */
export interface ExecutionEngine {
  /** The block whose state is durable. */
  readonly finalized: BlockSummary;

  /** The block that `latest` reads. */
  readonly latest: BlockSummary;

  /**
   * Judges a client's transaction against the latest state and what already waits; an accepted one waits from then on.
   * A refused one changes nothing.
   * @throws {ExecutionError} BUSY if too many signatures wait to be verified
   */
  check(transaction: Uint8Array): Promise<CheckResult>;

  /**
   * Transactions that became executable since the last call, in an order in which they can be executed: each is given
   * out once, and after its sender's earlier ones. What an own batch is made of.
   */
  takeExecutable(): readonly Uint8Array[];

  /**
   * Verifies a batch when it arrives, so that executing it needs no signature check: null for a transaction that is
   * well-formed and signed, else why it can never be executed here. May be left out: executing verifies what is left.
   * @throws {ExecutionError} BUSY if too many signatures wait already
   */
  verify(transactions: readonly Uint8Array[]): Promise<(RefusalReason | null)[]>;

  /**
   * Executes a certified block on its parent's state; the parent may be a final block below others, as long as its state
   * can be had: a recovery may choose another branch. Transactions that became invalid are skipped: validators batch
   * independently, so duplicates happen. Executing a block again gives the same result, but of one that is final already
   * the skipped transactions are no longer known.
   * @throws {ExecutionError} UNKNOWN_PARENT if the parent is neither final nor executed; BAD_HEIGHT;
   *   CONFLICTING_BLOCK if the hash was executed on another parent; CONFLICTING_FINAL if the block is final on another
   *   parent; STATE_UNAVAILABLE if the value moved is asked for and what moved before is not kept
   */
  execute(
    parentHash: Hash,
    context: BlockToExecute,
    transactions: readonly Uint8Array[],
  ): Promise<ExecutionResult>;

  /**
   * Makes an executed block and its ancestors durable, atomically, and drops the forks it excludes. Once more for a
   * block that is final already: nothing happens.
   * @throws {ExecutionError} UNKNOWN_BLOCK if it was not executed; CONFLICTING_FINAL if it does not extend the final
   *   block; an error of the store leaves everything as it was, to be tried again
   */
  finalize(hash: Hash): Promise<void>;

  /**
   * Gives up the final blocks above one that is final too, durably, and everything that does not descend from it: a
   * recovery of the chain goes on from there. Nothing happens if it is the highest.
   * @throws {ExecutionError} UNKNOWN_BLOCK if it is not final; STATE_UNAVAILABLE if what led beyond it is no longer kept
   */
  rewind(hash: Hash): Promise<void>;

  /**
   * @throws {ExecutionError} UNKNOWN_BLOCK; STATE_UNAVAILABLE if the block is final but its state is no longer kept
   */
  stateAt(tag: StateTag): Promise<StateView>;

  /** Summary of a final block by height, or of any known block by hash; undefined if there is none. */
  block(which: { readonly height: number } | { readonly hash: Hash }): Promise<BlockSummary | undefined>;

  /**
   * State and receipts roots at a height on the chain that a block ends, final or not: what the header of that block's
   * child commits `rootLag` blocks back.
   * @throws {ExecutionError} UNKNOWN_BLOCK if the block or its ancestor at that height is unknown
   */
  rootsAt(hash: Hash, height: number): Promise<{ readonly stateRoot: Hash; readonly receiptsRoot: Hash }>;

  /** The receipt of a transaction, only once its block is final. */
  receipt(transactionHash: Hash): Promise<FinalReceipt | undefined>;

  /** Hashes of the transactions that a block executed, in order; undefined if the block is unknown. */
  executed(hash: Hash): Promise<readonly Hash[] | undefined>;

  /** All receipts of a final block in order; undefined if the height is not final. */
  receiptsOf(height: number): Promise<readonly FinalReceipt[] | undefined>;

  /** Waits for what is under way and lets go of all resources; the store stays open, it is the caller's. */
  close(): Promise<void>;
}
