import {
  type Certificate,
  checkpointRootOf,
  fromBitmap,
  type Hash,
  hashOf,
  type Message,
  rootOf,
  type Seat,
  type SignIntent,
  type Vote,
  type VoteBody,
} from "@aitbc-hybrid/protocol";
import { voteOffence } from "../oracles/index.ts";
import { convictsEnough } from "./bounds.ts";
import type { Notary } from "./notary.ts";
import type { Setting } from "./schedule.ts";

const termViewsOf = ({ mode, registry }: Setting): number =>
  mode === "fast" ? registry.params.termViews : 1;

/** True if some two of these votes of one key in one domain are an offence. */
function offends(votes: readonly VoteBody[], termViews: number): string | null {
  for (let i = 0; i < votes.length; i++)
    for (let j = 0; j < i; j++) {
      const offence = voteOffence(votes[j]!, votes[i]!, termViews);
      if (offence !== null) return offence;
    }
  return null;
}

/** What honest nodes received and stored, looked at only after a disagreement. */
export class Archive {
  readonly #termViews: number;
  readonly #notary: Notary;
  readonly #messages: Message[] = [];
  readonly #certificates: Certificate[] = [];

  constructor(setting: Setting, notary: Notary) {
    this.#termViews = termViewsOf(setting);
    this.#notary = notary;
  }

  received(message: Message): void {
    this.#messages.push(message);
  }

  holds(certificate: Certificate): void {
    this.#certificates.push(certificate);
  }

  /** True if it convicts more than a third of every class that section 2's table names for the mode. */
  convicts(setting: Setting): boolean {
    const votes = new Map<string, { readonly seat: Seat; readonly votes: Map<Hash, VoteBody> }>();
    const keep = (domain: Hash, seat: Seat, root: Hash, body: VoteBody): void => {
      const key = `${domain}${seat}`;
      const known = votes.get(key) ?? { seat, votes: new Map<Hash, VoteBody>() };
      votes.set(key, known);
      known.votes.set(root, body);
    };
    const single = (vote: Vote): void => {
      const root = rootOf(vote.domain, vote);
      if (this.#notary.isSignature(vote.seat, root, vote.signature)) keep(vote.domain, vote.seat, root, vote);
    };
    const aggregate = (c: Certificate): void => {
      const root = rootOf(c.domain, c);
      if (!this.#notary.isSum(c.bitmap, root, c.signature)) return;
      for (const seat of fromBitmap(c.bitmap)) keep(c.domain, seat, root, c);
    };
    for (const certificate of this.#certificates) aggregate(certificate);
    for (const message of new Set(this.#messages)) {
      if (message.type === "vote") single(message.vote);
      else if (message.type === "certificate") aggregate(message.certificate);
      else if (message.type === "proposal") {
        const { epoch, domain, view, parentView, block, seat, signature } = message.proposal;
        single({
          kind: "notarize",
          view,
          parentView,
          blockHash: hashOf(block),
          epoch,
          domain,
          seat,
          signature,
        });
        block.body.certificates.forEach(aggregate);
      } else if (message.type === "blocks") {
        for (const each of message.blocks) {
          if (each.certificate !== null) aggregate(each.certificate);
          each.block.body.certificates.forEach(aggregate);
        }
      }
    }
    const guilty = new Set<Seat>();
    for (const { seat, votes: signed } of votes.values())
      if (offends([...signed.values()], this.#termViews) !== null) guilty.add(seat);
    return convictsEnough(setting.registry, setting.mode, guilty);
  }
}

/** Everything honest keys signed, sent or not: no two of their signatures are an offence. */
export class OwnStatements {
  readonly #termViews: number;
  readonly #votes = new Map<string, { readonly seat: Seat; readonly votes: VoteBody[] }>();
  readonly #checkpoints = new Map<string, Hash>();
  #offence: string | null = null;

  constructor(setting: Setting) {
    this.#termViews = termViewsOf(setting);
  }

  signed(seat: Seat, intent: SignIntent): void {
    if (intent.what === "signal" || intent.what === "restart") return;
    if (intent.what === "checkpoint") {
      const key = `${seat} ${intent.domain} ${intent.checkpoint.height}`;
      const root = checkpointRootOf(intent.domain, intent.checkpoint);
      const known = this.#checkpoints.get(key);
      if (known === undefined) this.#checkpoints.set(key, root);
      else if (known !== root) this.#offence = `the honest seat ${seat} signed two checkpoints of one height`;
      return;
    }
    const key = `${seat} ${intent.domain}`;
    const known = this.#votes.get(key);
    if (known === undefined) this.#votes.set(key, { seat, votes: [intent.vote] });
    else known.votes.push(intent.vote);
  }

  /** What an honest key could be slashed for; null: nothing. */
  offence(): string | null {
    for (const { seat, votes } of this.#votes.values()) {
      const offence = offends(votes, this.#termViews);
      if (offence !== null) return `the honest seat ${seat} signed ${offence}`;
    }
    return this.#offence;
  }
}
