import { bitmapLength, fromBitmap, toBitmap } from "../codec/index.ts";
import { termOf } from "../leader.ts";
import { checkpointRootOf, rootOf } from "../memo.ts";
import {
  addWeights,
  type Electorate,
  hasSeat,
  isBacking,
  isQuorum,
  NO_WEIGHT,
  type Weights,
} from "../quorum.ts";
import type {
  BlockBody,
  Certificate,
  Check,
  Checkpoint,
  CheckpointCertificate,
  CheckResult,
  Evidence,
  Hash,
  Header,
  Millis,
  PartialMessage,
  Seat,
  Vote,
  VoteBody,
} from "../types/index.ts";
import {
  type Ballot,
  Contradictions,
  evidenceOf,
  rootIn,
  type Statement,
  type Suspicion,
} from "./contradictions.ts";
import type { Subnets } from "./subnets.ts";

/** What aggregators are sent and send: single votes, and what they made of them, in a certificate's form. */
export type AggregationMessage = Ballot | PartialMessage;

/** Aggregates of one root over disjoint sets of seats: answered with those that are valid, and their sum. */
export interface PartsCheck {
  readonly what: "parts";
  readonly registry: Hash;
  readonly root: Hash;
  readonly parts: readonly { readonly bitmap: Uint8Array; readonly signature: Uint8Array }[];
}

/** The sum of what is named valid is always valid, even where two parts are false alone. */
export interface PartsResult {
  readonly what: "parts";
  readonly valid: readonly number[];
  readonly aggregate: Uint8Array | null;
}

export type AggregationEffect =
  | { readonly type: "send"; readonly to: Seat; readonly message: AggregationMessage }
  /** The own vote, to everybody: no aggregator answered. */
  | { readonly type: "broadcast"; readonly message: Ballot }
  /** A vote that is not for this node to aggregate: for the own replica, as if its signer had told everybody. */
  | { readonly type: "deliver"; readonly from: Seat; readonly message: Ballot }
  /** Answered with `verified`. */
  | {
      readonly type: "verify";
      readonly job: number;
      readonly check: Extract<Check, { what: "votes" | "all" }> | PartsCheck;
    }
  /** Made here: for the own replica, which verifies it and sends it on. */
  | { readonly type: "certificate"; readonly certificate: Certificate }
  | { readonly type: "checkpointCertificate"; readonly certificate: CheckpointCertificate }
  /** Two votes of one key that contradict each other: for the own replica, which looks into it. */
  | { readonly type: "conflict"; readonly first: Vote; readonly second: Vote }
  /** Verified: everyone in both of two statements that contradict each other, at least one of them an aggregate. */
  | { readonly type: "evidence"; readonly evidence: Evidence }
  /** This seat sent what no honest node sends. */
  | { readonly type: "ban"; readonly seat: Seat; readonly reason: string };

/** How long is waited for what. Local settings. */
export interface AggregationTimes {
  /** An aggregator gathers votes so long before it sends an aggregate. */
  readonly gather: Millis;
  /** A collector that has a quorum waits so long for the rest: who is missing from certificates seems absent. */
  readonly complete: Millis;
  /** t_agg: without a certificate after so long a voter turns to the next view's aggregators as well. */
  readonly again: Millis;
}

/** For a Δ: t_advance leaves 4Δ from the proposal to the certificate. */
export const aggregationTimes = (delta: Millis): AggregationTimes => ({
  gather: delta / 10,
  complete: delta / 5,
  again: delta / 2,
});

export interface AggregationOptions {
  readonly subnets: Subnets;
  readonly electorate: Electorate;
  readonly epoch: number;
  readonly domain: Hash;
  /** Own seat; null: neither votes nor aggregates. */
  readonly seat: Seat | null;
  readonly termViews: number;
  readonly times: AggregationTimes;
  /** Leader of a term. */
  readonly leader: (term: number) => Seat;
  /** Views for which leaders may carry a vote that a certificate lacks (section 6). */
  readonly voteWindow: number;
}

