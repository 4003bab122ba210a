import {
  type Certificate,
  type Hash,
  hashOf,
  type Message,
  rootOf,
  type Seat,
  toBitmap,
  type Vote,
} from "@aitbc-hybrid/protocol";
import { isQuorum } from "../oracles/index.ts";
import { sumSignatures } from "../signatures.ts";
import type { World } from "../world/index.ts";

/** Certificates that somebody makes of votes it heard, whenever it likes. */
export class Collector {
  readonly #votes = new Map<Hash, { readonly body: Vote; readonly of: Map<Seat, Uint8Array> }>();

  hear(message: Message): void {
    if (message.type === "vote") this.#hear(message.vote);
    if (message.type !== "proposal") return;
    const { epoch, domain, view, parentView, block, seat, signature } = message.proposal;
    const blockHash = hashOf(block);
    this.#hear({ kind: "notarize", epoch, domain, view, parentView, blockHash, seat, signature });
  }

  #hear(vote: Vote): void {
    const root = rootOf(vote.domain, vote);
    const known = this.#votes.get(root) ?? { body: vote, of: new Map() };
    this.#votes.set(root, known);
    known.of.set(vote.seat, vote.signature);
  }

  /** The highest one of a kind that is a quorum's. */
  assemble(kind: Vote["kind"], { oracles }: World): Certificate | null {
    let best: Certificate | null = null;
    for (const { body, of } of this.#votes.values()) {
      if (body.kind !== kind || (best !== null && best.view >= body.view)) continue;
      const registry = oracles.registryOfDomain(body.domain)!;
      if (!isQuorum(registry, oracles.modeOf(body.domain), new Set(of.keys()))) continue;
      const { view, parentView, blockHash, epoch, domain } = body;
      best = {
        kind,
        view,
        parentView,
        blockHash,
        epoch,
        domain,
        bitmap: toBitmap(of.keys(), registry.entries.length),
        signature: sumSignatures([...of.values()]),
      };
    }
    return best;
  }
}
