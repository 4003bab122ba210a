import type { Hash, Mode, Registry } from "@aitbc-hybrid/protocol";
import type { Era } from "./offences.ts";

/** What a domain stands for. */
interface Known {
  readonly registry: Hash;
  readonly mode: Mode;
  readonly epoch: number;
  readonly incarnation: number;
}

/** The domains that honest nodes entered. */
export class Domains {
  readonly #known = new Map<Hash, Known>();
  readonly #registryOf: (root: Hash) => Registry | undefined;

  constructor(registryOf: (root: Hash) => Registry | undefined) {
    this.#registryOf = registryOf;
  }

  /** Learns which registry and mode a domain stands for. */
  learn(domain: Hash, known: Known): void {
    this.#known.set(domain, known);
  }

  get(domain: Hash): Known | undefined {
    return this.#known.get(domain);
  }

  /** The registry whose seats sign in a domain; undefined for a domain that no honest node entered. */
  registryOf(domain: Hash): Registry | undefined {
    const known = this.#known.get(domain);
    return known === undefined ? undefined : this.#registryOf(known.registry);
  }

  /** Mode of a domain that some node entered. */
  modeOf(domain: Hash): Mode {
    const known = this.#known.get(domain);
    if (known === undefined) throw new Error(`domain ${domain} is of no epoch`);
    return known.mode;
  }

  /** K of a domain; 1 for one that no honest node entered. */
  termViewsOf(domain: Hash): number {
    const registry = this.registryOf(domain);
    return registry === undefined || this.modeOf(domain) !== "fast" ? 1 : registry.params.termViews;
  }

  eraOf(domain: Hash): Era | undefined {
    const known = this.#known.get(domain);
    return known === undefined ? undefined : { ...known, termViews: this.termViewsOf(domain) };
  }
}
