import { checkpointRootOf, rootOf } from "../memo.ts";
import type { Certificate, CheckpointCertificate, Hash, VoteBody } from "../types/index.ts";
import { rootIn } from "./contradictions.ts";
import type { Horizon } from "./horizon.ts";
import type { AggregationMessage } from "./io.ts";
import { statementOf, type Topic, viewOf } from "./topic.ts";

/** What votes are being aggregated for, and what is certified already. */
export class Topics {
  readonly #domain: Hash;
  readonly #horizon: Horizon;
  readonly #topics = new Map<Hash, Topic>();
  readonly #settled = new Map<Hash, number>();

  constructor(domain: Hash, horizon: Horizon) {
    this.#domain = domain;
    this.#horizon = horizon;
  }

  all(): Iterable<Topic> {
    return this.#topics.values();
  }

  has({ root }: Topic): boolean {
    return this.#topics.has(root);
  }

  /** The topic of a statement; null if it is settled, too old or too far ahead. */
  of(message: AggregationMessage, isOwn: boolean): Topic | null {
    const content = "vote" in message ? message.vote : message.partial;
    const isVote = !("checkpoint" in content);
    const root = isVote ? rootOf(this.#domain, content) : checkpointRootOf(this.#domain, content.checkpoint);
    const known = this.#topics.get(root);
    if (known !== undefined) return known;
    const view = viewOf(message);
    if (this.#settled.has(root)) return null;
    if (view < this.#horizon.floor(isVote)) return null;
    if (!isOwn && this.#horizon.isAhead(view)) return null;
    if (isOwn) this.#horizon.reach(view);
    const topic: Topic = {
      root,
      subject: isVote
        ? { what: "vote", body: bodyOf(content) }
        : { what: "checkpoint", checkpoint: content.checkpoint },
      view,
      own: null,
      gatherings: new Map(),
      parts: new Map(),
      singles: new Map(),
      due: null,
      job: false,
    };
    this.#topics.set(root, topic);
    return topic;
  }

  /** Nothing more is to be done for what a certificate certifies; true: it is the first of a view not forgotten. */
  settle(certificate: Certificate | CheckpointCertificate): boolean {
    const root = rootIn(statementOf(certificate, null));
    const isVote = !("checkpoint" in certificate);
    const view = isVote ? certificate.view : certificate.checkpoint.view;
    this.#topics.delete(root);
    this.#horizon.reach(view);
    if (this.#settled.has(root)) return false;
    this.#settled.set(root, view);
    return view >= this.#horizon.floor(isVote);
  }

  /** True once a certificate of this root was held here. */
  isSettled(root: Hash): boolean {
    return this.#settled.has(root);
  }

  /** Drops what is below the horizon. */
  forget(): void {
    for (const [root, topic] of this.#topics)
      if (topic.view < this.#horizon.floor(topic.subject.what === "vote")) this.#topics.delete(root);
    for (const [root, at] of this.#settled) if (at < this.#horizon.floor(false)) this.#settled.delete(root);
  }
}

/** What is signed, without who signed it. */
const bodyOf = ({ kind, view, parentView, blockHash }: VoteBody): VoteBody => ({
  kind,
  view,
  parentView,
  blockHash,
});
