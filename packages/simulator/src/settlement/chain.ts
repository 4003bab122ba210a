import {
  canDecide,
  isRecovering,
  isSupported,
  nextRoundAt,
  recordOf,
  registryOf,
  type State,
} from "@aitbc-hybrid/contract-model";
import {
  type Activation,
  type Certificate,
  type CheckpointCertificate,
  type ContractsReading,
  checkpointRootOf,
  type Hash,
  type Header,
  type InboxEntry,
  type Millis,
  type PostedCertificate,
  type ReferenceReading,
  type RestartBody,
  type RestartVote,
  type SettlementReference,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import type { EventQueue } from "../events/index.ts";
import type { Random } from "../random.ts";
import { named } from "../signatures.ts";
import type { Call, Mined } from "./calls.ts";
import type { Contracts } from "./contracts.ts";
import { ANYONE, type Sending, validatorOf } from "./stakers.ts";

/** A time in which the chain makes no block (`nodes` null) or some clients see no new one. */
export interface Outage {
  readonly from: Millis;
  readonly to: Millis;
  readonly nodes: ReadonlySet<number> | null;
}

export interface SettlementOptions {
  readonly start: Millis;
  readonly blockTime: Millis;
  /** Blocks on top that make one final. */
  readonly finality: number;
  /** How long a second of the contracts lasts. */
  readonly second: Millis;
  /** How far each node's client lags behind the chain. */
  readonly lags: readonly Millis[];
  readonly outages: readonly Outage[];
  /** Probability that a candidate is sealed soon after it may be, before the next boundary as a rule. */
  readonly sealChance: number;
  /** Settlement blocks from the acceptance of a boundary to the seal, at most. */
  readonly sealDelay: number;
  /** Whether anybody opens recoveries. */
  readonly recovers: boolean;
}

export interface SettlementModules {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly contracts: Contracts;
  /** The transactions up to the start. */
  readonly beginnings: readonly Sending[];
  /** What stakers do before N_e is sealed; null: nobody seals it. */
  readonly stakers: (epoch: number, state: State, at: number) => readonly Sending[] | null;
  /** Whether a validator shows itself to the contracts again after a recovery. */
  readonly isBack: (validator: number, incarnation: number) => boolean;
  readonly activated: (recovery: SettledRecovery) => void;
}

/** A recovery as it was settled. */
export interface SettledRecovery extends Activation {
  readonly height: number;
  /** The settlement block with it. */
  readonly number: number;
  readonly leaked: boolean;
}

/** What is told of a chain's recoveries. */
export interface RecoveryLog {
  readonly activations: readonly SettledRecovery[];
  /** Charged for a leak, by validator. */
  readonly jailed: ReadonlySet<number>;
  /** Rules that the contracts applied, by name. */
  readonly taken: ReadonlyMap<string, number>;
}

/** The contracts from a settlement block on. */
interface Block {
  readonly number: number;
  readonly state: State;
}

/** How an accepted checkpoint stands in the chain. */
interface Accepted {
  readonly number: number;
  readonly certificate: CheckpointCertificate;
}

interface Queued {
  readonly entry: InboxEntry;
  /** The settlement block that holds it. */
  number: number;
}

interface Posted extends PostedCertificate {
  readonly number: number;
  readonly recovery: number;
}

/**
 * Where epochs are so short that no last block sees the candidate final, its sealing ends: beyond 24 candidates ignored in
 * a row the contracts would refuse the boundary for good.
 */
const MOST_IGNORED = 20;

/** What is refused to whoever comes too late. */
const LATE = "CheckpointManagerBadHeight";

/**
 * A settlement chain: blocks by the clock, final after some more, with delays, outages, censorship and reorganizations
 * around contracts that are `packages/contract-model`. Their state is a value: each block has one, and to replace blocks is
 * to drop theirs.
 */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #modules: SettlementModules;
  readonly #queue: EventQueue;
  #blocks: Block[] = [];
  #mined: Mined[] = [];
  #accepted: Accepted[] = [];
  #posted: Posted[] = [];
  /** The inbox of forced transactions, which is no part of the contracts' model. */
  readonly #inbox: Queued[] = [];
  /** Checkpoints of epochs that the contracts have not come to. */
  #early: { readonly certificate: CheckpointCertificate; readonly from: string }[] = [];
  #activations: SettledRecovery[] = [];
  readonly #taken = new Map<string, number>();
  readonly #outages: Outage[];
  /** Numbers from which the chain was replaced, in order of time. */
  readonly #reorgs: number[] = [];
  /** Block of the last activation that everybody may know of. */
  #told = 0;
  /** State in which too few stakers were left to restart. */
  #refusedFor: string | null = null;
  /** State in which nobody was left to leave out. */
  #exhausted: string | null = null;
  /** What was wrong with the checkpoints posted: nothing, if the protocol holds. */
  readonly refusals: string[] = [];
  /** Calls that never get into a block. */
  censors: (what: "checkpoint" | "certificate" | "restart", from: string) => boolean = () => false;

  constructor(options: SettlementOptions, modules: SettlementModules) {
    this.#options = options;
    this.#outages = [...options.outages];
    this.#queue = modules.queue;
    this.#modules = modules;
    this.#blocks.push({ number: 0, state: modules.contracts.deployed() });
    const at = this.#secondsAt(0);
    for (const sending of modules.beginnings) this.#mine(sending, at, 0);
  }

  /** The contracts as of the newest block. */
  get state(): State {
    return this.#blocks.at(-1)!.state;
  }

  /** The contracts' current epoch: boundaries accepted. */
  get epoch(): number {
    return this.state.schedule.epoch;
  }

  /** Checkpoints and activations accepted. */
  get accepted(): number {
    return this.#accepted.length + this.#activations.length;
  }

  /** Everything mined so far, in order. */
  get history(): readonly Mined[] {
    return this.#mined;
  }

  /** Null: nobody opens recoveries on this chain. */
  get recoveries(): RecoveryLog | null {
    if (!this.#options.recovers) return null;
    const jailed = new Set<number>();
    for (const [id, { status }] of this.state.registry.validators)
      if (status === "jailed") jailed.add(validatorOf(id));
    return { activations: this.#activations, jailed, taken: this.#taken };
  }

  #frozenFrom(node: number | null, at: Millis): Millis {
    let seen = at;
    for (const outage of this.#outages) {
      const concerns = outage.nodes === null || (node !== null && outage.nodes.has(node));
      if (concerns && outage.from <= seen && seen < outage.to) seen = outage.from;
    }
    return seen;
  }

  #number(at: Millis): number {
    return Math.max(0, Math.floor((at - this.#options.start) / this.#options.blockTime));
  }

  #timeOf(number: number): Millis {
    return this.#options.start + number * this.#options.blockTime;
  }

  #secondsAt(number: number): number {
    return Math.floor(this.#timeOf(number) / this.#options.second);
  }

  /** Highest block that a node's client shows final at a time. */
  finalAt(node: number, at: Millis): number {
    const { lags, finality } = this.#options;
    return Math.max(0, this.#number(this.#frozenFrom(node, at) - lags[node]!) - finality);
  }

  hashOf(number: number): Hash {
    if (number === 0) return ZERO_HASH;
    const branch = this.#reorgs.filter((from) => from <= number).length;
    return branch === 0 ? named("settlement", number) : named("settlement", number, branch);
  }

  /** The chain makes no block for a while. */
  stop(until: Millis): void {
    this.#outages.push({ from: this.#queue.now, to: until, nodes: null });
  }

  /** Replaces every block that is not final yet by others: what they held comes again in the next ones. */
  reorganize(): void {
    const { finality, blockTime, sealDelay } = this.#options;
    const { random } = this.#modules;
    const shown = this.#number(this.#frozenFrom(null, this.#queue.now)) - finality;
    const final = Math.max(0, this.#told, shown);
    this.#reorgs.push(final + 1);
    const lost = this.#mined.filter(({ number, refused }) => number > final && refused === null);
    const isFinal = ({ number }: { readonly number: number }): boolean => number <= final;
    this.#blocks = this.#blocks.filter(isFinal);
    this.#mined = this.#mined.filter(isFinal);
    this.#accepted = this.#accepted.filter(isFinal);
    this.#posted = this.#posted.filter(isFinal);
    this.#activations = this.#activations.filter(isFinal);
    for (const queued of this.#inbox) if (queued.number > final) queued.number += 2;
    for (const { from, call } of lost) {
      // A seal may come too late now.
      const late = call.what === "seal" ? random.whole(0, sealDelay) : 0;
      this.#queue.after((1 + late) * blockTime, () => this.#send({ from, call }));
    }
  }

  reference(number: number): SettlementReference {
    return { number, hash: this.hashOf(number) };
  }

  /** The contracts as of a block. */
  stateAt(number: number): State {
    let i = this.#blocks.length - 1;
    while (i > 0 && this.#blocks[i]!.number > number) i--;
    return this.#blocks[i]!.state;
  }

  /**
   * What the contracts say at a block, of the inbox from an entry on. An entry counts as `forceAfter` old in the block
   * that it stands in: runs are shorter than that.
   */
  reading(number: number, candidateEpoch: number, inboxFrom: number): ReferenceReading {
    const state = this.stateAt(number);
    const due = this.#inbox.filter((queued) => queued.number <= number).slice(inboxFrom);
    return {
      settledAt: state.schedule.acceptedAt * this.#options.second,
      due: due.map(({ entry }) => entry),
      candidate: this.#modules.contracts.candidateOf(state, candidateEpoch),
    };
  }

  /** Somebody queues a transaction. */
  force(entry: InboxEntry): void {
    this.#next((_at, number) => this.#inbox.push({ entry, number }));
  }

  /** Transactions queued so far. */
  get forced(): number {
    return this.#inbox.length;
  }

  /** What the contracts say at the highest block that a node's client shows final. */
  contracts(node: number, at: Millis = this.#queue.now): ContractsReading | null {
    const { recovers, second } = this.#options;
    if (!recovers) return null;
    const number = this.finalAt(node, at);
    const state = this.stateAt(number);
    const { epoch, acceptedAt, height } = state.schedule;
    const id = state.recovery.recoveries.length;
    return {
      at: this.#timeOf(number),
      epoch,
      incarnation: recordOf(state, epoch).incarnation,
      settledAt: acceptedAt * second,
      acceptedHeight: height,
      recovery: isRecovering(state)
        ? {
            graceEnd: state.recovery.recoveries[id - 1]!.graceEnd * second,
            posted: this.#posted
              .filter((each) => each.recovery === id && each.number <= number)
              .map(({ view, parentView, blockHash }) => ({ view, parentView, blockHash })),
          }
        : null,
    };
  }

  /** Recoveries that a node's client shows final. */
  activations(node: number): readonly SettledRecovery[] {
    const number = this.finalAt(node, this.#queue.now);
    return this.#activations.filter((each) => each.number <= number);
  }

  /** Does something in the next block; while the chain stands, in the first one after it. */
  #next(mine: (at: number, number: number) => void): void {
    const { now } = this.#queue;
    for (const outage of this.#outages) {
      if (outage.nodes === null && outage.from <= now && now < outage.to) {
        this.#queue.at(outage.to, () => this.#next(mine));
        return;
      }
    }
    const number = this.#number(now) + 1;
    mine(this.#secondsAt(number), number);
  }

  #send(sending: Sending): void {
    this.#next((at, number) => this.#mine(sending, at, number));
  }

  /**
   * A node posts a backed checkpoint: not if the newest block already shows it accepted, and only once the contracts are
   * in its epoch.
   */
  post(certificate: CheckpointCertificate, from: string = ANYONE): void {
    if (this.censors("checkpoint", from)) return;
    const { epoch, checkpoint } = certificate;
    const { schedule } = this.stateAt(this.#number(this.#queue.now));
    if (checkpoint.height <= schedule.height || epoch < schedule.epoch) {
      this.#compare(certificate);
      return;
    }
    this.#next((at, number) => {
      if (epoch > this.epoch) this.#early.push({ certificate, from });
      else this.#mine({ from, call: { what: "submit", certificate } }, at, number);
    });
  }

  /** A node posts N or F of the epoch under recovery, with the header of its block: what one block leaves out, the next has. */
  postCertificate(certificate: Certificate, header: Header, from: string = ANYONE): void {
    if (certificate.kind === "nullify") return;
    const mine = (at: number, number: number): void => {
      if (!isRecovering(this.state)) return;
      if (this.censors("certificate", from)) this.#at(number + 1, mine);
      else this.#mine({ from, call: { what: "post", certificate, header } }, at, number);
    };
    this.#next(mine);
  }

  /** A node posts its own RESTART, after the certificate of the block that it names (null: view 0, or posted before). */
  restart(
    vote: RestartVote,
    certified: { readonly certificate: Certificate; readonly header: Header } | null,
    from: string = ANYONE,
  ): void {
    this.#next((at, number) => {
      if (this.censors("restart", from)) return;
      const listed = this.#modules.contracts.listed(this.state, vote);
      if (listed === null) return;
      const { view, blockHash, signature } = vote;
      const { recovery } = this.state;
      const key = `${recovery.recoveries.length} ${view} ${blockHash}`;
      if (certified !== null && !recovery.points.get(key)?.certified)
        this.#mine({ from, call: { what: "post", ...certified } }, at, number);
      this.#mine({ from, call: { what: "restart", view, blockHash, ...listed, signature } }, at, number);
    });
  }

  /** Lets keepers look at the contracts in every block. */
  run(): void {
    if (!this.#options.recovers) return;
    this.#queue.after(this.#options.blockTime, () => {
      this.#next((at, number) => this.#keep(at, number));
      this.run();
    });
  }

  /** What anyone may do for a chain that stands: open its recovery, run the leak, activate, let authorities return. */
  #keep(at: number, number: number): void {
    const by = (call: Call): boolean => this.#mine({ from: ANYONE, call }, at, number);
    const { schedule, rules, elections, recovery } = this.state;
    if (!isRecovering(this.state)) {
      const isDue = at >= schedule.acceptedAt + rules.recovery.stall;
      // A recovery ends in Secure: where that could not decide, none begins.
      if (isDue && canDecide(registryOf(this.state, schedule.epoch + 1), "secure")) by({ what: "open" });
    } else if (at > recovery.recoveries.at(-1)!.graceEnd) {
      this.#leak(at, number);
      for (const block of this.#asked()) {
        const { heard, left } = this.state.recovery.recoveries.at(-1)!;
        const standing = `${recovery.recoveries.length} ${block.blockHash} ${heard.size} ${left.size}`;
        if (standing === this.#refusedFor || !isSupported(this.state, block, at)) continue;
        if (by({ what: "activate", ...block })) break;
        this.#refusedFor = standing;
      }
    }
    const { incarnation } = recordOf(this.state, this.epoch);
    for (const id of elections.silent)
      if (this.#modules.isBack(validatorOf(id), incarnation)) by({ what: "comeBack", validator: id });
  }

  #leak(at: number, number: number): void {
    const { state } = this;
    const id = state.recovery.recoveries.length;
    const { heard, rounds } = state.recovery.recoveries[id - 1]!;
    const standing = `${id} ${rounds} ${heard.size}`;
    if (at < nextRoundAt(state) || standing === this.#exhausted) return;
    if (!this.#mine({ from: ANYONE, call: { what: "leak" } }, at, number)) {
      this.#exhausted = standing;
      return;
    }
    const { left, charged } = this.state.recovery.recoveries[id - 1]!;
    const seats = [...left].filter((seat) => !charged.has(seat)).sort((a, b) => a - b);
    this.#mine({ from: ANYONE, call: { what: "charge", recovery: id, seats } }, at, number);
  }

  /** Blocks that RESTARTs of the open recovery name. */
  #asked(): readonly RestartBody[] {
    const { recovery } = this.state;
    const id = `${recovery.recoveries.length}`;
    return [...recovery.points].flatMap(([key, { present, next }]) => {
      const [of, view, blockHash] = key.split(" ");
      return of === id && present.size + next.size > 0
        ? [{ view: Number(view), blockHash: blockHash as Hash }]
        : [];
    });
  }

  /** Performs a transaction in a block. Returns whether it went through. */
  #mine({ from, call }: Sending, at: number, number: number): boolean {
    const before = this.state;
    const outcome = this.#modules.contracts.perform(before, { from, at }, call);
    const refused = outcome.ok ? null : outcome.refused.name;
    this.#mined.push({ number, at, from, call, refused });
    if (!outcome.ok) {
      if (call.what === "submit") this.#refused(call.certificate, outcome.refused.name);
      return false;
    }
    if (this.#blocks.at(-1)!.number === number) this.#blocks.pop();
    this.#blocks.push({ number, state: outcome.state });
    this.#followed(call, before, number);
    return true;
  }

  #note(rule: string, times = 1): void {
    this.#taken.set(rule, (this.#taken.get(rule) ?? 0) + times);
  }

  /** Notes a checkpoint that should have been accepted, or contradicts the accepted one. */
  #refused(certificate: CheckpointCertificate, name: string): void {
    const { checkpoint, domain, epoch } = certificate;
    if (this.#compare(certificate)) return;
    const isPresent = epoch === this.epoch && domain === this.#modules.contracts.domainOf(this.state);
    if (isPresent && name !== LATE)
      this.refusals.push(`the checkpoint at height ${checkpoint.height}: ${name}`);
  }

  /** Holds a checkpoint against what was accepted at its height; false if nothing was that could contradict it. */
  #compare({ checkpoint, domain }: CheckpointCertificate): boolean {
    const { height } = checkpoint;
    const known = this.#accepted.find((each) => each.certificate.checkpoint.height === height)?.certificate;
    // A recovery gives up what other incarnations signed.
    if (known === undefined || this.#activations.length > 0) return false;
    if (checkpointRootOf(known.domain, known.checkpoint) !== checkpointRootOf(domain, checkpoint))
      this.refusals.push(`a checkpoint at height ${height} contradicts the accepted one`);
    return true;
  }

  /** What follows from a transaction that went through. */
  #followed(call: Call, before: State, number: number): void {
    const { recovery, schedule } = this.state;
    const id = recovery.recoveries.length;
    switch (call.what) {
      case "submit": {
        this.#accepted.push({ number, certificate: call.certificate });
        if (isRecovering(before)) this.#note(isRecovering(this.state) ? "floor raised" : "cancelled");
        if (schedule.epoch > before.schedule.epoch) this.#handedOver(number);
        return;
      }
      case "open":
        this.#note("opened");
        return;
      case "post": {
        const { view, parentView, blockHash } = call.certificate;
        const { postedView, postedHash } = recovery.recoveries[id - 1]!;
        // After grace it only makes the block known to the contracts.
        if (view !== postedView || blockHash !== postedHash) return;
        this.#posted.push({ number, recovery: id, view, parentView, blockHash });
        this.#note("posted");
        return;
      }
      case "leak":
        this.#note(
          "leaked",
          recovery.recoveries[id - 1]!.left.size - before.recovery.recoveries[id - 1]!.left.size,
        );
        return;
      case "activate":
        this.#activated(call, number);
        return;
      default:
    }
  }

  #activated({ view, blockHash }: RestartBody, number: number): void {
    const { schedule, recovery } = this.state;
    const { incarnation, registry } = recordOf(this.state, schedule.epoch);
    const settled: SettledRecovery = {
      epoch: schedule.epoch - 1,
      incarnation,
      view,
      blockHash,
      registry: this.#modules.contracts.registryOf(registry).root,
      height: schedule.height,
      number,
      leaked: recovery.recoveries.some(({ left }) => left.size > 0),
    };
    this.#activations.push(settled);
    this.#note("activated");
    const { finality, blockTime } = this.#options;
    // Shortly before the first client can show it final.
    this.#queue.at(this.#timeOf(number + finality) - blockTime / 2, () => {
      if (!this.#activations.includes(settled)) return;
      this.#told = number;
      this.#modules.activated(settled);
    });
    this.#handedOver(number);
  }

  /** A boundary was accepted, or a recovery stands for it: the epoch is paid, and N_{e+3} sealed soon or too late. */
  #handedOver(number: number): void {
    const { sealChance, sealDelay } = this.#options;
    const { random } = this.#modules;
    const epoch = this.epoch + 2;
    const due = this.#early.filter(({ certificate }) => certificate.epoch === this.epoch);
    this.#early = this.#early.filter(({ certificate }) => certificate.epoch > this.epoch);
    this.#at(number + 1, () => {
      for (const { certificate, from } of due) this.post(certificate, from);
    });
    this.#at(number + 1, (at, later) => this.#accrue(at, later));
    if (!random.chance(sealChance)) return;
    this.#at(number + random.whole(1, sealDelay), (at, later) => this.#seal(epoch, at, later));
  }

  /** Does something in a block to come. */
  #at(number: number, mine: (at: number, number: number) => void): void {
    this.#queue.at(this.#timeOf(number) - this.#options.blockTime / 2, () => this.#next(mine));
  }

  #accrue(at: number, number: number): void {
    const { rewards, schedule } = this.state;
    for (let epoch = rewards.seals.length; epoch < schedule.epoch; epoch++) {
      const { accounting, submitter } = schedule.boundaries.get(epoch)!;
      const call = { what: "accrue", epoch, vector: accounting.vector ?? [], relayer: submitter } as const;
      if (!this.#mine({ from: ANYONE, call }, at, number)) return;
    }
  }

  #seal(epoch: number, at: number, number: number): void {
    if (this.state.schedule.carried >= MOST_IGNORED) return;
    const isDue = epoch === this.epoch + 2 && !this.state.elections.candidates.has(epoch);
    const moves = isDue ? this.#modules.stakers(epoch, this.state, at) : [];
    if (moves === null) return;
    for (const sending of moves) this.#mine(sending, at, number);
    this.#mine({ from: ANYONE, call: { what: "seal", epoch } }, at, number);
  }
}
