import { type Certificate, fromBitmap, type Hash, rootOf } from "@aitbc-hybrid/protocol";
import type { Keyring } from "../signatures.ts";
import type { Domains } from "./domains.ts";
import { termOf } from "./offences.ts";
import { isQuorum, votingSeats } from "./weights.ts";

export interface CertificateModules {
  readonly domains: Domains;
  readonly keyring: Keyring;
  readonly fail: (what: string) => void;
}

/** Certificates that honest nodes hold or send: each a quorum's, one block for a view, no X over a view that has F. */
export class Certificates {
  /** Parent view and block by domain and view. */
  readonly #certified = new Map<string, string>();
  /** Views with F, and with X, by domain. */
  readonly #finalized = new Map<Hash, Set<number>>();
  readonly #nullified = new Map<Hash, Set<number>>();
  readonly #modules: CertificateModules;

  constructor(modules: CertificateModules) {
    this.#modules = modules;
  }

  /** It is signed by a quorum of its mode's voting set, and by nobody else. */
  checkSigners(c: Certificate): void {
    const { domains, keyring, fail } = this.#modules;
    const registry = domains.registryOf(c.domain);
    if (registry === undefined) return;
    const mode = domains.modeOf(c.domain);
    const seats = new Set(fromBitmap(c.bitmap));
    const voting = new Set(votingSeats(registry, mode));
    if (!isQuorum(registry, mode, seats) || [...seats].some((seat) => !voting.has(seat)))
      fail(`a certificate of ${c.kind} ${c.view} in epoch ${c.epoch} is not one of a quorum`);
    if (!keyring.validAggregate(registry.root, rootOf(c.domain, c), c.bitmap, c.signature))
      fail(`a certificate of ${c.kind} ${c.view} in epoch ${c.epoch} does not verify`);
  }

  /** It contradicts none that was seen before. */
  checkBeside(c: Certificate): void {
    const { domains, fail } = this.#modules;
    if (domains.registryOf(c.domain) === undefined) return;
    const termViews = domains.termViewsOf(c.domain);
    if (c.kind === "nullify") add(this.#nullified, c);
    else {
      const key = `${c.domain}${c.view}`;
      const target = `${c.parentView}:${c.blockHash}`;
      const known = this.#certified.get(key);
      if (known === undefined) this.#certified.set(key, target);
      else if (known !== target) fail(`two blocks are certified in view ${c.view} of epoch ${c.epoch}`);
      if (c.kind === "finalize") add(this.#finalized, c);
    }
    for (const w of this.#finalized.get(c.domain) ?? [])
      for (const u of this.#nullified.get(c.domain) ?? [])
        if (u <= w && termOf(u, termViews) === termOf(w, termViews))
          fail(`X(${u}) covers the final view ${w} of epoch ${c.epoch}`);
  }
}

const add = (views: Map<Hash, Set<number>>, { domain, view }: Certificate): void => {
  views.set(domain, (views.get(domain) ?? new Set()).add(view));
};
