import type { CheckpointCertificate, Evidence, Hash } from "@aitbc-hybrid/protocol";
import { signedIn } from "@aitbc-hybrid/sdk";
import type { ChainStore, KnownDomain, RegistryStore } from "./chain/index.ts";
import { sentence } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Duties, Settlement } from "./settlement/index.ts";

/** Offences that are looked at again after a restart: the newest. */
const EVIDENCE_AGAIN = 64;

export interface DuesModules {
  /** Null: this node posts nothing. */
  readonly duties: Duties | null;
  readonly chain: Pick<ChainStore, "backingsAbove" | "evidence">;
  readonly registries: RegistryStore;
  readonly settlement: Pick<Settlement, "settled">;
  readonly log: Log;
}

/** Hands what the contracts should know to whoever posts it, with what its domains stand for. */
export class Dues {
  readonly #modules: DuesModules;

  constructor(modules: DuesModules) {
    this.#modules = modules;
  }

  /** A backed checkpoint. */
  checkpoint(certificate: CheckpointCertificate): void {
    const { duties, registries, log } = this.#modules;
    if (duties === null) return;
    registries
      .domain(certificate.domain)
      .then((known) => (known === null ? null : registries.get(known.registryRoot)))
      .then(
        (registry) => registry !== null && duties.checkpoint(certificate, registry),
        (error) => log.error({ error: sentence(error) }, "a registry could not be read"),
      );
  }

  evidence(evidence: Evidence): void {
    const { duties, registries, log } = this.#modules;
    if (duties === null) return;
    domainsOf(evidence, registries).then(
      (found) => {
        const registry = found === null ? null : registries.known(found.registryRoot);
        if (found === null || registry === null)
          log.error({ epoch: evidence.epoch }, "evidence of an epoch this node was not in is not posted");
        else duties.evidence(evidence, found.domainOf, registry);
      },
      (error) => log.error({ error: sentence(error) }, "evidence could not be read"),
    );
  }

  /** After a restart: backed checkpoints that the contracts do not have, and evidence. */
  async again(): Promise<void> {
    const { chain, settlement, log } = this.#modules;
    try {
      for (const certificate of await chain.backingsAbove(settlement.settled()?.height ?? 0))
        this.checkpoint(certificate);
      // What is too old or on record is known when its transaction is tried.
      for (const evidence of (await chain.evidence()).slice(-EVIDENCE_AGAIN)) this.evidence(evidence);
    } catch (error) {
      log.error({ error: sentence(error) }, "checkpoints and evidence could not be read");
    }
  }
}

/** What the domains of evidence stand for, and the root of the registry that its seats are of; null: not known here. */
async function domainsOf(
  evidence: Evidence,
  registries: RegistryStore,
): Promise<{ domainOf: (domain: Hash) => KnownDomain; registryRoot: Hash } | null> {
  const known = new Map<Hash, KnownDomain>();
  const domains =
    evidence.what === "votes"
      ? [evidence.domain]
      : [signedIn(evidence.first).domain, signedIn(evidence.second).domain];
  for (const domain of domains) {
    const found = await registries.domain(domain);
    if (found === null) return null;
    known.set(domain, found);
  }
  const { registryRoot } = known.get(domains.at(-1)!)!;
  await registries.get(registryRoot);
  return { domainOf: (domain) => known.get(domain)!, registryRoot };
}
