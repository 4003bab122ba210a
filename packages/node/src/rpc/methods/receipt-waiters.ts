import type { FinalReceipt, Hash } from "@aitbc-hybrid/execution";
import type { ChainReader } from "../chain-reader.ts";
import { RpcError } from "../json-rpc.ts";

interface Waiter {
  readonly resolve: (receipt: FinalReceipt | undefined) => void;
  readonly timer: NodeJS.Timeout;
}

/** Clients that wait for receipts. */
export class ReceiptWaiters {
  readonly #chain: ChainReader;
  readonly #limit: number;
  readonly #waiting = new Map<Hash, Set<Waiter>>();
  readonly #unsubscribe: () => void;
  #count = 0;
  #closed = false;

  constructor(options: { readonly limit: number }, modules: { readonly chain: ChainReader }) {
    this.#chain = modules.chain;
    this.#limit = options.limit;
    this.#unsubscribe = modules.chain.subscribeHeads(({ receipts }) => {
      for (const receipt of receipts) this.#answer(receipt);
    });
  }

  /**
   * The receipt once it is final; undefined after `timeout` ms, or when the server stops.
   * @throws {RpcError} LIMIT_EXCEEDED if too many wait already
   */
  async wait(hash: Hash, timeout: number): Promise<FinalReceipt | undefined> {
    if (this.#closed) return undefined;
    if (this.#count >= this.#limit)
      throw new RpcError("LIMIT_EXCEEDED", "too many clients wait for receipts");
    const { promise, resolve } = Promise.withResolvers<FinalReceipt | undefined>();
    const waiter: Waiter = {
      resolve,
      timer: setTimeout(() => this.#settle(hash, waiter, undefined), timeout),
    };
    const waiters = this.#waiting.get(hash) ?? new Set();
    this.#waiting.set(hash, waiters.add(waiter));
    this.#count++;
    // Registered first and looked up then: a block that becomes final in between is not missed.
    const receipt = await this.#chain.receipt(hash).catch((error) => {
      this.#settle(hash, waiter, undefined);
      throw error;
    });
    if (receipt !== undefined) this.#answer(receipt);
    return promise;
  }

  /** Answers everybody that there is nothing. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    for (const [hash, waiters] of this.#waiting)
      for (const waiter of waiters) this.#settle(hash, waiter, undefined);
  }

  #answer(receipt: FinalReceipt): void {
    const hash = receipt.transactionHash;
    for (const waiter of this.#waiting.get(hash) ?? []) this.#settle(hash, waiter, receipt);
  }

  #settle(hash: Hash, waiter: Waiter, receipt: FinalReceipt | undefined): void {
    const waiters = this.#waiting.get(hash);
    if (!waiters?.delete(waiter)) return;
    if (waiters.size === 0) this.#waiting.delete(hash);
    this.#count--;
    clearTimeout(waiter.timer);
    waiter.resolve(receipt);
  }
}
