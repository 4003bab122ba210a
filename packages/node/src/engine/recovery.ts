import type { Certificate, DurableRecord, Header, Registry } from "@aitbc-hybrid/protocol";
import type { ChainStore, RegistryStore } from "../chain/index.ts";
import type { Log } from "../log.ts";
import type { Durability } from "./durability.ts";
import type { Ledger } from "./ledger.ts";
import type { CertifiedHeader, EffectOf, EngineListener, RecordLog } from "./types.ts";

export interface RecoveryModules {
  readonly wal: Pick<RecordLog, "ofEpoch">;
  readonly chain: Pick<ChainStore, "byHash">;
  readonly registries: Pick<RegistryStore, "get">;
  readonly ledger: Ledger;
  readonly durability: Durability;
  readonly listener: Pick<EngineListener, "certificate" | "restart">;
  readonly log: Log;
}

/** An epoch's records from its beginning, and the registries that they begin with. */
export interface EpochRecords {
  readonly records: readonly DurableRecord[];
  readonly registries: readonly Registry[];
}

/** What a recovery takes: the own certificates and RESTARTs to be posted, and the records of the epoch it goes back to. */
export class Recovery {
  readonly #modules: RecoveryModules;

  constructor(modules: RecoveryModules) {
    this.#modules = modules;
  }

  /**
   * Hands over the replica's highest certificate, if its block's header is known.
   * @param header the one that the replica remembers
   */
  async post({ certificate }: EffectOf<"post">, header: Header | null, registry: Registry): Promise<void> {
    const { durability, listener } = this.#modules;
    const held = await this.#held(certificate, header);
    if (held !== null) durability.hold(() => listener.certificate(held, registry));
  }

  /**
   * Hands over the own RESTART.
   * @param header of its certificate's block, as far as the replica remembers it
   */
  async restart({ vote, certificate }: EffectOf<"restart">, header: Header | null): Promise<void> {
    const { durability, listener, log } = this.#modules;
    const held = certificate === null ? null : await this.#held(certificate, header);
    const { epoch, view, blockHash } = vote;
    log.warn({ epoch, view, blockHash }, "RESTART is signed");
    durability.hold(() => listener.restart(vote, held));
  }

  /** What a replica of an earlier epoch is restored from; null if that is not kept any more. */
  async recordsOf({ epoch, incarnation }: EffectOf<"resume">): Promise<EpochRecords | null> {
    const { wal, registries, log } = this.#modules;
    const records = await wal.ofEpoch(epoch, incarnation);
    const first = records?.[0];
    if (records === null || first?.type !== "epoch") return null;
    log.warn({ epoch, incarnation }, "going back to a recovered epoch");
    const roots = new Set([first.start.registry, first.start.registryNext]);
    const known = await Promise.all([...roots].map((root) => registries.get(root)));
    return { records, registries: known.filter((registry) => registry !== null) };
  }

  async #held(certificate: Certificate, known: Header | null): Promise<CertifiedHeader | null> {
    const { chain, ledger } = this.#modules;
    const hash = certificate.blockHash;
    const above = known ?? ledger.speculative(hash)?.block.header;
    const header = above ?? (await chain.byHash(hash))?.block.header;
    return header === undefined ? null : { certificate, header };
  }
}
