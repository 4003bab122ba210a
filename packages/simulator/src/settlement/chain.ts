import {
  type CheckpointCertificate,
  type ContractsReading,
  checkpointRoot,
  type Hash,
  type InboxEntry,
  type Millis,
  type ReferenceReading,
  type SettlementReference,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import type { EventQueue } from "../events/index.ts";
import type { Random } from "../random.ts";
import { named } from "../signatures.ts";
import type { Recoveries, SettledRecovery } from "./recovery.ts";

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
  /** How far each node's client lags behind the chain. */
  readonly lags: readonly Millis[];
  readonly outages: readonly Outage[];
  /** Probability that a candidate is sealed soon after it may be, before the next boundary as a rule. */
  readonly sealChance: number;
  /** Settlement blocks from the acceptance of a boundary to the seal, at most. */
  readonly sealDelay: number;
}

/** What leaves a block of the settlement chain standing in the next one, once it makes blocks. */
type Call = (time: Millis, number: number) => void;

interface Accepted {
  readonly number: number;
  /** Null: a recovery's activation. */
  readonly certificate: CheckpointCertificate | null;
  /** Counts for leases. */
  readonly renews: boolean;
}

interface Queued {
  readonly entry: InboxEntry;
  /** The settlement block that holds it. */
  number: number;
}

interface Sealed {
  readonly epoch: number;
  readonly number: number;
  readonly root: Hash;
  /** The settlement block in which a recovery voided it. */
  voidFrom: number;
}

