import { checkpointRoot, type Evidence, type Hash, type Peer, voteRoot } from "@aitbc-hybrid/protocol";
import { sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Archive, Past } from "./archive.ts";
import type { RegistryStore } from "./registries.ts";

export interface PastModules {
  readonly archive: Archive;
  readonly registries: RegistryStore;
  /** Whether an aggregate is what it says, under a registry given before. */
  readonly verify: (
    registry: Hash,
    root: Hash,
    certificate: { readonly bitmap: Uint8Array; readonly signature: Uint8Array },
  ) => boolean;
  readonly evidence: (evidence: Evidence) => void;
  readonly ban: (peer: Peer, reason: string) => void;
  readonly log: Log;
}

/** Statements that wait to be looked at; beyond, the next ones are dropped: who has them says them again. */
const MOST_WAITING = 16;
/** Statements remembered as looked at. */
const REMEMBERED = 1_024;

/**
 * Looks into what is said of epochs that are over: the replica has left them, their keys are liable still. A certificate
 * that is not of the own chain is verified, then searched for in the archive.
 */
export class PastWatch {
  readonly #modules: PastModules;
  readonly #seen = new Set<Hash>();
  #waiting = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(modules: PastModules) {
    this.#modules = modules;
  }

  /** @param from null: the settlement chain */
  look(from: Peer | null, past: Past): void {
    if (past.type === "certificate" && past.certificate.kind !== "finalize") return;
    const root = rootOf(past);
    if (this.#seen.has(root) || this.#waiting >= MOST_WAITING) return;
    this.#waiting++;
    this.#tail = this.#tail
      .then(() => this.#look(from, past, root))
      .catch((error) => this.#modules.log.error({ error: sentence(error) }, "searching the archive failed"))
      .finally(() => this.#waiting--);
  }

  /** Resolves when everything given so far was looked at. */
  idle(): Promise<void> {
    return this.#tail;
  }

  async #look(from: Peer | null, past: Past, root: Hash): Promise<void> {
    const { archive, registries, verify, evidence, ban, log } = this.#modules;
    const { certificate } = past;
    const known = await registries.domain(certificate.domain);
    if (known === null || (await registries.get(known.registryRoot)) === null) return;
    if (await archive.holds(past)) {
      this.#remember(root);
      return;
    }
    if (!verify(known.registryRoot, root, certificate)) {
      if (from !== null) ban(from, "sent a forged certificate of an epoch that is over");
      return;
    }
    this.#remember(root);
    const found = await archive.search(past);
    const { epoch } = known;
    if (found === null) {
      log.fatal(
        { epoch, what: past.type },
        "a quorum signed another chain in an epoch that is over; the archive does not tell who",
      );
    } else {
      log.fatal({ epoch, what: past.type }, "a quorum signed another chain in an epoch that is over");
      evidence(found);
    }
  }

  #remember(root: Hash): void {
    if (this.#seen.size >= REMEMBERED) this.#seen.delete(this.#seen.values().next().value!);
    this.#seen.add(root);
  }
}

const rootOf = (past: Past): Hash =>
  past.type === "certificate"
    ? voteRoot(past.certificate.domain, past.certificate)
    : checkpointRoot(past.certificate.domain, past.certificate.checkpoint);
