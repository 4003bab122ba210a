import type { RegistryStore } from "../chain/index.ts";
import { sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Settlement } from "../settlement/index.ts";
import type { EffectOf, EngineLoop, RecordLog } from "./types.ts";

export interface ContractInputsOptions {
  /** Wait before the contracts are asked again for a registry, ms. */
  readonly retryMs: number;
}

export interface ContractInputsModules {
  readonly settlement: Pick<Settlement, "contracts" | "registry">;
  readonly registries: RegistryStore;
  readonly wal: Pick<RecordLog, "settled">;
  readonly log: Log;
  readonly loop: EngineLoop;
}

/** What the replica is told of the contracts beside the references of blocks: their state, activations, registries. */
export class ContractInputs {
  readonly #options: ContractInputsOptions;
  readonly #modules: ContractInputsModules;
  /** What the replica was last told of the contracts, and of how many activations. */
  #shown = "";
  #activations = 0;

  constructor(options: ContractInputsOptions, modules: ContractInputsModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** Another replica takes the place of the one that was told so far: it is told everything anew. */
  forget(): void {
    this.#shown = "";
    this.#activations = 0;
  }

  /**
   * Tells the replica what the own settlement client shows of the contracts, if that changed.
   * @param own the incarnation that the replica is in
   */
  look(own: number): void {
    const { settlement, log, wal, loop } = this.#modules;
    const view = settlement.contracts();
    if (view === null) return;
    const { at, ...rest } = view.reading;
    const { recovery, epoch, incarnation } = rest;
    // The end of grace is a change, too: nothing can be posted any more, and all of it was read.
    const isPast = recovery !== null && at > recovery.graceEnd;
    const shown = JSON.stringify({ ...rest, isPast });
    if (shown !== this.#shown) {
      this.#shown = shown;
      if (recovery !== null) {
        const posted = recovery.posted.length;
        log.warn({ epoch, incarnation, graceEnd: recovery.graceEnd, isPast, posted }, "recovery is open");
      }
      loop.submit({ type: "contracts", reading: view.reading });
    }
    for (const activation of view.activations.slice(this.#activations)) {
      log.warn({ ...activation }, "a recovery was activated");
      loop.submit({ type: "activated", activation });
    }
    this.#activations = view.activations.length;
    // Not before the replica is in their incarnation: until then it may have to go back to the epoch before.
    if (incarnation === own) loop.background(wal.settled(epoch), "freeing the log");
  }

  /** Reads a registry from the store, else from the contracts, again and again until they answer. */
  async registry(effect: EffectOf<"registry">): Promise<void> {
    const { registries, settlement, log, loop } = this.#modules;
    for (;;) {
      try {
        let registry = await registries.get(effect.root);
        if (registry === null) {
          registry = await settlement.registry(effect.root, effect.epoch);
          await registries.put(registry);
        }
        loop.submit({ type: "registry", registry });
        return;
      } catch (error) {
        log.warn({ root: effect.root, epoch: effect.epoch, error: sentence(error) }, "registry not read yet");
      }
      await new Promise((resolve) => setTimeout(resolve, this.#options.retryMs).unref());
      if (loop.isClosed()) return;
    }
  }
}
