import {
  Aggregation,
  type AggregationEffect,
  type AggregationMessage,
  aggregationTimes,
  type Block,
  type Certificate,
  type Check,
  type CheckResult,
  checkpointRootOf,
  encodeMessage,
  encodePartial,
  equalBytes,
  type Hash,
  hashOf,
  isAggregated,
  type Message,
  type Millis,
  type PartialMessage,
  type PartsCheck,
  type PartsResult,
  type Peer,
  type Proposal,
  type ReplicaState,
  rootOf,
  type Seat,
  type SubnetSizes,
  Subnets,
  termOf,
} from "@aitbc-hybrid/protocol";
import { Alarm } from "./alarm.ts";
import { PeerBudget } from "./budget.ts";
import type { ConsensusLinks, EngineListener, EngineLoop, EngineMetrics } from "./types.ts";

type EpochContext = ReplicaState["epoch"];

export interface AggregatingOptions {
  /** With more voters than this votes go through aggregators. */
  readonly above: number | undefined;
  readonly sizes: SubnetSizes;
  /** Tells nobody what it added up of others' votes. */
  readonly silent: boolean;
}

export interface AggregatingModules {
  readonly links: ConsensusLinks;
  /** Has something verified when its turn comes, unless the engine is given another replica before. */
  readonly verify: (check: Check | PartsCheck, then: (result: CheckResult | PartsResult) => void) => void;
  readonly listener: Pick<EngineListener, "evidence">;
  /** Keeps evidence. */
  readonly keep: EngineListener["evidence"];
  readonly metrics: Pick<EngineMetrics, "message" | "refused" | "votes" | "aggregation">;
  readonly clock: () => Millis;
  readonly loop: EngineLoop;
}

/** Messages of the next epoch that are kept until it begins here: of each peer, and in all. */
const EARLY_OF_PEER = 8;
const EARLY = 4_096;
/** Proposals that wait for the own replica's verdict before they are passed on: of each peer, and in all. */
const PROPOSALS_OF_PEER = 2;
const MOST_PROPOSALS = 256;
/** Of them those of the next epoch, of which nothing can be told before it begins. */
const EARLY_PROPOSALS = 64;
/** Messages a peer may send at once, and in Δ, beside those that grow with the number of subnets. */
const BURST = 256;
const RATE = 64;

/** What an epoch is aggregated with. */
interface Running {
  readonly epoch: EpochContext;
  readonly aggregation: Aggregation;
  readonly subnets: Subnets;
  /** Own seat; null: a follower, which passes nothing on by the mesh. */
  readonly seat: Seat | null;
  readonly seatOf: ReadonlyMap<number, Seat>;
  readonly budget: PeerBudget;
  /** How often the own replica told what, since the final block before the last one. */
  told: Map<Hash, number>;
  toldBefore: Map<Hash, number>;
}

/** What of the replica says which proposals it has verified. */
export interface Verified extends Pick<ReplicaState, "tip"> {
  readonly views: {
    get(view: number): Pick<NonNullable<ReturnType<ReplicaState["views"]["get"]>>, "proposals"> | undefined;
  };
}

interface WaitingProposal {
  readonly proposal: Proposal;
  /** Of the vote in it. */
  readonly root: Hash;
  readonly from: Peer;
}

/** What travels to and from aggregators. */
export const isForAggregators = (message: Message | PartialMessage): message is AggregationMessage =>
  message.type === "vote" ||
  message.type === "checkpointVote" ||
  message.type === "partial" ||
  message.type === "checkpointPartial";

/**
 * Votes above 100 voters (section 3): the own ones go to their subnet's aggregators, others' are added up where that is
 * this node's turn, and proposals and certificates spread over a mesh instead of from everybody to everybody. With at
 * most 100 voters it does nothing, and the engine tells everybody everything.
 */
export class Aggregating {
  readonly #options: AggregatingOptions;
  readonly #modules: AggregatingModules;
  readonly #alarm: Alarm;
  #running: Running | null = null;
  /** The replica's epoch. */
  #epoch = 0;
  #due = Number.POSITIVE_INFINITY;
  #early: { readonly from: Peer; readonly epoch: number; readonly message: AggregationMessage }[] = [];
  #proposals: WaitingProposal[] = [];