/** A voter turns to the aggregators of this many further views at most, and then to everybody. */
const MOST_ATTEMPTS = 3;
/** A vote missing in what a final block carries is sent to the leaders of so many terms to come. */
const LATE_LEADERS = 3;
/** Views after which that is done again, as long as nobody carried it. */
const LATE_AGAIN = 8;
/** Pairs of contradicting statements under verification. */
const MOST_SUSPICIONS = 32;
/** Views whose votes are taken in beyond the current one. */
const VIEWS_AHEAD = 16;
/** Views below the final one of which checkpoints are still aggregated. */
const CHECKPOINT_VIEWS = 256;
/** Votes of a signer that are added up in a view: two proposals, their finalization, NULLIFY, and one to spare. */
const VOTES_OF_SIGNER = 6;
/** An aggregate has at least this share of its subnet, 1 in 8: else a few could make many of what nobody else signs. */
const LEAST_SHARE = 8;
/** Aggregates of a subnet that are taken of a sender in a view: so many have that share if each signs what it may. */
const PARTS_OF_SENDER = LEAST_SHARE * VOTES_OF_SIGNER;

type Subject =
  | { readonly what: "vote"; readonly body: VoteBody }
  | { readonly what: "checkpoint"; readonly checkpoint: Checkpoint };

interface Single {
  readonly from: Seat;
  readonly signature: Uint8Array;
}

/** Votes of a subnet for one statement at one of its aggregators. */
interface Gathering {
  readonly subnet: number;
  /** Which of the later views' aggregators this node is. */
  readonly attempt: number;
  /** Unverified votes by signer. */
  readonly pending: Map<Seat, Single>;
  readonly verified: Map<Seat, Uint8Array>;
  /** When an aggregate is to be made; null: nothing new came. */
  due: Millis | null;
  job: boolean;
}

/** A block's certificate that a final block carries without the own vote. */
interface Absence {
  readonly parentView: number;
  readonly blockHash: Hash;
  /** View at which the own vote was last sent to leaders. */
  sent: number;
}

/** How much was taken in of each sender of one view or height. */
interface Share {
  readonly isVote: boolean;
  readonly view: number;
  /** By sender and, of aggregates, subnet. */
  readonly counts: Map<number, number>;
}

/** What of a block is looked at once it is final. */
interface Carrier {
  readonly header: Pick<Header, "domain" | "view">;
  readonly body: Pick<BlockBody, "certificates" | "lateVotes">;
}

/** An aggregate that came to a collector. */
interface Part {
  readonly from: Seat;
  /** Null: a single vote. */
  readonly statement: Statement | null;
  readonly bitmap: Uint8Array;
  readonly signature: Uint8Array;
  readonly weight: Weights;
  readonly signers: number;
}

interface Topic {
  readonly root: Hash;
  readonly subject: Subject;
  readonly view: number;
  /** The own vote and how often it was sent. */
  own: { readonly message: Ballot; attempt: number; due: Millis } | null;
  readonly gatherings: Map<number, Gathering>;
  /** Aggregates by subnet, one of each sender. */
  readonly parts: Map<number, Part[]>;
  /** Single votes that count where a subnet's aggregate lacks them. */
  readonly singles: Map<Seat, Single>;
  /** When a certificate is to be made; null: there is no quorum yet. */
  due: Millis | null;
  job: boolean;
}

type Job =
  | {
      readonly what: "votes";
      readonly topic: Topic;
      readonly gathering: Gathering;
      readonly asked: readonly Asked[];
    }
  | { readonly what: "parts"; readonly topic: Topic; readonly parts: readonly Part[] }
  | { readonly what: "suspicion"; readonly suspicion: Suspicion; readonly order: readonly Statement[] };

interface Asked extends Single {
  readonly seat: Seat;
}

/**
 * One node's part in aggregating an epoch's votes (section 3): it sends its own to the aggregators of its subnet,
 * aggregates those of a subnet where that is its turn, and makes certificates of the subnets' aggregates where that is.
 * Nothing rests on aggregators but speed: what they make is verified, what they drop comes through others.
 * A function of its calls: it has no clock, no I/O and no randomness of its own.
 */
