import {
  type Address,
  type Hash,
  keccakHex,
  type Transaction,
  type TransactionRefused,
} from "../ledger/index.ts";

/** A transaction with its sender, or why it can never be executed. */
export type Verified =
  | { readonly transaction: Transaction; readonly from: Address }
  | { readonly refusal: TransactionRefused };

/**
 * Remembers verified transactions by the hash of their bytes, so that a signature is checked once although the
 * transaction passes by as a client's, in a batch and in a block. Two generations, each half of the limit: forgetting the
 * older one as a whole costs nothing per entry.
 */
export class VerifiedCache {
  readonly #half: number;
  #young = new Map<Hash, Verified>();
  #old = new Map<Hash, Verified>();

  constructor(limit: number) {
    this.#half = limit / 2;
  }

  get(bytes: Uint8Array): Verified | undefined {
    const hash = keccakHex(bytes);
    return this.#young.get(hash) ?? this.#old.get(hash);
  }

  add(entry: { readonly transaction: Transaction; readonly from: Address }): void {
    this.#young.set(entry.transaction.hash, entry);
    if (this.#young.size < this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
