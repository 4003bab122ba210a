import { type SignIntent, signingRoot } from "@aitbc-hybrid/protocol";
import { sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Protection, Signer, Silence } from "../signing/index.ts";
import type { Durability } from "./durability.ts";
import type { EffectOf, EngineLoop, EngineMetrics } from "./types.ts";

export interface SignaturesModules {
  readonly protection: Pick<Protection, "permit" | "sync">;
  /** Null: a follower. */
  readonly signer: Signer | null;
  readonly durability: Durability;
  readonly log: Log;
  readonly metrics: Pick<EngineMetrics, "refused">;
  readonly loop: EngineLoop;
}

/** Signs what the replica asks for, as far as the contracts and the slashing protection let the own key sign. */
export class Signatures {
  readonly #modules: SignaturesModules;
  /** Counts the replicas that took each other's place: numbers of intents are a replica's own. */
  #replica = 0;
  /** Why the own key signs nothing at present; null: it does. */
  #silenced: Silence | null = null;

  constructor(modules: SignaturesModules) {
    this.#modules = modules;
  }

  /** The contracts punished the own key: nothing is signed from now on. Null: it is in good standing again. */
  silence(why: Silence | null): void {
    this.#silenced = why;
  }

  /** Why the own key signs nothing; null: it does. */
  get silenced(): string | null {
    return this.#silenced?.reason ?? null;
  }

  /** Another replica takes the place of the one that asked so far: answers to that one are dropped. */
  forget(): void {
    this.#replica++;
  }

  /** Signs and records, or says why not; the answer is an input. */
  sign({ id, intent }: EffectOf<"sign">): void {
    const { protection, signer, durability, metrics, log, loop } = this.#modules;
    if (signer === null) {
      // A follower on the data of a validator: the log still asks for what that one signed.
      loop.submit({ type: "refused", id, reason: "this node has no key" });
      return;
    }
    if (this.#isSilenced(intent)) {
      loop.submit({ type: "refused", id, reason: this.#silenced!.reason });
      return;
    }
    const permission = protection.permit(intent);
    if (!permission.allowed) {
      const { reason } = permission;
      metrics.refused("protection");
      log.error(
        { epoch: intent.epoch, what: intent.what, reason },
        "signature refused by slashing protection",
      );
      loop.submit({ type: "refused", id, reason });
      return;
    }
    const recorded = durability.record({ type: "signed", intent });
    const synced = protection.sync();
    const replica = this.#replica;
    // Signing and writing overlap; the signature is known to nobody before the record is durable.
    Promise.all([signer.sign(signingRoot(intent)), recorded, synced]).then(
      ([signature]) => {
        if (replica === this.#replica) loop.submit({ type: "signed", id, signature });
      },
      (error) => {
        log.error({ error: sentence(error) }, "signing failed");
        if (replica === this.#replica) loop.submit({ type: "refused", id, reason: sentence(error) });
      },
    );
  }

  #isSilenced(intent: SignIntent): boolean {
    return this.#silenced !== null && !(intent.what === "restart" && this.#silenced.restarts);
  }
}
