import { bitmapLength, fromBitmap, toBitmap } from "../codec/index.ts";
import {
  addWeights,
  bitmapWeights,
  hasSeat,
  isBacking,
  isQuorum,
  NO_WEIGHT,
  type Weights,
} from "../quorum.ts";
import type { Certificate, CheckpointCertificate, Millis, PartialMessage, Seat } from "../types/index.ts";
import type { PartsResult } from "./io.ts";
import type { Job } from "./outbox.ts";
import type { Shared } from "./shared.ts";
import { LEAST_SHARE } from "./shares.ts";
import { certificateOf, isOfVotes, type Part, statementOf, type Topic, viewOf } from "./topic.ts";

/** Makes certificates of the subnets' aggregates. */
export class Collector {
  readonly #shared: Shared;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** Takes in an aggregate of a subnet where this node makes certificates: of each sender the heaviest. */
  receive(now: Millis, from: Seat, message: PartialMessage): void {
    const { options, horizon, outbox, shares, suspects, topics, turns } = this.#shared;
    // First of all: whose turn it is in a view takes hundreds of hashes to draw.
    const view = viewOf(message);
    if (!horizon.isNear(view, isOfVotes(message))) return;
    const { subnets, electorate } = options;
    const { bitmap, signature } = message.partial;
    const { voters, backers } = electorate;
    const members = message.type === "partial" ? voters : backers;
    if (bitmap.length !== bitmapLength(members.length)) {
      outbox.emit({ type: "ban", seat: from, reason: "malformed aggregate" });
      return;
    }
    const signers = fromBitmap(bitmap);
    const subnet = subnets.of(signers[0] ?? -1);
    if (subnet < 0 || signers.some((seat) => !members[seat] || subnets.of(seat) !== subnet)) {
      outbox.emit({ type: "ban", seat: from, reason: "malformed aggregate" });
      return;
    }
    if (!turns.isAggregator(view, subnet, from) || !turns.isCollector(view)) return;
    if (LEAST_SHARE * signers.length < subnets.voters[subnet]!.length) return;
    if (!topics.takes(message)) return;
    const known = topics
      .known(message)
      ?.parts.get(subnet)
      ?.find((part) => part.from === from);
    if (known === undefined) {
      if (!shares.admit(message, from, subnet)) return;
    } else if (known.signers >= signers.length) return;
    const topic = topics.of(message);
    const parts = topic.parts.get(subnet) ?? [];
    const weight = bitmapWeights(electorate, members, bitmap)!;
    const statement = statementOf(message.partial, from);
    const next = { from, statement, bitmap, signature, weight, signers: signers.length };
    topic.parts.set(subnet, [...parts.filter((part) => part !== known), next]);
    suspects.note(statement, known?.statement);
    this.collect(now, topic);
  }

  /** One aggregate of each subnet, the one with most signers, and single votes that none of them holds. */
  #best(topic: Topic): {
    readonly parts: readonly Part[];
    readonly weight: Weights;
    readonly signers: number;
  } {
    const parts: Part[] = [];
    for (const candidates of topic.parts.values()) {
      let best = candidates[0];
      if (best === undefined) continue;
      for (const each of candidates) if (each.signers > best.signers) best = each;
      parts.push(best);
    }
    for (const [seat, { from, signature }] of topic.singles) {
      if (parts.some((part) => hasSeat(part.bitmap, seat))) continue;
      const bitmap = toBitmap([seat], this.#members(topic).length);
      parts.push({
        from,
        statement: null,
        bitmap,
        signature,
        weight: this.#shared.options.electorate.weights[seat]!,
        signers: 1,
      });
    }
    let weight = NO_WEIGHT;
    let signers = 0;
    for (const part of parts) {
      weight = addWeights(weight, part.weight);
      signers += part.signers;
    }
    return { parts, weight, signers };
  }

  /** Who may sign the statement. */
  #members(topic: Topic): readonly boolean[] {
    const { voters, backers } = this.#shared.options.electorate;
    return topic.subject.what === "vote" ? voters : backers;
  }

  #suffices(topic: Topic, weight: Weights): boolean {
    const { electorate } = this.#shared.options;
    return topic.subject.what === "vote" ? isQuorum(electorate, weight) : isBacking(electorate, weight);
  }

  /** Makes a certificate once there is a quorum and either everybody or no more time. */
  collect(now: Millis, topic: Topic): void {
    const { options, outbox, topics, turns } = this.#shared;
    if (topic.job || !turns.isCollector(topic.view)) return;
    topics.stir(topic);
    const { parts, weight, signers } = this.#best(topic);
    if (!this.#suffices(topic, weight)) {
      // Forged aggregates that made up a quorum are gone.
      topic.due = null;
      return;
    }
    const { electorate, subnets, times } = options;
    topic.due ??= now + times.complete;
    const all = subnets.voters.reduce((sum, { length }) => sum + length, 0);
    if (topic.due > now && signers < all) return;
    topic.job = true;
    outbox.verify(
      { what: "parts", topic, parts },
      {
        what: "parts",
        registry: electorate.registry.root,
        root: topic.root,
        parts: parts.map(({ bitmap, signature }) => ({ bitmap, signature })),
      },
    );
  }

  /** The certificate of what is valid; null: it is too little, or none is needed any more. */
  verified(
    now: Millis,
    { topic, parts }: Extract<Job, { what: "parts" }>,
    result: PartsResult,
  ): Certificate | CheckpointCertificate | null {
    const { options, outbox, topics } = this.#shared;
    topic.job = false;
    const valid = new Set(result.valid);
    const bitmap = new Uint8Array(bitmapLength(this.#members(topic).length));
    let weight = NO_WEIGHT;
    parts.forEach((part, index) => {
      if (valid.has(index)) {
        weight = addWeights(weight, part.weight);
        for (let i = 0; i < bitmap.length; i++) bitmap[i]! |= part.bitmap[i]!;
        return;
      }
      outbox.emit({ type: "ban", seat: part.from, reason: "forged aggregate" });
      for (const [subnet, candidates] of topic.parts)
        topic.parts.set(
          subnet,
          candidates.filter((each) => each !== part),
        );
      for (const [seat, { from }] of topic.singles)
        if (from === part.from && hasSeat(part.bitmap, seat)) topic.singles.delete(seat);
    });
    if (!topics.has(topic)) return null;
    if (result.aggregate === null || !this.#suffices(topic, weight)) {
      this.collect(now, topic);
      return null;
    }
    return certificateOf(options, topic, bitmap, result.aggregate);
  }
}
