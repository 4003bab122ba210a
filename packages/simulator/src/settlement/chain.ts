import { isRecovering, recordOf, type State } from "@aitbc-hybrid/contract-model";
import {
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
} from "@aitbc-hybrid/protocol";
import type { EventQueue } from "../events/index.ts";
import type { Call, Mined } from "./calls.ts";
import { Keeper } from "./keeper.ts";
import { ANYONE, type Sending, validatorOf } from "./stakers.ts";
import { Timeline } from "./timeline.ts";
import type { RecoveryLog, SettledRecovery, SettlementModules, SettlementOptions } from "./types.ts";

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
  readonly #timeline: Timeline;
  readonly #keeper: Keeper;
  /** Transactions that reorganizations took out of the chain. */
  #replaced = 0;
  /** Block of the last activation that everybody may know of. */
  #told = 0;
  /** What was wrong with the checkpoints posted: nothing, if the protocol holds. */
  readonly refusals: string[] = [];
  /** Calls that never get into a block. */
  censors: (what: "checkpoint" | "certificate" | "restart", from: string) => boolean = () => false;

  constructor(options: SettlementOptions, modules: SettlementModules) {
    this.#options = options;
    this.#queue = modules.queue;
    this.#modules = modules;
    this.#timeline = new Timeline(options, modules);
    this.#keeper = new Keeper({
      state: () => this.state,
      mine: (call, at, number) => this.#mine({ from: ANYONE, call }, at, number),
      isBack: modules.isBack,
    });
    this.#blocks.push({ number: 0, state: modules.contracts.deployed() });
    const at = this.#timeline.secondsAt(0);
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

  /** Highest block that a node's client shows final at a time. */
  finalAt(node: number, at: Millis): number {
    return this.#timeline.finalAt(node, at);
  }

  hashOf(number: number): Hash {
    return this.#timeline.hashOf(number);
  }

  /** The chain makes no block for a while. */
  stop(until: Millis): void {
    this.#timeline.stop(until);
  }

  /** Transactions that went through in blocks which {@link reorganize} replaced. */
  get replaced(): number {
    return this.#replaced;
  }

  /** Replaces every block that is not final yet by others: what they held comes again in the next ones. */
  reorganize(): void {
    const { blockTime, sealDelay } = this.#options;
    const { random } = this.#modules;
    const final = Math.max(0, this.#told, this.#timeline.final);
    this.#timeline.replaceFrom(final + 1);
    const lost = this.#mined.filter(({ number, refused }) => number > final && refused === null);
    this.#replaced += lost.length;
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
    this.#timeline.next((_at, number) => this.#inbox.push({ entry, number }));
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
      at: this.#timeline.timeOf(number),
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

  #send(sending: Sending): void {
    this.#timeline.next((at, number) => this.#mine(sending, at, number));
  }

  /**
   * A node posts a backed checkpoint: not if the newest block already shows it accepted, and only once the contracts are
   * in its epoch.
   */
  post(certificate: CheckpointCertificate, from: string = ANYONE): void {
    if (this.censors("checkpoint", from)) return;
    const { epoch, checkpoint } = certificate;
    const { schedule } = this.stateAt(this.#timeline.newest);
    if (checkpoint.height <= schedule.height || epoch < schedule.epoch) {
      this.#compare(certificate);
      return;
    }
    this.#timeline.next((at, number) => {
      if (epoch > this.epoch) this.#early.push({ certificate, from });
      else this.#mine({ from, call: { what: "submit", certificate } }, at, number);
    });
  }

  /** A node posts N or F of the epoch under recovery, with the header of its block: what one block leaves out, the next has. */
  postCertificate(certificate: Certificate, header: Header, from: string = ANYONE): void {
    if (certificate.kind === "nullify") return;
    const mine = (at: number, number: number): void => {
      if (!isRecovering(this.state)) return;
      if (this.censors("certificate", from)) this.#timeline.at(number + 1, mine);
      else this.#mine({ from, call: { what: "post", certificate, header } }, at, number);
    };
    this.#timeline.next(mine);
  }

  /** A node posts its own RESTART, after the certificate of the block that it names (null: view 0, or posted before). */
  restart(
    vote: RestartVote,
    certified: { readonly certificate: Certificate; readonly header: Header } | null,
    from: string = ANYONE,
  ): void {
    this.#timeline.next((at, number) => {
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
      this.#timeline.next((at, number) => this.#keeper.look(at, number));
      this.run();
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
    if (known === undefined || (known.domain !== domain && this.#activations.length > 0)) return false;
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
    this.#queue.at(this.#timeline.timeOf(number + finality) - blockTime / 2, () => {
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
    this.#timeline.at(number + 1, () => {
      for (const { certificate, from } of due) this.post(certificate, from);
    });
    this.#timeline.at(number + 1, (at, later) => this.#accrue(at, later));
    if (!random.chance(sealChance)) return;
    this.#timeline.at(number + random.whole(1, sealDelay), (at, later) => this.#seal(epoch, at, later));
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
