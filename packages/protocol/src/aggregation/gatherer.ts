import { toBitmap } from "../codec/index.ts";
import type { CheckResult, Millis, Seat } from "../types/index.ts";
import type { Collector } from "./collector.ts";
import type { Ballot } from "./contradictions.ts";
import type { Asked, Job } from "./outbox.ts";
import type { Shared } from "./shared.ts";
import { LEAST_SHARE } from "./shares.ts";
import { certificateOf, type Gathering, messageOf, type Topic, viewOf } from "./topic.ts";

/** An aggregator: gathers the votes of a subnet, and makes one aggregate of those that are valid. */
export class Gatherer {
  readonly #shared: Shared;
  readonly #collector: Collector;

  constructor(shared: Shared, collector: Collector) {
    this.#shared = shared;
    this.#collector = collector;
  }

  /**
   * Takes in a vote of another where this node aggregates for its subnet; false: it does not, has it, or has enough of
   * that voter.
   */
  receive(now: Millis, from: Seat, message: Ballot): boolean {
    const { options, shares, topics, turns } = this.#shared;
    const subnet = options.subnets.of(from);
    if (!topics.takes(message) || turns.of(viewOf(message), subnet) === null) return false;
    const known = topics.known(message)?.gatherings.get(subnet);
    if (known?.verified.has(from) || known?.pending.has(from)) return false;
    if (!shares.admit(message, from, subnet)) return false;
    this.gather(now, topics.of(message), message);
    return true;
  }

  /** Gathers a vote, if this node aggregates for its signer's subnet and does not have it. */
  gather(now: Millis, topic: Topic, { vote }: Ballot): void {
    const { options, topics } = this.#shared;
    const { subnets, times } = options;
    const { seat } = vote;
    const gathering = this.#gathering(topic, subnets.of(seat));
    if (gathering === null || gathering.verified.has(seat) || gathering.pending.has(seat)) return;
    gathering.pending.set(seat, { from: seat, signature: vote.signature });
    gathering.due ??= now + times.gather;
    topics.stir(topic);
    const all = subnets.voters[gathering.subnet]!.length;
    if (gathering.pending.size + gathering.verified.size === all) gathering.due = now;
    this.#flush(now, topic, gathering);
  }

  /** The gathering of a subnet if this node aggregates for it. */
  #gathering(topic: Topic, subnet: number): Gathering | null {
    const known = topic.gatherings.get(subnet);
    if (known !== undefined) return known;
    const attempt = this.#shared.turns.of(topic.view, subnet);
    if (attempt === null) return null;
    const gathering = { subnet, attempt, pending: new Map(), verified: new Map(), due: null, job: false };
    topic.gatherings.set(subnet, gathering);
    return gathering;
  }

  /** Has everything gathered verified, when it is time. */
  tick(now: Millis, topic: Topic): void {
    for (const gathering of topic.gatherings.values()) this.#flush(now, topic, gathering);
  }

  /** Has everything gathered verified at once, when it is time. */
  #flush(now: Millis, topic: Topic, gathering: Gathering): void {
    if (gathering.job || gathering.due === null || gathering.due > now) return;
    const { options, outbox } = this.#shared;
    const all = options.subnets.voters[gathering.subnet]!.length;
    if (LEAST_SHARE * (gathering.pending.size + gathering.verified.size) < all) {
      gathering.due = null;
      return;
    }
    gathering.job = true;
    gathering.due = null;
    const asked: Asked[] = [];
    for (const [seat, signature] of gathering.verified) asked.push({ seat, from: seat, signature });
    for (const [seat, vote] of gathering.pending) asked.push({ seat, ...vote });
    asked.sort((a, b) => a.seat - b.seat);
    const votes = asked.map(({ seat, signature }) => ({ seat, signature }));
    const registry = options.electorate.registry.root;
    outbox.verify(
      { what: "votes", topic, gathering, asked },
      { what: "votes", registry, root: topic.root, votes },
    );
  }

  /** Sends the aggregate of the valid votes to collectors. */
  verified(
    now: Millis,
    { topic, gathering, asked }: Extract<Job, { what: "votes" }>,
    result: Extract<CheckResult, { what: "votes" }>,
  ): void {
    const { options, outbox, topics } = this.#shared;
    gathering.job = false;
    const valid = new Set(result.valid);
    for (const { seat, from, signature } of asked) {
      gathering.pending.delete(seat);
      if (valid.has(seat)) gathering.verified.set(seat, signature);
      else outbox.emit({ type: "ban", seat: from, reason: "forged vote" });
    }
    if (gathering.pending.size > 0) gathering.due ??= now + options.times.gather;
    topics.stir(topic);
    if (!topics.has(topic) || result.aggregate === null) return;
    const { subnets, seat, electorate } = options;
    const bitmap = toBitmap(result.valid, electorate.voters.length);
    const partial = certificateOf(options, topic, bitmap, result.aggregate);
    const attempt = topic.own === null ? 0 : topic.own.attempt;
    const last = attempt > gathering.attempt ? attempt : gathering.attempt;
    const collectors = new Set<Seat>();
    for (let k = 0; k <= last; k++)
      for (const to of subnets.duties(topic.view + k).collectors) collectors.add(to);
    const message = messageOf(partial);
    for (const to of collectors) {
      if (to === seat) this.#collector.receive(now, seat, message);
      else outbox.emit({ type: "send", to, message });
    }
  }
}
