import { checkpointRootOf, rootOf } from "../memo.ts";
import type { Certificate, CheckpointCertificate, Hash, Millis, VoteBody } from "../types/index.ts";
import { rootIn } from "./contradictions.ts";
import type { Horizon } from "./horizon.ts";
import type { AggregationMessage } from "./io.ts";
import { dueOf, isOfVotes, statementOf, type Topic, viewOf } from "./topic.ts";

/** What votes are being aggregated for, and what is certified already. */
export class Topics {
  readonly #domain: Hash;
  readonly #horizon: Horizon;
  readonly #topics = new Map<Hash, Topic>();
  readonly #settled = new Map<Hash, number>();
  /** Those in which something is due, perhaps: of the many that somebody may begin and leave, only these cost time. */
  readonly #stirred = new Set<Topic>();

  constructor(domain: Hash, horizon: Horizon) {
    this.#domain = domain;
    this.#horizon = horizon;
  }

  /** Those that may have something due. */
  stirred(): readonly Topic[] {
    return [...this.#stirred];
  }

  /** Something changed in a topic. */
  stir(topic: Topic): void {
    if (this.has(topic)) this.#stirred.add(topic);
  }

  /** When the first of them has something due; null: none has. */
  get due(): Millis | null {
    let earliest: Millis | null = null;
    for (const topic of this.#stirred) {
      const due = dueOf(topic);
      if (due === null) this.#stirred.delete(topic);
      else if (earliest === null || due < earliest) earliest = due;
    }
    return earliest;
  }

  has({ root }: Topic): boolean {
    return this.#topics.has(root);
  }

  /** The topic of a statement, if there is one. */
  known(message: AggregationMessage): Topic | null {
    return this.#topics.get(this.#rootOf(message)) ?? null;
  }

  /** Whether a statement may begin a topic: it is not settled, nor too old or too far ahead. */
  takes(message: AggregationMessage): boolean {
    const isNear = this.#horizon.isNear(viewOf(message), isOfVotes(message));
    return isNear && !this.#settled.has(this.#rootOf(message));
  }

  /** The topic of a statement of which {@link takes} is true. */
  of(message: AggregationMessage): Topic {
    const root = this.#rootOf(message);
    const known = this.#topics.get(root);
    if (known !== undefined) return known;
    const content = "vote" in message ? message.vote : message.partial;
    const topic: Topic = {
      root,
      subject:
        "checkpoint" in content
          ? { what: "checkpoint", checkpoint: content.checkpoint }
          : { what: "vote", body: bodyOf(content) },
      view: viewOf(message),
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
    this.#drop(root);
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
      if (topic.view < this.#horizon.floor(topic.subject.what === "vote")) this.#drop(root);
    for (const [root, at] of this.#settled) if (at < this.#horizon.floor(false)) this.#settled.delete(root);
  }

  #drop(root: Hash): void {
    const topic = this.#topics.get(root);
    if (topic === undefined) return;
    this.#topics.delete(root);
    this.#stirred.delete(topic);
  }

  #rootOf(message: AggregationMessage): Hash {
    const content = "vote" in message ? message.vote : message.partial;
    return "checkpoint" in content
      ? checkpointRootOf(this.#domain, content.checkpoint)
      : rootOf(this.#domain, content);
  }
}

/** What is signed, without who signed it. */
const bodyOf = ({ kind, view, parentView, blockHash }: VoteBody): VoteBody => ({
  kind,
  view,
  parentView,
  blockHash,
});
