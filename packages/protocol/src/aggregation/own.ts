import type { Millis, Seat } from "../types/index.ts";
import type { Ballot } from "./contradictions.ts";
import type { Gatherer } from "./gatherer.ts";
import type { AggregationOptions } from "./io.ts";
import type { Outbox } from "./outbox.ts";
import type { Topic } from "./topic.ts";
import { MOST_ATTEMPTS } from "./turns.ts";

/** Sends the own votes to aggregators, to the next view's where these do nothing, and in the end to everybody. */
export class OwnVotes {
  readonly #options: AggregationOptions;
  readonly #outbox: Outbox;
  readonly #gatherer: Gatherer;

  constructor(options: AggregationOptions, outbox: Outbox, gatherer: Gatherer) {
    this.#options = options;
    this.#outbox = outbox;
    this.#gatherer = gatherer;
  }

  /** The own vote, for the first time or repeated. */
  cast(now: Millis, topic: Topic, seat: Seat, message: Ballot): void {
    const attempt = topic.own === null ? 0 : (topic.own.attempt + 1) % (MOST_ATTEMPTS + 2);
    topic.own = { message, attempt, due: now + this.#options.times.again };
    topic.singles.set(seat, { from: seat, signature: message.vote.signature });
    this.#send(now, topic);
  }

  /** Turns to the next aggregators, when it is time. */
  tick(now: Millis, topic: Topic): void {
    const { own } = topic;
    if (own === null || own.due > now || own.attempt > MOST_ATTEMPTS) return;
    own.attempt++;
    own.due = now + this.#options.times.again;
    // What was aggregated here goes to the next view's collectors too.
    for (const gathering of topic.gatherings.values()) gathering.due ??= now;
    this.#send(now, topic);
  }

  #send(now: Millis, topic: Topic): void {
    const { seat, subnets } = this.#options;
    const { message, attempt } = topic.own!;
    if (attempt > MOST_ATTEMPTS) {
      this.#outbox.emit({ type: "broadcast", message });
      return;
    }
    const aggregators = subnets.duties(topic.view + attempt).aggregators[subnets.of(seat!)] ?? [];
    for (const to of aggregators) {
      if (to === seat) this.#gatherer.gather(now, topic, message);
      else this.#outbox.emit({ type: "send", to, message });
    }
  }
}
