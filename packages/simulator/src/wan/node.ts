import {
  type Aggregation,
  type AggregationEffect,
  type AggregationMessage,
  type Block,
  type CertifiedBlock,
  checkpointRootOf,
  type Effect,
  type EpochStart,
  type Hash,
  type Hex,
  hashOf,
  type Input,
  LIMITS,
  type Message,
  type Millis,
  type Peer,
  type Registry,
  type Request,
  rootOf,
  type Seat,
  signingRoot,
  type Vote,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { type Clock, Disk, type Endpoint, type EventQueue, type Network } from "../events/index.ts";
import type { Rules, RulesConfig } from "../rules.ts";
import type { Keyring } from "../signatures.ts";
import type { Batches } from "./batches.ts";
import { arrivalCost, type Costs, checkCost } from "./costs.ts";
import type { Ledger } from "./ledger.ts";
import { contentOf, isVoteTraffic, sizeOf, type WanMessage } from "./sizes.ts";

/** An input without its time. */
type Timeless = Input extends infer I ? (I extends unknown ? Omit<I, "now"> : never) : never;

/** What is measured of a node. */
export interface Meter {
  /** The own proposal is made. */
  proposed(node: WanNode, hash: Hash, block: Block): void;
  finalized(node: WanNode, hash: Hash, block: Block): void;
  /** Something that never happens to an honest node in a calm network. */
  surprised(node: WanNode, what: string): void;
}

export interface WanNodeOptions {
  readonly peer: Peer;
  readonly validator: number;
  readonly config: RulesConfig;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly costs: Costs;
  /** Votes, but tells nobody what it added up of others' votes. */
  readonly idle: boolean;
}

/** A node's part in an epoch whose votes are aggregated. */
export interface Aggregating {
  readonly aggregation: Aggregation;
  /** Whom the node passes on to what it first hears of a view. */
  readonly neighbours: (view: number) => readonly Peer[];
}

/** How messages spread where not everybody is sent everything. */
export type Overlay = (start: EpochStart, seat: Seat) => Aggregating;

export interface WanNodeModules {
  readonly rules: Rules;
  readonly queue: EventQueue;
  readonly network: Network<WanMessage>;
  /** Null: everybody is sent everything. */
  readonly overlay: Overlay | null;
  readonly keyring: Keyring;
  readonly ledger: Ledger;
  readonly batches: Batches;
  readonly meter: Meter;
}

const NOBODY: Hex = `0x${"00".repeat(20)}`;

/**
 * A validator's process for measuring time: performs a replica's effects, each at what it costs. It neither restarts
 * nor misbehaves, and checks nothing of what the schedules of `World` check; the reducer is the same.
 */
export class WanNode implements Endpoint<WanMessage> {
  readonly peer: Peer;
  readonly validator: number;
  readonly boot = 0;
  up = true;
  /** Inputs stepped so far. */
  steps = 0;
  /** Bytes of votes, aggregates and certificates sent and received. */
  voteBytes = 0;
  readonly #options: WanNodeOptions;
  readonly #modules: WanNodeModules;
  /** How many records are on it is all that counts. */
  readonly #disk: Disk<null>;
  readonly #waiting: { readonly after: number; readonly run: () => void }[] = [];
  /** Final blocks by height, for peers that missed them. */
  readonly #chain: CertifiedBlock[] = [];
  #state: unknown = null;
  #timer = 0;
  #aggregation: Aggregation | null = null;
  #neighbours: Aggregating["neighbours"] = () => [];
  #aggregationDue = Number.POSITIVE_INFINITY;
  /** What was passed on since the last final block, and since the one before. */
  #passedOn = new Set<object>();
  #passedBefore = new Set<object>();
  /** When the thread is done with what it was given so far. */
  #busy: Millis = 0;

  constructor(options: WanNodeOptions, modules: WanNodeModules) {
    this.#options = options;
    this.#modules = modules;
    this.peer = options.peer;
    this.validator = options.validator;
    this.#disk = new Disk<null>(
      {
        latency: () => options.costs.flush(this.#disk.appended - this.#disk.durable),
        acknowledged: (count) => this.#acknowledged(count),
      },
      { queue: modules.queue },
    );
  }

  /** Own clock, ms. */
  get now(): Millis {
    return this.#options.clock.read(this.#modules.queue.now);
  }

  start(): void {
    const { config, registry } = this.#options;
    const { state, effects } = this.#modules.rules.initialReplica(config, registry, this.now);
    this.#state = state;
    this.#perform(effects);
  }

  /** What the harness reads of the replica. */
  view() {
    return this.#modules.rules.viewOf(this.#state);
  }

  /** The process is gone for good. */
  crash(): void {
    this.up = false;
  }

  /** Runs something once the thread has had `cost` ms for it. */
  #occupy(cost: Millis, run: () => void): void {
    const { queue } = this.#modules;
    this.#busy = Math.max(this.#busy, queue.now) + cost;
    queue.at(this.#busy, () => {
      if (this.up) run();
    });
  }

  receive(from: Peer, message: WanMessage): void {
    this.#count(message);
    const { costs } = this.#options;
    if (this.#aggregation !== null && isForAggregators(message)) {
      this.#busy = Math.max(this.#busy, this.#modules.queue.now) + arrivalCost(costs, message);
      if (!this.#options.idle || "vote" in message)
        this.#aggregate((aggregation) => aggregation.receive(this.now, seatOf(from), message));
      return;
    }
    if (message.type === "partial" || message.type === "checkpointPartial") return;
    const { overlay } = this.#modules;
    const spreads = overlay !== null && isSpread(message);
    if (spreads && (this.#hasPassedOn(contentOf(message)) || this.#isSettled(message))) return;
    this.#occupy(arrivalCost(costs, message), () => {
      this.#input({ type: "message", from, message });
      // Certificates are passed on by the rules, once verified; a leader's signature is looked at here.
      if (spreads && message.type !== "certificate" && message.type !== "checkpointCertificate")
        this.#occupy(costs.verify, () => this.#passOn(message, from));
    });
  }

  #hasPassedOn(content: object): boolean {
    return this.#passedOn.has(content) || this.#passedBefore.has(content);
  }

  /** True for one more certificate of what is certified here: collectors make several. */
  #isSettled(message: Message): boolean {
    if (this.#aggregation === null) return false;
    if (message.type === "certificate") {
      const { certificate } = message;
      return this.#aggregation.isSettled(rootOf(certificate.domain, certificate));
    }
    if (message.type !== "checkpointCertificate") return false;
    const { domain, checkpoint } = message.certificate;
    return this.#aggregation.isSettled(checkpointRootOf(domain, checkpoint));
  }

  /** Sends something new to the neighbours. */
  #passOn(message: Message, from: Peer | null): void {
    const content = contentOf(message);
    if (this.#hasPassedOn(content)) return;
    this.#passedOn.add(content);
    for (const to of this.#neighbours(viewOf(message))) if (to !== from) this.#send(to, message);
  }

  connected(peer: Peer): void {
    this.#input({ type: "connected", peer });
  }

  #count(message: WanMessage): void {
    if (isVoteTraffic(message)) this.voteBytes += sizeOf(message);
  }

  #aggregate(act: (aggregation: Aggregation) => readonly AggregationEffect[]): void {
    const aggregation = this.#aggregation!;
    for (const effect of act(aggregation)) this.#aggregationEffect(effect);
    const { due } = aggregation;
    if (due === null || due >= this.#aggregationDue) return;
    this.#aggregationDue = due;
    this.#modules.queue.at(this.#options.clock.instant(due), () => {
      if (this.#aggregationDue !== due) return;
      this.#aggregationDue = Number.POSITIVE_INFINITY;
      if (this.up) this.#aggregate((each) => each.tick(this.now));
    });
  }

  #aggregationEffect(effect: AggregationEffect): void {
    const { keyring, meter } = this.#modules;
    const { idle } = this.#options;
    switch (effect.type) {
      case "send":
        if (idle && !("vote" in effect.message)) return;
        this.#send(peerOf(effect.to), effect.message);
        return;
      case "verify": {
        const { job, check } = effect;
        this.#occupy(checkCost(this.#options.costs, check), () => {
          const result = check.what === "parts" ? keyring.checkParts(check) : keyring.check(check);
          if (result.what !== "parts" && result.what !== "votes" && result.what !== "all") return;
          this.#aggregate((aggregation) => aggregation.verified(this.now, job, result));
        });
        return;
      }
      case "broadcast":
        for (const to of this.#modules.network.peers) if (to !== this.peer) this.#send(to, effect.message);
        return;
      case "deliver":
        this.#input({ type: "message", from: peerOf(effect.from), message: effect.message });
        return;
      case "certificate":
      case "checkpointCertificate":
        if (idle) return;
        this.#input({ type: "message", from: this.peer, message: effect });
        return;
      case "evidence":
        meter.surprised(this, `finds evidence by ${effect.evidence.what}`);
        return;
      case "conflict":
        for (const vote of [effect.first, effect.second])
          this.#input({ type: "message", from: peerOf(vote.seat), message: { type: "vote", vote } });
        return;
      case "ban":
        meter.surprised(this, `bans ${peerOf(effect.seat)}: ${effect.reason}`);
        return;
    }
  }

  #input(input: Timeless): void {
    this.steps++;
    const { state, effects } = this.#modules.rules.step(this.#state, { ...input, now: this.now } as Input);
    this.#state = state;
    this.#perform(effects);
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#effect(effect);
    this.#disk.commit();
  }

  /** Runs something that depends on every record so far. */
  #whenDurable(run: () => void): void {
    const after = this.#disk.appended;
    if (after <= this.#disk.durable) run();
    else this.#waiting.push({ after, run });
  }

  #acknowledged(count: number): void {
    while (this.up && this.#waiting.length > 0 && this.#waiting[0]!.after <= count)
      this.#waiting.shift()!.run();
  }

  #effect(effect: Effect): void {
    const { costs, registry } = this.#options;
    const { keyring, batches, meter, queue } = this.#modules;
    switch (effect.type) {
      case "persist":
        this.#disk.append(null);
        return;
      case "sign": {
        const { id, intent } = effect;
        if (intent.what === "proposal") meter.proposed(this, hashOf(intent.block), intent.block);
        this.#disk.append(null);
        this.#whenDurable(() =>
          this.#occupy(costs.sign, () => {
            const signature = keyring.sign(this.validator, signingRoot(intent));
            this.#input({ type: "signed", id, signature });
          }),
        );
        return;
      }
      case "broadcast": {
        const { message } = effect;
        this.#whenDurable(() => this.#broadcast(message));
        return;
      }
      case "send":
        this.#whenDurable(() => this.#send(effect.to, effect.message));
        return;
      case "serve":
        this.#whenDurable(() => this.#serve(effect.to, effect.request));
        return;
      case "verify": {
        const { job, check } = effect;
        this.#occupy(checkCost(costs, check), () =>
          this.#input({ type: "verified", job, result: keyring.check(check) }),
        );
        return;
      }
      case "payload": {
        const { epoch, view, parentHash, parentReference, parentSettledAt, vrfRoot } = effect;
        this.#occupy(costs.sign, () =>
          this.#input({
            type: "payload",
            epoch,
            view,
            parentHash,
            payload: {
              batches: batches.ready(this.peer),
              reference: parentReference,
              settledAt: parentSettledAt,
              inboxCursor: effect.parentInboxCursor,
              feeRecipient: NOBODY,
              candidate: null,
              vrfProof: keyring.sign(this.validator, vrfRoot),
            },
          }),
        );
        return;
      }
      case "reference": {
        // There is no settlement chain here: what it says cannot be told.
        const { reference, epoch, inboxFrom } = effect;
        this.#input({ type: "reference", reference, epoch, inboxFrom, reading: null });
        return;
      }
      case "obtain": {
        const { hash, block } = effect;
        batches.whenHeld(this.peer, block, () => {
          if (this.up) this.#input({ type: "available", hash, ok: true, inboxFrom: null });
        });
        return;
      }
      case "execute": {
        const { hash, parentHash } = effect;
        this.#occupy(costs.execute, () => {
          const { stateRoot, receiptsRoot } = this.#modules.ledger.execute(parentHash, hash);
          const roots = { stateRoot, receiptsRoot, handedOn: ZERO_HASH };
          this.#input({ type: "executed", hash, ...roots, used: 0, value: 0 });
        });
        return;
      }
      case "epoch": {
        const { overlay } = this.#modules;
        if (overlay === null) return;
        const { aggregation, neighbours } = overlay(effect.start, this.validator);
        this.#aggregation = aggregation;
        this.#neighbours = neighbours;
        return;
      }
      case "registry":
        this.#occupy(0, () => this.#input({ type: "registry", registry }));
        return;
      case "timer": {
        const id = ++this.#timer;
        queue.at(this.#options.clock.instant(effect.at), () => {
          if (this.up && id === this.#timer) this.#input({ type: "tick" });
        });
        return;
      }
      case "finalized": {
        const { hash, block, certificate } = effect;
        this.#chain[block.header.height] = {
          block,
          certificate: certificate.blockHash === hash ? certificate : null,
          backing: null,
        };
        if (this.#aggregation !== null) {
          this.#aggregate((aggregation) => aggregation.final(block));
          this.#aggregation.forget(certificate.view);
        }
        this.#passedBefore = this.#passedOn;
        this.#passedOn = new Set();
        meter.finalized(this, hash, block);
        return;
      }
      case "halt":
        meter.surprised(this, `halts: ${effect.reason}`);
        return;
      case "ban":
        meter.surprised(this, `bans ${effect.peer}: ${effect.reason}`);
        return;
      default:
    }
  }

  #broadcast(message: Message): void {
    if (!this.up) return;
    if (this.#aggregation === null) {
      for (const to of this.#modules.network.peers) if (to !== this.peer) this.#send(to, message);
      return;
    }
    switch (message.type) {
      case "vote":
      case "checkpointVote":
        this.#aggregate((aggregation) => aggregation.cast(this.now, message));
        return;
      case "proposal": {
        this.#passOn(message, null);
        const { block, ...rest } = message.proposal;
        const vote: Vote = { ...rest, kind: "notarize", blockHash: hashOf(block) };
        this.#aggregate((aggregation) => aggregation.cast(this.now, { type: "vote", vote }));
        return;
      }
      case "certificate": {
        const { certificate } = message;
        this.#aggregate((aggregation) => aggregation.settled(certificate));
        break;
      }
      case "checkpointCertificate": {
        const { certificate } = message;
        this.#aggregate((aggregation) => aggregation.settled(certificate));
        break;
      }
      default:
    }
    this.#passOn(message, null);
  }

  #send(to: Peer, message: WanMessage): void {
    if (!this.up) return;
    this.#count(message);
    this.#modules.network.send(this.peer, to, message);
  }

  #serve(to: Peer, request: Request): void {
    if (request.what === "certificate") return;
    const from = request.what === "finalized" ? request.from : this.#heightOf(request.hash);
    const count = request.what === "finalized" ? Math.min(request.count, LIMITS.blocksPerMessage) : 1;
    const blocks = this.#chain.slice(from, from + count);
    while (request.what === "finalized" && blocks.length > 0 && blocks.at(-1)!.certificate === null)
      blocks.pop();
    if (from > 0 && blocks.length > 0) this.#send(to, { type: "blocks", blocks });
  }

  #heightOf(hash: Hash): number {
    return this.#chain.findLastIndex((entry) => entry !== undefined && hashOf(entry.block) === hash);
  }
}

/** One text of each peer's name: tables find the very same one without reading it. */
const names: Peer[] = [];

/** Validator i holds seat i and is the peer "vi". */
export function peerOf(seat: Seat): Peer {
  let name = names[seat];
  if (name === undefined) {
    name = `v${seat}`;
    names[seat] = name;
  }
  return name;
}

const seatOf = (peer: Peer): Seat => Number(peer.slice(1));

const isForAggregators = (message: WanMessage): message is AggregationMessage =>
  message.type === "vote" ||
  message.type === "checkpointVote" ||
  message.type === "partial" ||
  message.type === "checkpointPartial";

/** The view whose mesh a message takes. */
function viewOf(message: Message): number {
  switch (message.type) {
    case "proposal":
      return message.proposal.view;
    case "certificate":
      return message.certificate.view;
    case "checkpointCertificate":
      return message.certificate.checkpoint.view;
    default:
      return 0;
  }
}

/** What everybody is to hear. */
const isSpread = (message: Message): boolean =>
  message.type === "proposal" ||
  message.type === "certificate" ||
  message.type === "checkpointCertificate" ||
  message.type === "signal";
