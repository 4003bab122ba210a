import {
  type Certificate,
  fromBitmap,
  type Hash,
  hashOf,
  type Message,
  rootOf,
  type Vote,
  type VoteBody,
} from "@aitbc-hybrid/protocol";
import type { Keyring } from "../signatures.ts";
import type { Domains } from "./domains.ts";
import { voteOffence } from "./offences.ts";
import { totals, votingSeats, weigh } from "./weights.ts";

/** Whom a run convicts, and whether that is enough. */
export interface Convictions {
  /** By what honest nodes received and stored, searched by the harness. */
  readonly validators: ReadonlySet<number>;
  readonly enough: boolean;
  /** By the evidence that honest nodes gave themselves. */
  readonly accused: { readonly validators: ReadonlySet<number>; readonly enough: boolean };
}

interface Signer {
  readonly domain: Hash;
  readonly seat: number;
  readonly votes: Map<Hash, VoteBody>;
}

/** Votes by signer as honest nodes received or stored them: whom they convict. */
export class Archive {
  readonly #signers = new Map<string, Signer>();
  readonly #domains: Domains;
  readonly #keyring: Keyring;

  constructor(modules: { readonly domains: Domains; readonly keyring: Keyring }) {
    this.#domains = modules.domains;
    this.#keyring = modules.keyring;
  }

  /** Keeps the votes that a message carries. */
  message(message: Message): void {
    if (message.type === "vote") this.#vote(message.vote);
    else if (message.type === "certificate") this.certificate(message.certificate);
    else if (message.type === "proposal") {
      const { epoch, domain, view, parentView, block, seat, signature } = message.proposal;
      const body = { kind: "notarize", view, parentView, blockHash: hashOf(block) } as const;
      this.#vote({ ...body, epoch, domain, seat, signature });
      for (const each of block.body.certificates) this.certificate(each);
    } else if (message.type === "blocks") {
      for (const each of message.blocks) {
        if (each.certificate !== null) this.certificate(each.certificate);
        for (const carried of each.block.body.certificates) this.certificate(carried);
      }
    }
  }

  certificate(c: Certificate): void {
    const registry = this.#domains.get(c.domain)?.registry;
    if (registry === undefined) return;
    const root = rootOf(c.domain, c);
    if (!this.#keyring.validAggregate(registry, root, c.bitmap, c.signature)) return;
    for (const seat of fromBitmap(c.bitmap)) this.#keep(c.domain, seat, root, c);
  }

  #vote(vote: Vote): void {
    const registry = this.#domains.get(vote.domain)?.registry;
    if (registry === undefined) return;
    const root = rootOf(vote.domain, vote);
    if (!this.#keyring.valid(registry, vote.seat, root, vote.signature)) return;
    this.#keep(vote.domain, vote.seat, root, vote);
  }

  #keep(domain: Hash, seat: number, root: Hash, body: VoteBody): void {
    const key = `${domain}${seat}`;
    const known = this.#signers.get(key) ?? { domain, seat, votes: new Map<Hash, VoteBody>() };
    this.#signers.set(key, known);
    known.votes.set(root, body);
  }

  /**
   * Whom the honest archives convict, and whether that is more than a third of every class that section 2's table
   * names for the mode.
   *
   * @param accused whom honest nodes accuse themselves
   */
  convictions(accused: ReadonlySet<number>): Convictions {
    const validators = new Set<number>();
    const byDomain = new Map<Hash, Set<number>>();
    for (const { domain, seat, votes } of this.#signers.values()) {
      const list = [...votes.values()];
      const guilty = list.some((a, i) =>
        list.slice(i + 1).some((b) => voteOffence(a, b, this.#domains.termViewsOf(domain)) !== null),
      );
      if (!guilty) continue;
      byDomain.set(domain, (byDomain.get(domain) ?? new Set()).add(seat));
      const validator = this.#membersOf(domain)[seat];
      if (validator !== null && validator !== undefined) validators.add(validator);
    }
    let enough = false;
    let accusedEnough = false;
    for (const [domain, seats] of byDomain) {
      if (this.#isEnough(domain, seats)) enough = true;
      const members = this.#membersOf(domain);
      const named = new Set([...members.keys()].filter((seat) => accused.has(members[seat] ?? -1)));
      if (this.#isEnough(domain, named)) accusedEnough = true;
    }
    return { validators, enough, accused: { validators: new Set(accused), enough: accusedEnough } };
  }

  /** Validators by seat. */
  #membersOf(domain: Hash): readonly (number | null)[] {
    return this.#keyring.members(this.#domains.get(domain)!.registry);
  }

  /** More than a third of every class that section 2's table names. */
  #isEnough(domain: Hash, seats: ReadonlySet<number>): boolean {
    const registry = this.#domains.registryOf(domain)!;
    const mode = this.#domains.modeOf(domain);
    const voting = votingSeats(registry, mode);
    const all = totals(registry, voting);
    const part = weigh(registry, voting, seats);
    const authorities = all.authorities === 0 || 3 * part.authorities > all.authorities;
    const stake = all.stake === 0n || 3n * part.stake > all.stake;
    return mode === "fast" ? authorities : mode === "secure" ? stake : authorities && stake;
  }
}
