import { setImmediate as nextTurn } from "node:timers/promises";
import type { BlockContext, SkippedTransaction } from "../engine.ts";
import { BlockExecution, type LedgerParameters, movedOn } from "../ledger/index.ts";
import type { Layer, Skipped } from "./layer.ts";
import type { EmbeddedEngineOptions } from "./options.ts";
import type { ValueAtStake } from "./value.ts";
import type { Verifier } from "./verifier.ts";

/** Executes blocks on layers, into layers. */
export class BlockExecutor {
  readonly #parameters: LedgerParameters;
  readonly #slice: number;
  readonly #verifier: Verifier;
  readonly #value: ValueAtStake;

  constructor(
    { parameters, slice }: Pick<EmbeddedEngineOptions, "parameters" | "slice">,
    verifier: Verifier,
    value: ValueAtStake,
  ) {
    this.#parameters = parameters;
    this.#slice = slice;
    this.#verifier = verifier;
    this.#value = value;
  }

  /** @param valueFrom height at which the block's epoch begins; null where value at stake is not looked at */
  async execute(
    parent: Layer,
    context: BlockContext,
    valueFrom: number | null,
    transactions: readonly Uint8Array[],
  ): Promise<Layer> {
    const before = valueFrom === null ? null : await this.#value.before(parent, valueFrom);
    const verified = await this.#verifier.verify(transactions, true);
    const parameters = this.#parameters;
    const slice = this.#slice;
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
    return {
      result: {
        ...context,
        parentHash: parent.result.hash,
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
        value: moved === null ? 0 : this.#value.share(moved, state.burnt),
      },
      state,
      changes,
      skipped,
      sent,
      moved,
    };
  }
}

/** Runs steps to their end, giving other work its turn after each. */
async function inTurns<T>(steps: Generator<undefined, T, undefined>): Promise<T> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    await nextTurn();
  }
}
