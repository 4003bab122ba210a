import {
  type Certificate,
  type Checkpoint,
  type CheckpointCertificate,
  checkpointRootOf,
  firstOfTerm,
  type Hash,
  lastOfTerm,
  paramsAt,
  rootOf,
  type Seat,
  toBitmap,
  type VoteBody,
  type VoteKind,
} from "@aitbc-hybrid/protocol";
import { backingSeats, backs, isQuorum, votingSeats } from "../../oracles/index.ts";
import type { Notary } from "../../twins/index.ts";
import type { ModelVote } from "../trace.ts";
import type { Domain, Node } from "./types.ts";

/** Who of the model voted so. */
export interface Voted {
  readonly domain: Domain;
  readonly body: VoteBody;
  readonly block: number;
  readonly seats: Set<Seat>;
}

/** The votes of the model's nodes, with the corrupt ones on every side, and the certificates that these make. */
export class Certificates {
  readonly #notary: Notary;
  readonly #corrupt: readonly Seat[];
  readonly #votes = new Map<string, Voted>();
  readonly #backers = new Map<string, Set<Seat>>();

  constructor(notary: Notary, corrupt: readonly Seat[]) {
    this.#notary = notary;
    this.#corrupt = corrupt;
  }

  count(node: Node, kind: VoteKind, vote: ModelVote, blockHash: Hash): void {
    const { view, block, parentView } = vote;
    const { domain } = node;
    const body = { kind, view, parentView, blockHash };
    const key = `${domain.epoch}.${domain.incarnation} ${kind} ${view} ${parentView} ${blockHash}`;
    const known = this.#votes.get(key);
    if (known === undefined)
      this.#votes.set(key, { domain, body, block, seats: new Set([node.local.seat, ...this.#corrupt]) });
    else known.seats.add(node.local.seat);
  }

  votedIn(domain: Domain, kind: VoteKind): Voted[] {
    return [...this.#votes.values()].filter(
      (voted) =>
        voted.domain === domain &&
        voted.body.kind === kind &&
        isQuorum(domain.registry, domain.mode, voted.seats),
    );
  }

  certificate({ domain, body, seats }: Voted): Certificate {
    const { registry, mode, leader } = domain;
    const signers = votingSeats(registry, mode).filter((seat) => seats.has(seat));
    const d = leader.state.epoch.domain;
    return {
      ...body,
      epoch: leader.state.epoch.start.epoch,
      domain: d,
      bitmap: toBitmap(signers, registry.entries.length),
      signature: this.#notary.sum(signers, rootOf(d, body)),
    };
  }

  certificateOf(domain: Domain, kind: VoteKind, view: number): Certificate | null {
    const voted = this.votedIn(domain, kind).find(({ body }) => body.view === view);
    return voted === undefined ? null : this.certificate(voted);
  }

  blockAt(domain: Domain, view: number): Certificate | null {
    return this.certificateOf(domain, "notarize", view) ?? this.certificateOf(domain, "finalize", view);
  }

  /** The X of a view or of an earlier one of its term. */
  #coverOf(domain: Domain, view: number): Certificate | null {
    for (let u = view; u >= firstOfTerm(view, termViewsOf(domain)); u--) {
      const x = this.certificateOf(domain, "nullify", u);
      if (x !== null) return x;
    }
    return null;
  }

  leadingTo(domain: Domain, view: number): Certificate | null {
    const certified = this.blockAt(domain, view - 1);
    if (certified !== null) return certified;
    return lastOfTerm(view - 1, termViewsOf(domain)) === view - 1 ? this.#coverOf(domain, view - 1) : null;
  }

  /** The certificates of a certificate's ancestors, oldest first. */
  below(domain: Domain, certificate: Certificate): Certificate[] {
    return certificate.kind === "nullify" ? [] : this.chain(domain, certificate.parentView);
  }

  chain(domain: Domain, view: number): Certificate[] {
    const chain: Certificate[] = [];
    for (let at = view; at > 0; ) {
      const certificate = this.blockAt(domain, at);
      if (certificate === null) break;
      chain.unshift(certificate);
      at = certificate.parentView;
    }
    return chain;
  }

  /** What a proposal rests on: its parent's certificate and those below, the X of the gap. */
  ground(domain: Domain, { view, parentView }: ModelVote): Certificate[] {
    const ground = this.chain(domain, parentView);
    for (let w = parentView + 1; w < view; w++) {
      const x = this.#coverOf(domain, w);
      if (x !== null && !ground.some((c) => c.kind === "nullify" && c.view === x.view)) ground.push(x);
    }
    // A term may run ahead of what is certified in it.
    if (this.chain(domain, parentView).length > 0) return ground;
    for (let w = firstOfTerm(view, termViewsOf(domain)); w < parentView; w++)
      if (this.blockAt(domain, w) !== null) ground.unshift(...this.chain(domain, w));
    return ground;
  }

  backersOf({ epoch, incarnation }: Domain, block: number): Set<Seat> {
    const key = `${epoch}.${incarnation} ${block}`;
    let known = this.#backers.get(key);
    if (known === undefined) {
      known = new Set(this.#corrupt);
      this.#backers.set(key, known);
    }
    return known;
  }

  /** The certificate that a checkpoint of the model's block is backed; null if it is not. */
  backing(domain: Domain, block: number, checkpoint: Checkpoint): CheckpointCertificate | null {
    const seats = this.backersOf(domain, block);
    const { registry, mode } = domain;
    const signers = backingSeats(registry, mode).filter((seat) => seats.has(seat));
    if (!backs(registry, mode, new Set(signers))) return null;
    const { domain: d, start } = domain.leader.state.epoch;
    return {
      epoch: start.epoch,
      domain: d,
      checkpoint,
      bitmap: toBitmap(signers, registry.entries.length),
      signature: this.#notary.sum(signers, checkpointRootOf(d, checkpoint)),
    };
  }
}

export function termViewsOf({ registry, mode }: Domain): number {
  return paramsAt(registry, mode).termViews;
}
