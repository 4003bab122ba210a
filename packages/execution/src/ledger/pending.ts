import type { Account } from "./accounts.ts";
import { maximumCost } from "./block.ts";
import type { Address, Hash } from "./bytes.ts";
import type { RefusalReason } from "./refusal.ts";
import type { Transaction } from "./transaction.ts";

/** Bounds of the queue of transactions that wait for a block. */
export interface PendingOptions {
  /** Nonces a transaction may be ahead of the sender's next one; those in between may arrive over another connection. */
  readonly maximumAhead: number;
  readonly maximumPerSender: number;
  readonly maximumTotal: number;
}

/** Enough for a few seconds at 10,000 transactions a second, and for one wallet that sends a steady stream. */
export const defaultPendingOptions: PendingOptions = {
  maximumAhead: 64,
  maximumPerSender: 4_096,
  maximumTotal: 100_000,
};

interface Entry {
  readonly hash: Hash;
  readonly bytes: Uint8Array;
  readonly cost: bigint;
}

interface Sender {
  readonly entries: Map<number, Entry>;
  /** No entry has a lower nonce. */
  lowest: number;
  /** Lowest nonce not yet handed out. */
  next: number;
  /** Sum of the entries' costs, wei. */
  reserved: bigint;
}

/**
 * Transactions accepted and not yet executed, by sender and nonce. Each is handed out once, and only when all its
 * predecessors were: a batch never carries a transaction that a block would have to skip for a gap it knew of. Batches of
 * several validators may still be ordered against a sender's nonces; what was skipped for that is handed out again.
 */
export class PendingQueue {
  readonly #options: PendingOptions;
  readonly #senders = new Map<Address, Sender>();
  readonly #hashes = new Set<Hash>();
  #executable: Uint8Array[] = [];

  constructor(options: PendingOptions) {
    this.#options = options;
  }

  /** Transactions that wait. */
  get size(): number {
    return this.#hashes.size;
  }

  /** Takes a transaction in, or says why not. `account` and `baseFee` are those that the next block would see. */
  add(
    transaction: Transaction,
    bytes: Uint8Array,
    from: Address,
    account: Account,
    baseFee: bigint,
  ): RefusalReason | null {
    this.advance(from, account.nonce);
    const { hash, nonce } = transaction;
    if (this.#hashes.has(hash)) return "ALREADY_KNOWN";
    if (nonce < account.nonce) return "STALE_NONCE";
    const sender = this.#senders.get(from);
    if (sender?.entries.has(nonce)) return "REPLACEMENT_UNDERPRICED";
    if (nonce > this.nonce(from, account.nonce) + this.#options.maximumAhead) return "NONCE_GAP";
    if (transaction.maxFeePerGas < baseFee) return "FEE_CAP_BELOW_BASE_FEE";
    const cost = maximumCost(transaction);
    if (account.balance < cost + (sender?.reserved ?? 0n)) return "INSUFFICIENT_BALANCE";
    if (this.#hashes.size >= this.#options.maximumTotal) return "QUEUE_FULL";
    if (sender !== undefined && sender.entries.size >= this.#options.maximumPerSender) return "QUEUE_FULL";

    const queue: Sender = sender ?? {
      entries: new Map(),
      lowest: account.nonce,
      next: account.nonce,
      reserved: 0n,
    };
    if (sender === undefined) this.#senders.set(from, queue);
    queue.entries.set(nonce, { hash, bytes, cost });
    queue.reserved += cost;
    this.#hashes.add(hash);
    this.#release(queue);
    return null;
  }

  /** The nonce a sender's next transaction should have, after all that wait without a gap. */
  nonce(from: Address, accountNonce: number): number {
    const next = this.#senders.get(from)?.next ?? accountNonce;
    return next > accountNonce ? next : accountNonce;
  }

  /** Notes that a sender's account has reached a nonce: lower ones are done with, the next may have become executable. */
  advance(from: Address, nonce: number): void {
    const sender = this.#senders.get(from);
    if (sender === undefined) return;
    for (; sender.lowest < nonce; sender.lowest++) this.#remove(sender, sender.lowest);
    if (sender.next < nonce) sender.next = nonce;
    this.#release(sender);
    if (sender.entries.size === 0) this.#senders.delete(from);
  }

  /** Forgets a transaction that a block skipped, so that another with its nonce can be sent. */
  drop(from: Address, nonce: number, hash: Hash): void {
    const sender = this.#senders.get(from);
    if (sender?.entries.get(nonce)?.hash !== hash) return;
    this.#remove(sender, nonce);
    if (sender.next > nonce) sender.next = nonce;
    if (sender.entries.size === 0) this.#senders.delete(from);
  }

  /**
   * Notes that a block skipped a transaction for a gap before it: from the account's nonce on, the sender's transactions
   * are handed out again, unless the account is past it by now.
   */
  again(from: Address, accountNonce: number, nonce: number): void {
    const sender = this.#senders.get(from);
    if (sender === undefined || accountNonce > nonce || accountNonce >= sender.next) return;
    sender.next = accountNonce;
    this.#release(sender);
  }

  /** Envelopes that became executable since the last call, in an order in which they can be executed. */
  take(): Uint8Array[] {
    const executable = this.#executable;
    this.#executable = [];
    return executable;
  }

  #remove(sender: Sender, nonce: number): void {
    const entry = sender.entries.get(nonce);
    if (entry === undefined) return;
    sender.entries.delete(nonce);
    sender.reserved -= entry.cost;
    this.#hashes.delete(entry.hash);
  }

  #release(sender: Sender): void {
    for (
      let entry = sender.entries.get(sender.next);
      entry !== undefined;
      entry = sender.entries.get(sender.next)
    ) {
      this.#executable.push(entry.bytes);
      sender.next++;
    }
  }
}
