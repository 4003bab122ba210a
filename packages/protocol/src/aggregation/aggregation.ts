import type { Certificate, CheckpointCertificate, CheckResult, Hash, Millis, Seat } from "../types/index.ts";
import { Collector } from "./collector.ts";
import type { Ballot } from "./contradictions.ts";
import { Gatherer } from "./gatherer.ts";
import type { AggregationEffect, AggregationMessage, AggregationOptions, PartsResult } from "./io.ts";
import { type Carrier, LateVotes } from "./late.ts";
import { OwnVotes } from "./own.ts";
import { type Shared, sharedOf } from "./shared.ts";
import { isOfVotes, statementOf, viewOf } from "./topic.ts";

/**
 * One node's part in aggregating an epoch's votes (section 3): it sends its own to the aggregators of its subnet,
 * aggregates those of a subnet where that is its turn, and makes certificates of the subnets' aggregates where that is.
 * Nothing rests on aggregators but speed: what they make is verified, what they drop comes through others.
 * A function of its calls: it has no clock, no I/O and no randomness of its own.
 */
export class Aggregation {
  readonly #shared: Shared;
  readonly #collector: Collector;
  readonly #gatherer: Gatherer;
  readonly #own: OwnVotes;
  readonly #late: LateVotes;

  constructor(options: AggregationOptions) {
    this.#shared = sharedOf(options);
    const { horizon, outbox } = this.#shared;
    this.#collector = new Collector(this.#shared);
    this.#gatherer = new Gatherer(this.#shared, this.#collector);
    this.#own = new OwnVotes(options, outbox, this.#gatherer);
    this.#late = new LateVotes(options, horizon, outbox);
  }

  /** The replica's own vote, or one it repeats. */
  cast(now: Millis, message: Ballot): readonly AggregationEffect[] {
    const { options, horizon, outbox, topics } = this.#shared;
    const { seat, domain, subnets } = options;
    if (seat === null || message.vote.domain !== domain) return [];
    if (message.type === "vote") this.#late.remember(message.vote);
    if (subnets.of(seat) < 0) {
      // Who backs without voting belongs to no subnet.
      outbox.emit({ type: "broadcast", message });
      return outbox.take();
    }
    horizon.reach(viewOf(message));
    if (!topics.takes(message)) return outbox.take();
    const topic = topics.of(message);
    topics.stir(topic);
    this.#own.cast(now, topic, seat, message);
    this.#collector.collect(now, topic);
    return outbox.take();
  }

  /** What a voter sent, as the transport authenticated it. */
  receive(now: Millis, from: Seat, message: AggregationMessage): readonly AggregationEffect[] {
    const { options, horizon, outbox, suspects } = this.#shared;
    const { domain, electorate } = options;
    if (!("vote" in message)) {
      if (message.partial.domain === domain) this.#collector.receive(now, from, message);
      return outbox.take();
    }
    const { vote } = message;
    if (vote.domain === domain) {
      const { voters, backers } = electorate;
      if (!(message.type === "vote" ? voters : backers)[vote.seat]) {
        outbox.emit({ type: "ban", seat: from, reason: "vote of no voter" });
        return outbox.take();
      }
      if (vote.seat !== from) {
        outbox.emit({ type: "ban", seat: from, reason: "vote of another" });
        return outbox.take();
      }
      if (horizon.isNear(viewOf(message), isOfVotes(message))) suspects.note({ testimony: message, from });
      if (this.#gatherer.receive(now, from, message)) return outbox.take();
    }
    // Of another epoch or an old view, told to everybody, or late and to be carried: the replica knows.
    outbox.emit({ type: "deliver", from, message });
    return outbox.take();
  }

  /**
   * A block became final: if it carries certificates without the own votes, these go to leaders to come, who may carry
   * them (section 6), again until one did.
   */
  final(block: Carrier): readonly AggregationEffect[] {
    this.#late.final(block);
    return this.#shared.outbox.take();
  }

  /** A verified certificate is held: nothing more is to be done for what it certifies. */
  settled(certificate: Certificate | CheckpointCertificate): readonly AggregationEffect[] {
    const { options, outbox } = this.#shared;
    if (certificate.domain === options.domain) this.#settle(certificate);
    return outbox.take();
  }

  #settle(certificate: Certificate | CheckpointCertificate): void {
    const { suspects, topics } = this.#shared;
    if (topics.settle(certificate)) suspects.note(statementOf(certificate, null));
  }

  /** True if a vote of that view would be taken in: it is not final yet, nor far ahead. */
  isNear(view: number): boolean {
    return this.#shared.horizon.isNear(view, true);
  }

  /** The own replica is in this view. */
  enter(view: number): void {
    this.#shared.horizon.reach(view);
  }

  /** True once a certificate of this root was held here. */
  isSettled(root: Hash): boolean {
    return this.#shared.topics.isSettled(root);
  }

  /** Everything below a view is final. */
  forget(view: number): void {
    const { horizon, shares, suspects, topics } = this.#shared;
    if (view <= horizon.lowest) return;
    horizon.forget(view);
    topics.forget();
    shares.forget();
    suspects.forget(view, horizon.floor(false));
  }

  /** When `tick` has something to do; null: never, as it is. */
  get due(): Millis | null {
    return this.#shared.topics.due;
  }

  tick(now: Millis): readonly AggregationEffect[] {
    const { outbox, topics } = this.#shared;
    for (const topic of topics.stirred()) {
      this.#own.tick(now, topic);
      this.#gatherer.tick(now, topic);
      this.#collector.collect(now, topic);
    }
    return outbox.take();
  }

  /** The verifier's answer. */
  verified(
    now: Millis,
    id: number,
    result: Extract<CheckResult, { what: "votes" | "all" }> | PartsResult,
  ): readonly AggregationEffect[] {
    const { outbox, suspects } = this.#shared;
    const job = outbox.answered(id);
    if (job?.what === "suspicion" && result.what === "all") suspects.verified(job, result);
    if (job?.what === "votes" && result.what === "votes") this.#gatherer.verified(now, job, result);
    else if (job?.what === "parts" && result.what === "parts") {
      const certificate = this.#collector.verified(now, job, result);
      if (certificate !== null) this.#certified(certificate);
    }
    return outbox.take();
  }

  #certified(certificate: Certificate | CheckpointCertificate): void {
    const { outbox } = this.#shared;
    this.#settle(certificate);
    if ("checkpoint" in certificate) outbox.emit({ type: "checkpointCertificate", certificate });
    else outbox.emit({ type: "certificate", certificate });
  }
}
