import type { Hex } from "@aitbc-hybrid/protocol";
import type { DataPath } from "../data/index.ts";
import type { Signer } from "../signing/index.ts";
import type { Ledger } from "./ledger.ts";
import type { References } from "./references.ts";
import type { EffectOf, EngineLoop } from "./types.ts";

export interface PayloadsOptions {
  /** Ledger account that gets the tips of own blocks. */
  readonly feeRecipient: Hex;
}

export interface PayloadsModules {
  readonly data: Pick<DataPath, "payload">;
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
    const { data, signer, references, ledger, loop } = this.#modules;
    if (signer === null) return;
    const { epoch, view, parentHash } = effect;
    const [vrfProof, named] = await Promise.all([signer.sign(effect.vrfRoot), references.name(effect)]);
    if (named === null) return;
    loop.submit({
      type: "payload",
      epoch,
      view,
      parentHash,
      payload: {
        batches: data.payload(ledger.ordered(parentHash)),
        reference: named.reference,
        settledAt: named.reading?.settledAt ?? effect.parentSettledAt,
        inboxCursor: named.reading?.inboxCursor ?? 0,
        feeRecipient: this.#options.feeRecipient,
        candidate: effect.candidateEpoch === null ? null : (named.reading?.candidate ?? null),
        vrfProof,
      },
    });
  }
}