  constructor(options: AggregatingOptions, modules: AggregatingModules) {
    this.#options = options;
    this.#modules = modules;
    this.#alarm = new Alarm({ clock: modules.clock, ring: () => this.#ring() });
  }

  /** The replica is in an epoch, perhaps in one that it was in before. */
  begin({ epoch, view, tip }: Pick<ReplicaState, "epoch" | "view" | "tip">): void {
    this.close();
    this.#running = null;
    this.#epoch = epoch.start.epoch;
    const { electorate, start, domain, params, registry, leader } = epoch;
    this.#proposals = this.#proposals.filter(({ proposal }) => proposal.epoch >= start.epoch);
    const early = this.#early.filter((each) => each.epoch === start.epoch);
    this.#early = this.#early.filter((each) => each.epoch > start.epoch);
    if (isAggregated(electorate, this.#options.above)) {
      const subnets = new Subnets(electorate, start.seed, this.#options.sizes);
      const seat = epoch.voterSeat ?? epoch.backerSeat;
      const aggregation = new Aggregation({
        subnets,
        electorate,
        epoch: start.epoch,
        domain,
        seat,
        termViews: params.termViews,
        times: aggregationTimes(params.delta),
        leader,
        voteWindow: registry.params.voteWindow,
      });
      aggregation.enter(view);
      aggregation.forget(tip.view);
      this.#running = {
        epoch,
        aggregation,
        subnets,
        seat,
        seatOf: new Map(registry.entries.map(({ validatorId }, at) => [validatorId, at])),
        budget: new PeerBudget({
          burst: BURST + 8 * subnets.count,
          rate: (RATE + 4 * subnets.count) / params.delta,
        }),
        told: new Map(),
        toldBefore: new Map(),
      };
    }
    for (const { from, message } of early) this.#take(from, message);
  }

  /** Takes care of what the own replica tells everybody; false: it is to be told to everybody. */
  broadcast(message: Message): boolean {
    const running = this.#running;
    if (running === null) return false;
    const { aggregation, epoch } = running;
    switch (message.type) {
      case "vote": {
        const { kind, view, seat } = message.vote;
        this.#perform(aggregation.cast(this.#modules.clock(), message));
        // The leader's NULLIFY makes everybody leave the view at once (rule 6).
        return kind !== "nullify" || seat !== epoch.leader(termOf(view, epoch.params.termViews));
      }
      case "checkpointVote":
        this.#perform(aggregation.cast(this.#modules.clock(), message));
        return true;
      case "proposal": {
        const { block, ...rest } = message.proposal;
        this.#spread(message, message.proposal.view, null);
        const vote = { ...rest, kind: "notarize" as const, blockHash: hashOf(block) };
        this.#perform(aggregation.cast(this.#modules.clock(), { type: "vote", vote }));
        return true;
      }
      case "certificate": {
        const { certificate } = message;
        this.#perform(aggregation.settled(certificate));
        this.#tell(message, rootOf(certificate.domain, certificate), certificate.view);
        return true;
      }
      case "checkpointCertificate": {
        const { certificate } = message;
        this.#perform(aggregation.settled(certificate));
        const { checkpoint, domain } = certificate;
        this.#tell(message, checkpointRootOf(domain, checkpoint), checkpoint.view);
        return true;
      }
      default:
        return false;
    }
  }

  /** Takes what is not for the replica itself; what is left for that, or null. */
  receive(from: Peer, message: Message | PartialMessage): Message | null {
    if (message.type === "proposal") this.#await(from, message.proposal);
    if (!isForAggregators(message)) return message;
    const running = this.#running;
    if (running === null) {
      if ("vote" in message) return message;
      // Where everybody tells everybody nobody adds up, unless that is so from the next epoch on.
      this.#keep(from, message);
      return null;
    }
    const { links, metrics, clock } = this.#modules;
    const spent = running.budget.spend(from, clock());
    if (spent === "taken") this.#take(from, message);
    else metrics.refused("over-budget");
    if (spent === "flood") links.ban(from, "floods votes");
    return null;
  }

  /** Keeps a proposal that may turn out a leader's, if a validator sent it. */
  #await(from: Peer, proposal: Proposal): void {
    if (this.#running === null || this.#proposals.length >= MOST_PROPOSALS) return;
    if (this.#modules.links.validatorOf(from) === null || !this.#isAwaited(proposal)) return;
    const root = rootIn(proposal);
    let held = 0;
    let early = 0;
    for (const each of this.#proposals) {
      if (each.root === root && equalBytes(each.proposal.signature, proposal.signature)) return;
      if (each.from === from) held++;
      if (each.proposal.epoch > this.#epoch) early++;
    }
    if (held >= PROPOSALS_OF_PEER || (proposal.epoch > this.#epoch && early >= EARLY_PROPOSALS)) return;
    this.#proposals.push({ proposal, root, from });
  }

  /** Whether the own replica may still find a proposal true: what it never will must not take others' place. */
  #isAwaited({ epoch: number, domain, view, seat }: Proposal): boolean {
    const { epoch, aggregation } = this.#running!;
    if (number === this.#epoch + 1) return true;
    const { leader, params } = epoch;
    return (
      domain === epoch.domain && aggregation.isNear(view) && leader(termOf(view, params.termViews)) === seat
    );
  }

  #take(from: Peer, message: AggregationMessage): void {
    const running = this.#running;
    const { links, loop, clock } = this.#modules;
    if (running === null) {
      if ("vote" in message) loop.submit({ type: "message", from, message });
      return;
    }
    if (this.#options.silent && !("vote" in message)) return;
    const content = "vote" in message ? message.vote : message.partial;
    const validator = links.validatorOf(from);
    if (validator !== null && content.epoch === this.#epoch + 1) {
      this.#keep(from, message);
      return;
    }
    const seat = validator === null ? undefined : running.seatOf.get(validator);
    // Who is no voter here may still be told that its epoch or view is over.
    if (seat === undefined) {
      if ("vote" in message) loop.submit({ type: "message", from, message });
      return;
    }
    this.#perform(running.aggregation.receive(clock(), seat, message));
  }

  /** A hand-over reaches nodes one after another: what a validator says of the next epoch waits for it. */
  #keep(from: Peer, message: AggregationMessage): void {
    const { epoch } = "vote" in message ? message.vote : message.partial;
    if (epoch !== this.#epoch + 1 || this.#modules.links.validatorOf(from) === null) return;
    if (this.#early.length >= EARLY) return;
    let held = 0;
    for (const each of this.#early) if (each.from === from) held++;
    if (held < EARLY_OF_PEER) this.#early.push({ from, epoch, message });
  }

  /** Passes on the proposals that the own replica has verified since. */
  passOn({ tip, views }: Verified): void {
    if (this.#running === null || this.#proposals.length === 0) return;
    this.#proposals = this.#proposals.filter(({ proposal, root, from }) => {
      const { view, parentView, block, signature } = proposal;
      if (!this.#isAwaited(proposal)) return false;
      if (proposal.epoch > this.#epoch) return true;
      if (view <= tip.view) return false;
      const hash = hashOf(block);
      const isVerified = views
        .get(view)
        ?.proposals.some(
          (known) =>
            known.blockHash === hash &&
            known.parentView === parentView &&
            equalBytes(known.signature, signature),
        );
      if (!isVerified) return true;
      if (this.#isNew(root)) this.#spread({ type: "proposal", proposal }, view, from);
      return false;
    });
  }

  /** A block became final by a certificate of this view. */
  finalized(block: Block, certificate: Certificate): void {
    const running = this.#running;
    if (running === null) return;
    running.toldBefore = running.told;
    running.told = new Map();
    this.#perform(running.aggregation.final(block));
    running.aggregation.forget(certificate.view);
  }

  disconnected(peer: Peer): void {
    this.#running?.budget.forget(peer);
    this.#proposals = this.#proposals.filter(({ from }) => from !== peer);
  }

  close(): void {
    this.#alarm.clear();
    this.#due = Number.POSITIVE_INFINITY;
  }

  #ring(): void {
    this.#due = Number.POSITIVE_INFINITY;
    const { loop, clock } = this.#modules;
    if (this.#running !== null && !loop.isClosed()) this.#perform(this.#running.aggregation.tick(clock()));
  }

  #perform(effects: readonly AggregationEffect[]): void {
    for (const effect of effects) this.#performOne(effect);
    const due = this.#running?.aggregation.due ?? null;
    if (due === null || due >= this.#due) return;
    this.#due = due;
    this.#alarm.set(due);
  }

  #performOne(effect: AggregationEffect): void {
    const { loop, links, verify, keep, listener, metrics, clock } = this.#modules;
    const { aggregation } = this.#running!;
    switch (effect.type) {
      case "send": {
        if (this.#options.silent && !("vote" in effect.message)) return;
        const to = this.#peerOf(effect.to);
        if (to !== null) this.#send(to, effect.message);
        return;
      }
      case "broadcast":
        metrics.aggregation("direct");
        for (const to of links.connected()) this.#send(to, effect.message);
        return;
      case "deliver": {
        const from = this.#peerOf(effect.from);
        if (from !== null) loop.submit({ type: "message", from, message: effect.message });
        return;
      }
      case "conflict":
        for (const vote of [effect.first, effect.second]) {
          const from = this.#peerOf(vote.seat) ?? links.self;
          loop.submit({ type: "message", from, message: { type: "vote", vote } });
        }
        return;
      case "verify":
        verify(effect.check, (result) => {
          if (this.#running?.aggregation !== aggregation) return;
          if (result.what === "parts" || result.what === "votes" || result.what === "all")
            this.#perform(aggregation.verified(clock(), effect.job, result));
        });
        return;
      case "certificate":
      case "checkpointCertificate":
        if (this.#options.silent) return;
        metrics.aggregation("certificate");
        loop.submit({ type: "message", from: links.self, message: effect });
        return;
      case "evidence":
        keep(effect.evidence);
        listener.evidence(effect.evidence);
        return;
      case "ban": {
        const peer = this.#peerOf(effect.seat);
        if (peer !== null) links.ban(peer, effect.reason);
        return;
      }
    }
  }

  #peerOf(seat: Seat): Peer | null {
    const { registry } = this.#running!.epoch;
    return this.#modules.links.peerOf(registry.entries[seat]!.validatorId);
  }

  #send(to: Peer, message: AggregationMessage): void {
    const { links, metrics } = this.#modules;
    const isPartial = message.type === "partial" || message.type === "checkpointPartial";
    const frame = isPartial ? encodePartial(message) : encodeMessage(message);
    if (isPartial) metrics.aggregation("aggregate");
    metrics.message(message.type, "out");
    metrics.votes("out", frame.length);
    links.send(to, frame);
  }

  /** What the own replica tells again goes over the mesh of another view: over the first one somebody missed it. */
  #tell(message: Message, root: Hash, view: number): void {
    const { told, toldBefore } = this.#running!;
    const times = told.get(root) ?? toldBefore.get(root) ?? 0;
    told.set(root, times + 1);
    this.#spread(message, view + times, null);
  }

  #isNew(root: Hash): boolean {
    const { told, toldBefore } = this.#running!;
    if (told.has(root) || toldBefore.has(root)) return false;
    told.set(root, 1);
    return true;
  }

  /** To the neighbours in the mesh of a view, and to connected peers that do not vote. */
  #spread(message: Message, view: number, from: Peer | null): void {
    const { links, metrics } = this.#modules;
    const frame = encodeMessage(message);
    for (const to of this.#recipients(view)) {
      if (to === from) continue;
      metrics.message(message.type, "out");
      if (message.type !== "proposal") metrics.votes("out", frame.length);
      links.send(to, frame);
    }
  }

  #recipients(view: number): readonly Peer[] {
    const { links } = this.#modules;
    const { seat, subnets, seatOf, epoch } = this.#running!;
    const connected = links.connected();
    if (seat === null) return connected;
    const neighbours = new Set(subnets.neighbours(view, seat).map((each) => this.#peerOf(each)));
    const there = connected.filter((peer) => neighbours.has(peer));
    // Half of the mesh is not there: what there is has to do.
    if (2 * there.length < neighbours.size) return connected;
    const isVoter = (peer: Peer): boolean => {
      const at = seatOf.get(links.validatorOf(peer) ?? -1);
      return at !== undefined && epoch.electorate.voters[at] === true;
    };
    return [...there, ...connected.filter((peer) => !isVoter(peer))];
  }
}

const rootIn = ({ block, ...rest }: Proposal): Hash =>
  rootOf(rest.domain, { ...rest, kind: "notarize", blockHash: hashOf(block) });

/** Certificates of votes and of checkpoints count as vote traffic, as single votes and aggregates do. */
export function isVoteTraffic(message: Message | PartialMessage): boolean {
  return (
    isForAggregators(message) || message.type === "certificate" || message.type === "checkpointCertificate"
  );
}
