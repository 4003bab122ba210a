import type { Message, Millis, Peer } from "@aitbc-hybrid/protocol";
import type { Random } from "../random.ts";
import type { EventQueue } from "./queue.ts";

/** What the network delivers to. */
export interface Endpoint<M = Message> {
  readonly peer: Peer;
  readonly up: boolean;
  /** Number of the process: what was sent to an earlier one is lost with its connections. */
  readonly boot: number;
  receive(from: Peer, message: M): void;
  connected(peer: Peer): void;
}

/** How long messages take where a model of real links stands in for {@link NetworkOptions}. */
export interface Links<M = Message> {
  /** Time until the message is at the receiver's door. */
  transit(from: Peer, to: Peer, message: M): Millis;
  /** Called then: how long the receiver's own line still needs. */
  admit(to: Peer, message: M): Millis;
}

export interface NetworkOptions {
  /** From here on nothing is lost and `syncDelay` holds. */
  readonly stabilization: Millis;
  /** Probability that a message before stabilization is lost for good. */
  readonly loss: number;
  readonly duplication: number;
  /** Usual delays, low and high. */
  readonly delay: readonly [Millis, Millis];
  /** Share of messages before stabilization that take up to `slowest`. */
  readonly slowShare: number;
  readonly slowest: Millis;
  /** Longest delay after stabilization. */
  readonly syncDelay: Millis;
}

/** Full mesh of links with delay, reordering, duplication, loss and partitions. */
export class Network<M = Message> {
  readonly #options: NetworkOptions;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #links: Links<M> | null;
  readonly #endpoints = new Map<Peer, Endpoint<M>>();
  readonly #peers: Peer[] = [];
  #groups: ReadonlyMap<Peer, number> | null = null;
  /** While true nothing gets through to anybody. */
  blackout = false;
  /** Sees every message on its way: sent, lost, delivered. */
  observe: ((what: "lost" | "got", from: Peer, to: Peer, message: M) => void) | null = null;
  /** Drops what a directed scenario wants lost. */
  filter: ((from: Peer, to: Peer, message: M) => boolean) | null = null;
  /** Messages handed in, delivered and lost. */
  readonly counts = { sent: 0, delivered: 0, lost: 0, duplicated: 0 };

  constructor(
    options: NetworkOptions,
    modules: { readonly queue: EventQueue; readonly random: Random; readonly links?: Links<M> },
  ) {
    this.#options = options;
    this.#links = modules.links ?? null;
    this.#queue = modules.queue;
    this.#random = modules.random;
  }

  attach(endpoint: Endpoint<M>): void {
    const { peer } = endpoint;
    if (!this.#endpoints.has(peer)) this.#peers.push(peer);
    this.#endpoints.set(peer, endpoint);
  }

  get peers(): readonly Peer[] {
    return this.#peers;
  }

  /** Only peers of one group reach each other until {@link heal}; a peer of no group reaches nobody. */
  partition(groups: readonly (readonly Peer[])[]): void {
    const map = new Map<Peer, number>();
    groups.forEach((group, index) => {
      for (const peer of group) map.set(peer, index);
    });
    this.#groups = map;
  }

  /** Ends the partition; with `reconnect` transports notice and say `connected` on the links that were cut. */
  heal(reconnect: boolean): void {
    const groups = this.#groups;
    this.#groups = null;
    if (groups === null || !reconnect) return;
    for (const a of this.#endpoints.keys()) {
      for (const b of this.#endpoints.keys()) {
        const group = groups.get(a);
        if (a < b && (group === undefined || group !== groups.get(b))) this.connect(a, b);
      }
    }
  }

  reaches(from: Peer, to: Peer): boolean {
    if (this.blackout) return false;
    if (this.#groups === null) return true;
    const group = this.#groups.get(from);
    return group !== undefined && group === this.#groups.get(to);
  }

  /** Both ends learn of a new connection, if both are up and not cut off from each other. */
  connect(a: Peer, b: Peer): void {
    this.#queue.after(this.#random.between(...this.#options.delay), () => {
      const first = this.#endpoints.get(a);
      const second = this.#endpoints.get(b);
      if (first?.up !== true || second?.up !== true || !this.reaches(a, b)) return;
      first.connected(b);
      second.connected(a);
    });
  }

  #delay(): Millis {
    const { delay, stabilization, slowShare, slowest, syncDelay } = this.#options;
    if (this.#queue.now >= stabilization) return this.#random.between(delay[0], syncDelay);
    if (this.#random.chance(slowShare)) return this.#random.between(delay[0], slowest);
    return this.#random.between(...delay);
  }

  /** Sends a message; it may arrive late, twice, or before stabilization never. */
  send(from: Peer, to: Peer, message: M): void {
    const target = this.#endpoints.get(to);
    this.counts.sent++;
    const { stabilization, loss, duplication } = this.#options;
    const early = this.#queue.now < stabilization;
    if (
      target === undefined ||
      !target.up ||
      !this.reaches(from, to) ||
      this.filter?.(from, to, message) === false ||
      (early && this.#random.chance(loss))
    ) {
      this.counts.lost++;
      this.observe?.("lost", from, to, message);
      return;
    }
    const { boot } = target;
    const links = this.#links;
    // At the receiver's door its own line may still be busy.
    let isAtDoor = links === null;
    const deliver = (): void => {
      if (!isAtDoor) {
        isAtDoor = true;
        const rest = links!.admit(to, message);
        if (rest > 0) {
          this.#queue.after(rest, deliver);
          return;
        }
      }
      if (target.up && target.boot === boot) {
        this.counts.delivered++;
        this.observe?.("got", from, to, message);
        target.receive(from, message);
      }
    };
    if (links !== null) {
      this.#queue.after(links.transit(from, to, message), deliver);
      return;
    }
    this.#queue.after(this.#delay(), deliver);
    if (duplication > 0 && this.#random.chance(duplication)) {
      this.counts.duplicated++;
      this.#queue.after(this.#delay(), deliver);
    }
  }
}
