import {
  blockHash,
  type Hash,
  type Message,
  type Peer,
  type Proposal,
  type VoteBody,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import type { Behaviour, Wire } from "../shell/index.ts";
import type { World } from "../world/index.ts";

/** Signs a vote with the wire's key, whatever was signed before. */
export function vote(wire: Wire, epoch: number, domain: Hash, body: VoteBody): Message | null {
  const seat = wire.view()?.ownSeat ?? null;
  if (seat === null) return null;
  return {
    type: "vote",
    vote: { ...body, epoch, domain, seat, signature: wire.sign(voteRoot(domain, body)) },
  };
}

/** Whom a message reaches of the honest: one half each. */
export interface Halves {
  readonly left: ReadonlySet<Peer>;
  readonly right: ReadonlySet<Peer>;
}

/** Cuts the two halves off from each other, not from anybody else. */
export function separate(world: World, { left, right }: Halves): void {
  world.network.filter = (from, to) =>
    !((left.has(from) && right.has(to)) || (right.has(from) && left.has(to)));
}

/** Keys that act together: what one of them knows all do, at once. */
export class Pact {
  readonly #members: Wire[] = [];
  readonly #said = new Set<string>();

  /** A member announces itself when it first has something to do. */
  join(wire: Wire): void {
    if (!this.#members.includes(wire)) this.#members.push(wire);
  }

  get members(): readonly Wire[] {
    return this.#members;
  }

  /** Every member votes in both kinds for a proposal, towards some peers: once for each proposal. */
  support(proposal: Proposal, towards: Iterable<Peer>, kinds: readonly ("notarize" | "finalize")[]): void {
    const hash = blockHash(proposal.block.header);
    const { epoch, domain, view, parentView } = proposal;
    const targets = [...towards];
    const key = `${domain}${view}${hash}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    for (const wire of this.#members) {
      for (const kind of kinds) {
        const said = vote(wire, epoch, domain, { kind, view, parentView, blockHash: hash });
        if (said === null) continue;
        for (const to of targets) if (to !== wire.peer) wire.send(to, said);
      }
    }
  }
}

/** A behaviour that joins the pact as soon as anything reaches or leaves its node. */
export const member = (pact: Pact, act: Behaviour): Behaviour => ({
  ...act,
  incoming(wire, from, message) {
    pact.join(wire);
    return act.incoming?.(wire, from, message) ?? true;
  },
  outgoing(wire, to, message) {
    pact.join(wire);
    return act.outgoing?.(wire, to, message) ?? [message];
  },
});

/** True if this proposal is the sender's own. */
export const isOwn = (wire: Wire, { seat }: Proposal): boolean => seat === wire.view()?.ownSeat;
