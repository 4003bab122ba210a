import { setImmediate as nextTurn } from "node:timers/promises";
import {
  decodeTransaction,
  type LedgerParameters,
  type Transaction,
  TransactionRefused,
} from "../ledger/index.ts";
import type { SenderRecovery } from "../senders/index.ts";
import type { EmbeddedEngineOptions } from "./options.ts";
import { type Verified, VerifiedCache } from "./verified.ts";

/** Decodes transactions and recovers their senders, each once. */
export class Verifier {
  readonly #senders: SenderRecovery;
  readonly #parameters: LedgerParameters;
  readonly #slice: number;
  readonly #known: VerifiedCache;

  constructor(
    { parameters, slice, verifiedKept }: Pick<EmbeddedEngineOptions, "parameters" | "slice" | "verifiedKept">,
    senders: SenderRecovery,
  ) {
    this.#senders = senders;
    this.#parameters = parameters;
    this.#slice = slice;
    this.#known = new VerifiedCache(verifiedKept);
  }

  /** @param urgent their senders are recovered before others: a block waits for them */
  async verify(transactions: readonly Uint8Array[], urgent: boolean): Promise<Verified[]> {
    const results: Verified[] = [];
    const unknown: { readonly at: number; readonly transaction: Transaction }[] = [];
    for (const [at, bytes] of transactions.entries()) {
      // Decoding takes longer than the rest of executing a transaction: other work gets its turn in between.
      if (at % this.#slice === this.#slice - 1) await nextTurn();
      const known = this.#known.get(bytes);
      if (known !== undefined) {
        results[at] = known;
        continue;
      }
      try {
        unknown.push({ at, transaction: decodeTransaction(bytes, this.#parameters) });
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
        this.#known.add({ transaction, from });
      }
    }
    return results;
  }
}