/**
 * A small settlement chain: blocks by the clock, final after some more; accepts backed checkpoints, seals a candidate
 * registry between the acceptance of boundaries e-3 and e-2 (protocol.md section 1), or not in time.
 */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #modules: {
    readonly candidate: (epoch: number) => Hash;
    readonly verify: (certificate: CheckpointCertificate) => boolean;
  };
  #accepted: Accepted[] = [];
  #sealed: Sealed[] = [];
  /** The inbox of forced transactions. */
  readonly #inbox: Queued[] = [];
  readonly #outages: Outage[];
  /** Numbers from which the chain was replaced, in order of time. */
  readonly #reorgs: number[] = [];
  /** What was wrong with the checkpoints posted: nothing, if the protocol holds. */
  readonly refusals: string[] = [];
  /** Calls that never get into a block. */
  censors: (what: "checkpoint" | "certificate" | "restart") => boolean = () => false;
  /** Null: this chain knows no recovery. */
  readonly recoveries: Recoveries | null;
  #epoch = 0;

  constructor(
    options: SettlementOptions,
    modules: {
      readonly queue: EventQueue;
      readonly random: Random;
      /** Seals N_e from the live weights. */
      readonly candidate: (epoch: number) => Hash;
      readonly verify: (certificate: CheckpointCertificate) => boolean;
      readonly recoveries: Recoveries | null;
    },
  ) {
    this.recoveries = modules.recoveries;
    this.#options = options;
    this.#outages = [...options.outages];
    this.#queue = modules.queue;
    this.#random = modules.random;
    this.#modules = modules;
  }

  /** Boundaries accepted: the contracts' current epoch. */
  get epoch(): number {
    return this.#epoch;
  }

  get accepted(): number {
    return this.#accepted.length;
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

  /**
   * Replaces every block that is not final yet by others: what they held comes again a few blocks later, seals of
   * candidates in another order. Not for a chain with recoveries, whose state is not taken back.
   */
  reorganize(): void {
    if (this.recoveries !== null) throw new Error("a chain with recoveries is not reorganized");
    const { finality } = this.#options;
    const final = Math.max(0, this.#number(this.#frozenFrom(null, this.#queue.now)) - finality);
    this.#reorgs.push(final + 1);
    const lost = this.#accepted.filter(({ number }) => number > final);
    this.#accepted = this.#accepted.filter(({ number }) => number <= final);
    for (const queued of this.#inbox) if (queued.number > final) queued.number += 2;
    this.#sealed = this.#sealed.filter(({ number }) => number <= final);
    const boundaries = this.#accepted.filter(({ certificate }) => certificate?.checkpoint.boundary != null);
    this.#epoch = boundaries.length;
    lost.forEach(({ certificate }, at) => {
      this.#queue.after((1 + at) * this.#options.blockTime, () => this.post(certificate!));
    });
    // A seal that was lost although its boundary's acceptance stands is made again.
    const accepted = boundaries.at(-1);
    if (accepted === undefined || this.#sealed.some(({ epoch }) => epoch === this.#epoch + 2)) return;
    const epoch = this.#epoch + 2;
    const root = this.#modules.candidate(epoch);
    this.#sealed.push({ epoch, number: final + 2, root, voidFrom: Number.POSITIVE_INFINITY });
  }

  reference(number: number): SettlementReference {
    return { number, hash: this.hashOf(number) };
  }

  /**
   * What the contracts say at a block, of the inbox from an entry on. An entry counts as `forceAfter` old in the block
   * that it stands in: runs are shorter than that.
   */
  reading(number: number, candidateEpoch: number, inboxFrom: number): ReferenceReading {
    const { start, blockTime } = this.#options;
    let settledAt = start;
    for (const accepted of this.#accepted) {
      if (accepted.renews && accepted.number <= number) settledAt = start + accepted.number * blockTime;
    }
    const sealed = this.#sealed.find(
      (each) => each.epoch === candidateEpoch && each.number <= number && number < each.voidFrom,
    );
    const due = this.#inbox.filter((queued) => queued.number <= number).slice(inboxFrom);
    return { settledAt, due: due.map(({ entry }) => entry), candidate: sealed?.root ?? null };
  }

  /** Somebody queues a transaction. */
  force(entry: InboxEntry): void {
    this.call((_time, number) => this.#inbox.push({ entry, number }));
  }

  /** Transactions queued so far. */
  get forced(): number {
    return this.#inbox.length;
  }

  /** What the contracts say at the highest block that a node's client shows final. */
  contracts(node: number, at: Millis = this.#queue.now): ContractsReading | null {
    const number = this.finalAt(node, at);
    return this.recoveries?.reading(number, this.#timeOf(number)) ?? null;
  }

  /** Recoveries that a node's client shows final. */
  activations(node: number): readonly SettledRecovery[] {
    const number = this.finalAt(node, this.#queue.now);
    return this.recoveries?.activations.filter((each) => each.number <= number) ?? [];
  }

  #timeOf(number: number): Millis {
    return this.#options.start + number * this.#options.blockTime;
  }

  /** Makes a call in the next block; while the chain stands, in the first one after it. */
  call(call: Call): void {
    const { now } = this.#queue;
    for (const outage of this.#outages) {
      if (outage.nodes === null && outage.from <= now && now < outage.to) {
        this.#queue.at(outage.to, () => this.call(call));
        return;
      }
    }
    const number = this.#number(now) + 1;
    call(this.#timeOf(number), number);
  }

  /** Lets the contracts see time pass, block by block. */
  run(): void {
    const { recoveries } = this;
    if (recoveries === null) return;
    this.#queue.after(this.#options.blockTime, () => {
      this.call((time, number) => {
        const before = recoveries.activations.length;
        recoveries.tick(time, number);
        if (recoveries.activations.length > before) this.#recovered(number);
      });
      this.run();
    });
  }

  /** Activation counts as acceptance of the boundary: N_{e+2} is void, N_{e+3} may be sealed. */
  #recovered(number: number): void {
    this.#accepted.push({ number, certificate: null, renews: true });
    this.#epoch = this.recoveries!.current.epoch;
    for (const sealed of this.#sealed)
      if (sealed.epoch >= this.#epoch && sealed.voidFrom > number) sealed.voidFrom = number;
    this.#sealNext(number, this.#epoch + 2);
  }

  /** A node posts a backed checkpoint; it stands in the next block of the chain. */
  post(certificate: CheckpointCertificate): void {
    if (this.censors("checkpoint")) return;
    this.call((time, number) => this.#post(certificate, time, number));
  }

  #post(certificate: CheckpointCertificate, time: Millis, number: number): void {
    const { checkpoint, epoch } = certificate;
    // A recovery gave up what another incarnation signed.
    if (this.recoveries !== null && epoch === this.#epoch && certificate.domain !== this.recoveries.domain)
      return;
    const last = this.#accepted.findLast((each) => each.certificate !== null)?.certificate?.checkpoint;
    if (last !== undefined && checkpoint.height <= last.height) {
      const known = this.#accepted.find(
        (each) => each.certificate?.checkpoint.height === checkpoint.height,
      )?.certificate;
      if (known !== undefined && known !== null && this.recoveries === null) {
        if (checkpointRoot(known.domain, known.checkpoint) !== checkpointRoot(certificate.domain, checkpoint))
          this.refusals.push(`a checkpoint at height ${checkpoint.height} contradicts the accepted one`);
      }
      return;
    }
    // Epochs come in order: a later one's checkpoint waits for the boundary before it.
    if (epoch !== this.#epoch) return;
    if (!this.#modules.verify(certificate)) {
      this.refusals.push(`the checkpoint at height ${checkpoint.height} does not verify`);
      return;
    }
    const renews = this.recoveries?.accepted(certificate, time, number) ?? true;
    this.#accepted.push({ number, certificate, renews });
    const { boundary } = checkpoint;
    if (boundary === null) return;
    this.#epoch = epoch + 1;
    const candidate = this.#sealed.find(
      (each) => each.epoch === epoch + 2 && each.number < number && number < each.voidFrom,
    );
    const { registryNext, registryAfter } = boundary.commitment;
    if (registryAfter !== registryNext && registryAfter !== candidate?.root)
      this.refusals.push(`boundary ${epoch} commits a registry that is neither sealed nor carried over`);
    // Too late for N_{e+2}: the window closed with this acceptance.
    for (let i = this.#sealed.length - 1; i >= 0; i--) {
      const each = this.#sealed[i]!;
      if (each.epoch === epoch + 2 && each.number >= number) this.#sealed.splice(i, 1);
    }
    this.#sealNext(number, epoch + 3);
  }

  /** Seals N_e soon after it may be, or too late. */
  #sealNext(number: number, epoch: number): void {
    if (!this.#random.chance(this.#options.sealChance)) return;
    const at = number + this.#random.whole(1, this.#options.sealDelay);
    this.#sealed.push({
      epoch,
      number: at,
      root: this.#modules.candidate(epoch),
      voidFrom: Number.POSITIVE_INFINITY,
    });
  }
}
