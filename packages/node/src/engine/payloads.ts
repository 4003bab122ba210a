import { forcedEntries, type Hash, type Hex, type ReferenceReading } from "@aitbc-hybrid/protocol";
import type { DataPath } from "../data/index.ts";
import type { Settlement } from "../settlement/index.ts";
import type { Signer } from "../signing/index.ts";
import type { Ledger } from "./ledger.ts";
import type { References } from "./references.ts";
import type { EffectOf, EngineLoop } from "./types.ts";

export interface PayloadsOptions {
  /** Ledger account that gets the tips of own blocks. */
  readonly feeRecipient: Hex;
}

export interface PayloadsModules {
  readonly data: Pick<DataPath, "force" | "payload">;
  readonly settlement: Pick<Settlement, "forced">;
  /** Null: a follower, which proposes nothing. */
  readonly signer: Signer | null;
  readonly references: References;
  readonly ledger: Ledger;
  readonly loop: EngineLoop;
}

/** Puts together what an own proposal carries. */
export class Payloads {
  readonly #options: PayloadsOptions;
  readonly #modules: PayloadsModules;

  constructor(options: PayloadsOptions, modules: PayloadsModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** The answer is an input; there is none where nothing can be named that the proposal needs. */
  async build(effect: EffectOf<"payload">): Promise<void> {
    const { signer, references, loop } = this.#modules;
    if (signer === null) return;
    const { epoch, view, parentHash } = effect;
    const [vrfProof, named] = await Promise.all([signer.sign(effect.vrfRoot), references.name(effect)]);
    if (named === null) return;
    const { batches, inboxCursor } = await this.#batches(effect, named.reading);
    loop.submit({
      type: "payload",
      epoch,
      view,
      parentHash,
      payload: {
        batches,
        reference: named.reference,
        settledAt: named.reading?.settledAt ?? effect.parentSettledAt,
        inboxCursor,
        feeRecipient: this.#options.feeRecipient,
        candidate: effect.candidateEpoch === null ? null : (named.reading?.candidate ?? null),
        vrfProof,
      },
    });
  }

  /** What the inbox owes, if that can be told, then what a quorum holds, as far as there is room. */
  async #batches(
    { parentHash, parentInboxCursor: from, inbox }: EffectOf<"payload">,
    reading: ReferenceReading | null,
  ): Promise<{ readonly batches: readonly Hash[]; readonly inboxCursor: number }> {
    const { data, settlement, ledger } = this.#modules;
    const taken = ledger.ordered(parentHash);
    const forced = forcedEntries(reading?.due ?? [], inbox.forceQuota);
    if (forced.length === 0) return { batches: data.payload(taken), inboxCursor: from };
    const batch = await data.force(from, await settlement.forced(from, forced));
    const batches = [batch.digest, ...data.payload(taken, batch.bytes)];
    return { batches, inboxCursor: from + forced.length };
  }
}