export class Aggregation {
  readonly #options: AggregationOptions;
  readonly #topics = new Map<Hash, Topic>();
  readonly #settled = new Map<Hash, number>();
  /** What was taken in of whom, by view; checkpoints by height, below zero. */
  readonly #shares = new Map<number, Share>();
  readonly #contradictions: Contradictions;
  #suspicions = 0;
  /** Own NOTARIZE and FINALIZE by view. */
  readonly #own = new Map<number, Vote[]>();
  /** By view. */
  readonly #absences = new Map<number, Absence>();
  readonly #jobs = new Map<number, Job>();
  #nextJob = 0;
  #lowest = 1;
  #highest = 0;
  #effects: AggregationEffect[] = [];

  constructor(options: AggregationOptions) {
    this.#options = options;
    this.#contradictions = new Contradictions(options.termViews);
  }

  #taken(): readonly AggregationEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #emit(effect: AggregationEffect): void {
    this.#effects.push(effect);
  }

  /** The replica's own vote, or one it repeats. */
  cast(now: Millis, message: Ballot): readonly AggregationEffect[] {
    const { seat, domain, subnets, times } = this.#options;
    if (seat === null || message.vote.domain !== domain) return [];
    if (message.type === "vote") this.#remember(message.vote);
    if (subnets.of(seat) < 0) {
      // Who backs without voting belongs to no subnet.
      this.#emit({ type: "broadcast", message });
      return this.#taken();
    }
    const topic = this.#topicOf(message, true);
    if (topic === null) return this.#taken();
    const attempt = topic.own === null ? 0 : (topic.own.attempt + 1) % (MOST_ATTEMPTS + 2);
    topic.own = { message, attempt, due: now + times.again };
    topic.singles.set(seat, { from: seat, signature: message.vote.signature });
    this.#sendOwn(now, topic);
    this.#collect(now, topic);
    return this.#taken();
  }

  #sendOwn(now: Millis, topic: Topic): void {
    const { seat, subnets } = this.#options;
    const { message, attempt } = topic.own!;
    if (attempt > MOST_ATTEMPTS) {
      this.#emit({ type: "broadcast", message });
      return;
    }
    const aggregators = subnets.duties(topic.view + attempt).aggregators[subnets.of(seat!)] ?? [];
    for (const to of aggregators) {
      if (to === seat) this.#gather(now, topic, seat, message);
      else this.#emit({ type: "send", to, message });
    }
  }

  #remember(vote: Vote): void {
    if (vote.kind === "nullify") return;
    const held = this.#own.get(vote.view) ?? [];
    if (held.some(({ kind }) => kind === vote.kind)) return;
    this.#own.set(vote.view, [...held, vote]);
    const absence = this.#absences.get(vote.view);
    if (absence !== undefined) this.#sendLate(vote.view, absence);
  }

  /** What a voter sent, as the transport authenticated it. */
  receive(now: Millis, from: Seat, message: AggregationMessage): readonly AggregationEffect[] {
    const { domain, electorate, subnets } = this.#options;
    if (!("vote" in message)) {
      if (message.partial.domain === domain) this.#part(now, from, message);
      return this.#taken();
    }
    const { vote } = message;
    if (vote.domain === domain) {
      const { voters, backers } = electorate;
      if (!(message.type === "vote" ? voters : backers)[vote.seat]) {
        this.#emit({ type: "ban", seat: from, reason: "vote of no voter" });
        return this.#taken();
      }
      if (vote.seat !== from) {
        this.#emit({ type: "ban", seat: from, reason: "vote of another" });
        return this.#taken();
      }
      if (this.#isNear(message)) this.#suspect(this.#contradictions.note({ testimony: message, from }));
      if (this.#turn(viewOf(message), subnets.of(from)) !== null) {
        const topic = this.#topicOf(message, false);
        if (topic !== null && this.#gather(now, topic, from, message)) return this.#taken();
      }
    }
    // Of another epoch or an old view, told to everybody, or late and to be carried: the replica knows.
    this.#emit({ type: "deliver", from, message });
    return this.#taken();
  }

  /** True if a vote is of a view that is not final yet nor far ahead. */
  #isNear(message: Ballot): boolean {
    const view = viewOf(message);
    return view >= this.#floor(message.type === "vote") && view <= this.#highest + VIEWS_AHEAD;
  }

  /** Takes one more of a sender's messages in; false: it has sent as many as honest nodes do at most. */
  #admit(topic: Topic, key: number, most: number): boolean {
    const { subject, view } = topic;
    const isVote = subject.what === "vote";
    const at = isVote ? view : -subject.checkpoint.height;
    let share = this.#shares.get(at);
    if (share === undefined) {
      share = { isVote, view, counts: new Map() };
      this.#shares.set(at, share);
    }
    const count = share.counts.get(key) ?? 0;
    if (count >= most) return false;
    share.counts.set(key, count + 1);
    return true;
  }

  /** The lowest view of which votes or checkpoints are taken in: a checkpoint is of a final view, and is backed later. */
  #floor(isVote: boolean): number {
    return isVote ? this.#lowest : this.#lowest - CHECKPOINT_VIEWS;
  }

  /**
   * A block became final: if it carries certificates without the own votes, these go to leaders to come, who may carry
   * them (section 6), again until one did.
   */
  final({ header, body }: Carrier): readonly AggregationEffect[] {
    const { seat, domain, voteWindow } = this.#options;
    if (seat === null || header.domain !== domain) return [];
    for (const { kind, view, parentView, blockHash, bitmap } of body.certificates)
      if (kind !== "nullify" && !hasSeat(bitmap, seat))
        this.#absences.set(view, { parentView, blockHash, sent: Number.NEGATIVE_INFINITY });
    for (const item of body.lateVotes)
      if (item.seat === seat && "blockHash" in item) this.#absences.delete(item.view);
    if (header.view > this.#highest) this.#highest = header.view;
    for (const [view, absence] of this.#absences) {
      if (view + voteWindow <= this.#highest) this.#absences.delete(view);
      else if (absence.sent + LATE_AGAIN <= this.#highest) this.#sendLate(view, absence);
    }
    for (const view of this.#own.keys()) if (view + voteWindow < header.view) this.#own.delete(view);
    return this.#taken();
  }

  #sendLate(view: number, absence: Absence): void {
    const { leader, termViews, seat } = this.#options;
    const vote = this.#own
      .get(view)
      ?.find(
        ({ blockHash, parentView }) => blockHash === absence.blockHash && parentView === absence.parentView,
      );
    if (vote === undefined) return;
    absence.sent = this.#highest;
    const term = termOf(this.#highest, termViews);
    const leaders = new Set(Array.from({ length: LATE_LEADERS }, (_, ahead) => leader(term + 1 + ahead)));
    // The own replica holds its votes.
    for (const to of leaders)
      if (to !== seat) this.#emit({ type: "send", to, message: { type: "vote", vote } });
  }

  /** A verified certificate is held: nothing more is to be done for what it certifies. */
  settled(certificate: Certificate | CheckpointCertificate): readonly AggregationEffect[] {
    if (certificate.domain === this.#options.domain) this.#settle(certificate);
    return this.#taken();
  }

  #settle(certificate: Certificate | CheckpointCertificate): void {
    const statement = statementOf(certificate, null);
    const root = rootIn(statement);
    const isVote = !("checkpoint" in certificate);
    const view = isVote ? certificate.view : certificate.checkpoint.view;
    this.#topics.delete(root);
    if (view > this.#highest) this.#highest = view;
    if (this.#settled.has(root)) return;
    this.#settled.set(root, view);
    if (view >= this.#floor(isVote)) this.#suspect(this.#contradictions.note(statement));
  }

  /** The own replica is in this view. */
  enter(view: number): void {
    if (view > this.#highest) this.#highest = view;
  }

  /** True once a certificate of this root was held here. */
  isSettled(root: Hash): boolean {
    return this.#settled.has(root);
  }

  /** Everything below a view is final. */
  forget(view: number): void {
    if (view <= this.#lowest) return;
    this.#lowest = view;
    for (const [root, topic] of this.#topics)
      if (topic.view < this.#floor(topic.subject.what === "vote")) this.#topics.delete(root);
    for (const [root, at] of this.#settled) if (at < view - CHECKPOINT_VIEWS) this.#settled.delete(root);
    for (const [at, share] of this.#shares)
      if (share.view < this.#floor(share.isVote)) this.#shares.delete(at);
    this.#contradictions.forget(view, this.#floor(false));
  }

  /** When `tick` has something to do; null: never, as it is. */
  get due(): Millis | null {
    let due = Number.POSITIVE_INFINITY;
    for (const topic of this.#topics.values()) {
      if (topic.own !== null && topic.own.attempt <= MOST_ATTEMPTS && topic.own.due < due)
        due = topic.own.due;
      if (topic.due !== null && !topic.job && topic.due < due) due = topic.due;
      for (const gathering of topic.gatherings.values())
        if (gathering.due !== null && !gathering.job && gathering.due < due) due = gathering.due;
    }
    return due === Number.POSITIVE_INFINITY ? null : due;
  }

  tick(now: Millis): readonly AggregationEffect[] {
    for (const topic of [...this.#topics.values()]) {
      const { own } = topic;
      if (own !== null && own.due <= now && own.attempt <= MOST_ATTEMPTS) {
        own.attempt++;
        own.due = now + this.#options.times.again;
        // What was aggregated here goes to the next view's collectors too.
        for (const gathering of topic.gatherings.values()) gathering.due ??= now;
        this.#sendOwn(now, topic);
      }
      for (const gathering of topic.gatherings.values()) this.#flush(now, topic, gathering);
      this.#collect(now, topic);
    }
    return this.#taken();
  }

  /** The verifier's answer. */
  verified(
    now: Millis,
    id: number,
    result: Extract<CheckResult, { what: "votes" | "all" }> | PartsResult,
  ): readonly AggregationEffect[] {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    if (job?.what === "suspicion" && result.what === "all") this.#onSuspicion(job, result);
    if (job?.what === "votes" && result.what === "votes") this.#onVotes(now, job, result);
    else if (job?.what === "parts" && result.what === "parts") this.#onParts(now, job, result);
    return this.#taken();
  }

  /** The topic of a statement; null if it is settled, too old or too far ahead. */
  #topicOf(message: AggregationMessage, isOwn: boolean): Topic | null {
    const { domain } = this.#options;
    const content = "vote" in message ? message.vote : message.partial;
    const isVote = !("checkpoint" in content);
    const root = isVote ? rootOf(domain, content) : checkpointRootOf(domain, content.checkpoint);
    const known = this.#topics.get(root);
    if (known !== undefined) return known;
    const view = viewOf(message);
    if (this.#settled.has(root)) return null;
    if (view < this.#floor(isVote)) return null;
    if (!isOwn && view > this.#highest + VIEWS_AHEAD) return null;
    if (isOwn && view > this.#highest) this.#highest = view;
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

  #weightOf(seat: Seat): Weights {
    return this.#options.electorate.weights[seat]!;
  }

  /** Who may sign the statement. */
  #members(topic: Topic): readonly boolean[] {
    const { voters, backers } = this.#options.electorate;
    return topic.subject.what === "vote" ? voters : backers;
  }

  #suffices(topic: Topic, weight: Weights): boolean {
    const { electorate } = this.#options;
    return topic.subject.what === "vote" ? isQuorum(electorate, weight) : isBacking(electorate, weight);
  }

  /** Two votes are for the own replica to look into; anything else is verified here, each of the two alone. */
  #suspect(suspicions: readonly Suspicion[]): void {
    for (const suspicion of suspicions) {
      const { first, second } = suspicion;
      if (first.testimony.type === "vote" && second.testimony.type === "vote") {
        this.#emit({ type: "conflict", first: first.testimony.vote, second: second.testimony.vote });
        continue;
      }
      if (this.#suspicions >= MOST_SUSPICIONS) continue;
      this.#suspicions++;
      const registry = this.#options.electorate.registry.root;
      const signatures: Extract<Check, { what: "all" }>["signatures"][number][] = [];
      const certificates: Extract<Check, { what: "all" }>["certificates"][number][] = [];
      const order: Statement[] = [];
      for (const each of [first, second]) {
        const { testimony } = each;
        const root = rootIn(each);
        if (testimony.type === "vote" || testimony.type === "checkpointVote") {
          const { seat, signature } = testimony.vote;
          signatures.push({ registry, seat, root, signature });
          order.unshift(each);
        } else {
          const { bitmap, signature } = testimony.certificate;
          certificates.push({ registry, root, bitmap, signature });
          order.push(each);
        }
      }
      const job = this.#nextJob++;
      this.#jobs.set(job, { what: "suspicion", suspicion, order });
      this.#emit({ type: "verify", job, check: { what: "all", signatures, groups: [], certificates } });
    }
  }

  #onSuspicion(
    { suspicion, order }: Extract<Job, { what: "suspicion" }>,
    { ok, failed }: Extract<CheckResult, { what: "all" }>,
  ): void {
    this.#suspicions--;
    if (ok) {
      this.#emit({ type: "evidence", evidence: evidenceOf(suspicion, this.#options.electorate.registry) });
      return;
    }
    const singles = order.filter(({ testimony }) => "vote" in testimony).length;
    const forged = order[failed!.part === "signature" ? failed!.index : singles + failed!.index]!;
    if (forged.from !== null)
      this.#emit({
        type: "ban",
        seat: forged.from,
        reason: "vote" in forged.testimony ? "forged vote" : "forged aggregate",
      });
    this.#suspect(this.#contradictions.clear(suspicion, forged));
  }

  /** Takes in a single vote where this node aggregates for its signer's subnet; false: it does not, or has it. */
  #gather(now: Millis, topic: Topic, from: Seat, { vote }: Ballot): boolean {
    const { subnets, times } = this.#options;
    const { seat } = vote;
    const gathering = this.#gathering(topic, subnets.of(seat));
    if (gathering === null || gathering.verified.has(seat) || gathering.pending.has(seat)) return false;
    if (from !== this.#options.seat && !this.#admit(topic, keyOf(from, -1), VOTES_OF_SIGNER)) return false;
    gathering.pending.set(seat, { from, signature: vote.signature });
    gathering.due ??= now + times.gather;
    const all = subnets.voters[gathering.subnet]!.length;
    if (gathering.pending.size + gathering.verified.size === all) gathering.due = now;
    this.#flush(now, topic, gathering);
    return true;
  }

  /** The gathering of a subnet if this node aggregates for it. */
  #gathering(topic: Topic, subnet: number): Gathering | null {
    const known = topic.gatherings.get(subnet);
    if (known !== undefined) return known;
    const attempt = this.#turn(topic.view, subnet);
    if (attempt === null) return null;
    const gathering = { subnet, attempt, pending: new Map(), verified: new Map(), due: null, job: false };
    topic.gatherings.set(subnet, gathering);
    return gathering;
  }

  /** How many views after this one this node is first an aggregator of a subnet; null: it is not until soon after. */
  #turn(view: number, subnet: number): number | null {
    const { seat, subnets } = this.#options;
    if (seat === null) return null;
    for (let attempt = 0; attempt <= MOST_ATTEMPTS; attempt++)
      if (subnets.duties(view + attempt).aggregators[subnet]?.includes(seat)) return attempt;
    return null;
  }

  /** Has everything gathered verified at once, when it is time. */
  #flush(now: Millis, topic: Topic, gathering: Gathering): void {
    if (gathering.job || gathering.due === null || gathering.due > now) return;
    const all = this.#options.subnets.voters[gathering.subnet]!.length;
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
    const job = this.#nextJob++;
    this.#jobs.set(job, { what: "votes", topic, gathering, asked });
    const votes = asked.map(({ seat, signature }) => ({ seat, signature }));
    const registry = this.#options.electorate.registry.root;
    this.#emit({ type: "verify", job, check: { what: "votes", registry, root: topic.root, votes } });
  }

  #onVotes(
    now: Millis,
    { topic, gathering, asked }: Extract<Job, { what: "votes" }>,
    result: Extract<CheckResult, { what: "votes" }>,
  ): void {
    gathering.job = false;
    const valid = new Set(result.valid);
    for (const { seat, from, signature } of asked) {
      gathering.pending.delete(seat);
      if (valid.has(seat)) gathering.verified.set(seat, signature);
      else this.#emit({ type: "ban", seat: from, reason: "forged vote" });
    }
    if (gathering.pending.size > 0) gathering.due ??= now + this.#options.times.gather;
    if (!this.#topics.has(topic.root) || result.aggregate === null) return;
    const { subnets, seat, electorate } = this.#options;
    const bitmap = toBitmap(result.valid, electorate.voters.length);
    const partial = this.#certificate(topic, bitmap, result.aggregate);
    const attempt = topic.own === null ? 0 : topic.own.attempt;
    const last = attempt > gathering.attempt ? attempt : gathering.attempt;
    const collectors = new Set<Seat>();
    for (let k = 0; k <= last; k++)
      for (const to of subnets.duties(topic.view + k).collectors) collectors.add(to);
    const message = messageOf(partial);
    for (const to of collectors) {
      if (to === seat) this.#part(now, seat, message);
      else this.#emit({ type: "send", to, message });
    }
  }

  #certificate(
    { subject }: Topic,
    bitmap: Uint8Array,
    signature: Uint8Array,
  ): Certificate | CheckpointCertificate {
    const { epoch, domain } = this.#options;
    return subject.what === "vote"
      ? { ...subject.body, epoch, domain, bitmap, signature }
      : { checkpoint: subject.checkpoint, epoch, domain, bitmap, signature };
  }

  /** Takes in an aggregate of a subnet where this node makes certificates: of each sender the heaviest. */
  #part(now: Millis, from: Seat, message: PartialMessage): void {
    const { subnets, electorate } = this.#options;
    const { bitmap, signature } = message.partial;
    const { voters, backers } = electorate;
    const members = message.type === "partial" ? voters : backers;
    if (bitmap.length !== bitmapLength(members.length)) {
      this.#emit({ type: "ban", seat: from, reason: "malformed aggregate" });
      return;
    }
    const signers = fromBitmap(bitmap);
    const subnet = subnets.of(signers[0] ?? -1);
    if (subnet < 0 || signers.some((seat) => !members[seat] || subnets.of(seat) !== subnet)) {
      this.#emit({ type: "ban", seat: from, reason: "malformed aggregate" });
      return;
    }
    const view = viewOf(message);
    if (!this.#isAggregator(view, subnet, from) || !this.#isCollector(view)) return;
    if (LEAST_SHARE * signers.length < subnets.voters[subnet]!.length) return;
    const topic = this.#topicOf(message, false);
    if (topic === null) return;
    const parts = topic.parts.get(subnet) ?? [];
    const known = parts.find((part) => part.from === from);
    if (known === undefined) {
      if (!this.#admit(topic, keyOf(from, subnet), PARTS_OF_SENDER)) return;
    } else if (known.signers >= signers.length) return;
    let weight = NO_WEIGHT;
    for (const seat of signers) weight = addWeights(weight, electorate.weights[seat]!);
    const statement = statementOf(message.partial, from);
    const next = { from, statement, bitmap, signature, weight, signers: signers.length };
    topic.parts.set(subnet, [...parts.filter((part) => part !== known), next]);
    this.#suspect(this.#contradictions.note(statement, known?.statement));
    this.#collect(now, topic);
  }

  #isAggregator(view: number, subnet: number, seat: Seat): boolean {
    const { subnets } = this.#options;
    for (let attempt = 0; attempt <= MOST_ATTEMPTS; attempt++)
      if (subnets.duties(view + attempt).aggregators[subnet]?.includes(seat)) return true;
    return false;
  }

  #isCollector(view: number): boolean {
    const { subnets, seat } = this.#options;
    for (let attempt = 0; attempt <= MOST_ATTEMPTS; attempt++)
      if (seat !== null && subnets.duties(view + attempt).collectors.includes(seat)) return true;
    return false;
  }

  /** One aggregate of each subnet, the one with most signers, and single votes that none of them holds. */
  #best(topic: Topic): {
    readonly parts: readonly Part[];
    readonly weight: Weights;
    readonly signers: number;
  } {
    const parts: Part[] = [];
    for (const candidates of topic.parts.values()) {
      const [first, ...others] = candidates;
      if (first !== undefined)
        parts.push(others.reduce((best, each) => (each.signers > best.signers ? each : best), first));
    }
    for (const [seat, { from, signature }] of topic.singles) {
      if (parts.some((part) => hasSeat(part.bitmap, seat))) continue;
      const bitmap = toBitmap([seat], this.#members(topic).length);
      parts.push({ from, statement: null, bitmap, signature, weight: this.#weightOf(seat), signers: 1 });
    }
    return {
      parts,
      weight: parts.reduce((sum, part) => addWeights(sum, part.weight), NO_WEIGHT),
      signers: parts.reduce((sum, part) => sum + part.signers, 0),
    };
  }

  /** Makes a certificate once there is a quorum and either everybody or no more time. */
  #collect(now: Millis, topic: Topic): void {
    if (topic.job || !this.#isCollector(topic.view)) return;
    const { parts, weight, signers } = this.#best(topic);
    if (!this.#suffices(topic, weight)) {
      // Forged aggregates that made up a quorum are gone.
      topic.due = null;
      return;
    }
    const { electorate, subnets, times } = this.#options;
    topic.due ??= now + times.complete;
    const all = subnets.voters.reduce((sum, { length }) => sum + length, 0);
    if (topic.due > now && signers < all) return;
    topic.job = true;
    const job = this.#nextJob++;
    this.#jobs.set(job, { what: "parts", topic, parts });
    this.#emit({
      type: "verify",
      job,
      check: {
        what: "parts",
        registry: electorate.registry.root,
        root: topic.root,
        parts: parts.map(({ bitmap, signature }) => ({ bitmap, signature })),
      },
    });
  }

  #onParts(now: Millis, { topic, parts }: Extract<Job, { what: "parts" }>, result: PartsResult): void {
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
      this.#emit({ type: "ban", seat: part.from, reason: "forged aggregate" });
      for (const [subnet, candidates] of topic.parts)
        topic.parts.set(
          subnet,
          candidates.filter((each) => each !== part),
        );
      for (const [seat, { from }] of topic.singles)
        if (from === part.from && hasSeat(part.bitmap, seat)) topic.singles.delete(seat);
    });
    if (!this.#topics.has(topic.root)) return;
    if (result.aggregate === null || !this.#suffices(topic, weight)) {
      this.#collect(now, topic);
      return;
    }
    const certificate = this.#certificate(topic, bitmap, result.aggregate);
    this.#settle(certificate);
    if ("checkpoint" in certificate) this.#emit({ type: "checkpointCertificate", certificate });
    else this.#emit({ type: "certificate", certificate });
  }
}

/** What is signed, without who signed it. */
const bodyOf = ({ kind, view, parentView, blockHash }: VoteBody): VoteBody => ({
  kind,
  view,
  parentView,
  blockHash,
});

const statementOf = (certificate: Certificate | CheckpointCertificate, from: Seat | null): Statement =>
  "checkpoint" in certificate
    ? { testimony: { type: "checkpointCertificate", certificate }, from }
    : { testimony: { type: "certificate", certificate }, from };

/** The view of what was voted for. */
function viewOf(message: AggregationMessage): number {
  const content = "vote" in message ? message.vote : message.partial;
  return "checkpoint" in content ? content.checkpoint.view : content.view;
}

/** Counts a sender's messages of a subnet apart; -1: its own votes. */
const keyOf = (from: Seat, subnet: number): number => from * 2_048 + subnet + 1;

const messageOf = (partial: Certificate | CheckpointCertificate): PartialMessage =>
  "checkpoint" in partial ? { type: "checkpointPartial", partial } : { type: "partial", partial };
