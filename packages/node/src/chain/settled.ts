import { sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Settlement } from "../settlement/index.ts";
import type { PastWatch } from "./past.ts";
import type { RegistryStore } from "./registries.ts";
import type { ChainStore } from "./store.ts";

/**
 * Holds what the contracts accept against the final chain: if they accepted another block, a quorum signed for both or
 * the own one was forged, and somebody has to look.
 */
export class SettledWatch {
  readonly #modules: {
    readonly chain: ChainStore;
    readonly registries: RegistryStore;
    readonly settlement: Pick<Settlement, "settled" | "accepted">;
    readonly past: PastWatch;
    readonly log: Log;
  };
  #looked = 0;
  #conflict: number | null = null;

  constructor(modules: {
    readonly chain: ChainStore;
    readonly registries: RegistryStore;
    readonly settlement: Pick<Settlement, "settled" | "accepted">;
    readonly past: PastWatch;
    readonly log: Log;
  }) {
    this.#modules = modules;
  }

  /** Height at which the contracts accepted another block than is final here; null: none. */
  get conflict(): number | null {
    return this.#conflict;
  }

  /** Looks at the highest checkpoint accepted, once its height is final here. */
  async look(): Promise<void> {
    const { chain, settlement, log } = this.#modules;
    const settled = settlement.settled();
    if (settled === null || settled.height === this.#looked) return;
    const own = await chain.at(settled.height);
    if (own === null) return;
    this.#looked = settled.height;
    if (own.hash === settled.blockHash) {
      // A recovery went on from there, or a reading was wrong.
      this.#conflict = null;
      return;
    }
    this.#conflict = settled.height;
    log.fatal(
      { height: settled.height, accepted: settled.blockHash, own: own.hash },
      "the contracts accepted another block than is final here",
    );
    await this.#search(settled.height, own.block.header.domain).catch((error) =>
      log.error({ error: sentence(error) }, "the accepted checkpoint could not be read"),
    );
  }

  async #search(height: number, domain: `0x${string}`): Promise<void> {
    const { registries, settlement, past } = this.#modules;
    const known = await registries.domain(domain);
    const registry = known === null ? null : await registries.get(known.registryRoot);
    if (known === null || registry === null) return;
    const { epoch, mode } = known;
    const certificate = await settlement.accepted(height, { epoch, domain, registry, mode });
    if (certificate !== null) past.look(null, { type: "checkpointCertificate", certificate });
  }
}
