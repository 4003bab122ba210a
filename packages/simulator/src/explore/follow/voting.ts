import { firstOfTerm, type Hash, hashOf, ZERO_HASH } from "@aitbc-hybrid/protocol";
import type { Local } from "../local.ts";
import type { ModelVote } from "../trace.ts";
import type { Certificates } from "./certificates.ts";
import type { Epochs } from "./epochs.ts";
import type { Proposals } from "./proposals.ts";
import { at, type Replicas } from "./replicas.ts";
import type { Node, Outcome } from "./types.ts";

/** What nodes do within an epoch: they enter views, vote, sign checkpoints. */
export class Voting {
  readonly #replicas: Replicas;
  readonly #certificates: Certificates;
  readonly #proposals: Proposals;
  readonly #epochs: Epochs;

  constructor(replicas: Replicas, certificates: Certificates, proposals: Proposals, epochs: Epochs) {
    this.#replicas = replicas;
    this.#certificates = certificates;
    this.#proposals = proposals;
    this.#epochs = epochs;
  }

  enter(node: Node, view: number): Outcome {
    const { domain } = node;
    const certificate = this.#certificates.leadingTo(domain, view);
    if (node.local.state.view < view && certificate !== null)
      node.local = this.#replicas.giveAll(node.local, [
        ...this.#certificates.below(domain, certificate),
        certificate,
      ]);
    if (node.local.state.view >= view) return "same";
    return node.local.state.lastBlock === null ? "different" : "left";
  }

  nullify(node: Node, view: number): Outcome {
    this.#certificates.count(node, "nullify", { view, block: 0, parentView: 0 }, ZERO_HASH);
    if (this.#hasLeft(node.local, view)) return "left";
    const { timers } = node.local.state;
    node.local = this.#replicas.give(
      { ...node.local, now: Math.max(node.local.now, timers.advance) },
      { type: "tick" },
    );
    return node.local.state.own.get(view)?.nullify === true ? "same" : "different";
  }

  notarize(node: Node, vote: ModelVote): Outcome {
    const { view } = vote;
    const { domain } = node;
    const { params } = node.local.state.epoch;
    const proposal = this.#proposals.proposal(node, vote);
    if (proposal === null) return "different";
    const blockHash = hashOf(proposal.block);
    this.#certificates.count(node, "notarize", vote, blockHash);
    if (this.#hasLeft(node.local, view)) return "left";
    node.local = at(node.local, proposal.block.header.stamp);
    node.local = this.#replicas.giveAll(node.local, this.#certificates.ground(domain, vote));
    node.local = this.#replicas.tell(node.local, { type: "proposal", proposal });
    if (node.local.state.own.get(view)?.notarize?.blockHash === blockHash) return "same";
    if (this.#hasLeft(node.local, view)) return "left";
    const { notarizedView } = node.local.state;
    const isFurther = view !== firstOfTerm(view, params.termViews) && view - notarizedView > params.ahead;
    if (isFurther) return "ahead";
    return "different";
  }

  finalize(node: Node, vote: ModelVote): Outcome {
    const { view } = vote;
    const { domain } = node;
    const certificate = this.#certificates.certificateOf(domain, "notarize", view);
    if (certificate === null) return "different";
    this.#certificates.count(node, "finalize", vote, certificate.blockHash);
    if (view <= node.local.state.tip.view || node.local.state.lastBlock !== null) {
      const own = node.local.state.own.get(view)?.finalize?.blockHash;
      return own === certificate.blockHash ? "same" : "left";
    }
    node.local = this.#replicas.giveAll(node.local, [
      ...this.#certificates.below(domain, certificate),
      certificate,
    ]);
    if (node.local.state.own.get(view)?.finalize?.blockHash === certificate.blockHash) return "same";
    return "different";
  }

  checkpoint(node: Node, block: number): Outcome {
    const hash = this.#epochs.bringFinal(node, block);
    if (hash === null) return "different";
    const signers = this.#certificates.backersOf(node.domain, block);
    signers.add(node.local.seat);
    return this.#signedCheckpoint(node.local, hash) ? "same" : "different";
  }

  /** Votes of a view that the replica has left, or of an epoch whose last block it holds final, are nothing to it. */
  #hasLeft({ state }: Local, view: number): boolean {
    return state.view > view || state.lastBlock !== null;
  }

  #signedCheckpoint({ log }: Local, hash: Hash): boolean {
    return log.some(
      (record) =>
        record.type === "signed" &&
        record.intent.what === "checkpoint" &&
        record.intent.checkpoint.blockHash === hash,
    );
  }
}
