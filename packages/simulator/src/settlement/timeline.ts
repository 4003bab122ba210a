import { type Hash, type Millis, ZERO_HASH } from "@aitbc-hybrid/protocol";
import type { EventQueue } from "../events/index.ts";
import { named } from "../signatures.ts";
import type { Outage, SettlementOptions } from "./types.ts";

/** Does something in a block: its second and its number. */
type Mining = (at: number, number: number) => void;

/** When a settlement chain makes which block, what clients see of it, and what its blocks are called. */
export class Timeline {
  readonly #options: SettlementOptions;
  readonly #queue: EventQueue;
  readonly #outages: Outage[];
  /** Numbers from which the chain was replaced, in order of time. */
  readonly #branches: number[] = [];

  constructor(options: SettlementOptions, modules: { readonly queue: EventQueue }) {
    this.#options = options;
    this.#queue = modules.queue;
    this.#outages = [...options.outages];
  }

  #frozenFrom(node: number | null, at: Millis): Millis {
    let seen = at;
    for (const outage of this.#outages) {
      const concerns = outage.nodes === null || (node !== null && outage.nodes.has(node));
      if (concerns && outage.from <= seen && seen < outage.to) seen = outage.from;
    }
    return seen;
  }

  /** The newest block by the clock, had the chain never stood. */
  get newest(): number {
    return this.#number(this.#queue.now);
  }

  #number(at: Millis): number {
    return Math.max(0, Math.floor((at - this.#options.start) / this.#options.blockTime));
  }

  timeOf(number: number): Millis {
    return this.#options.start + number * this.#options.blockTime;
  }

  secondsAt(number: number): number {
    return Math.floor(this.timeOf(number) / this.#options.second);
  }

  /** Highest block that a node's client shows final at a time. */
  finalAt(node: number, at: Millis): number {
    const { lags, finality } = this.#options;
    return Math.max(0, this.#number(this.#frozenFrom(node, at) - lags[node]!) - finality);
  }

  /** Highest block that is final now; negative before the first one. */
  get final(): number {
    return this.#number(this.#frozenFrom(null, this.#queue.now)) - this.#options.finality;
  }

  hashOf(number: number): Hash {
    if (number === 0) return ZERO_HASH;
    const branch = this.#branches.filter((from) => from <= number).length;
    return branch === 0 ? named("settlement", number) : named("settlement", number, branch);
  }

  /** Blocks from a number on are others now. */
  replaceFrom(number: number): void {
    this.#branches.push(number);
  }

  /** The chain makes no block for a while. */
  stop(until: Millis): void {
    this.#outages.push({ from: this.#queue.now, to: until, nodes: null });
  }

  /** Does something in the next block; while the chain stands, in the first one after it. */
  next(mine: Mining): void {
    const { now } = this.#queue;
    for (const outage of this.#outages) {
      if (outage.nodes === null && outage.from <= now && now < outage.to) {
        this.#queue.at(outage.to, () => this.next(mine));
        return;
      }
    }
    const number = this.newest + 1;
    mine(this.secondsAt(number), number);
  }

  /** Does something in a block to come. */
  at(number: number, mine: Mining): void {
    this.#queue.at(this.timeOf(number) - this.#options.blockTime / 2, () => this.next(mine));
  }
}
