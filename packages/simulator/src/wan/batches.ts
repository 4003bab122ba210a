import type { Block, Hash, Millis, Peer } from "@aitbc-hybrid/protocol";
import type { EventQueue, Links } from "../events/index.ts";
import { named } from "../signatures.ts";

/** How often a node that lacks a batch looks again. */
const LOOK: Millis = 2;

/** Transactions on their way beside consensus. */
export interface BulkMessage {
  readonly bytes: number;
}

export interface BatchesOptions {
  readonly validators: readonly Peer[];
  /** Bytes that all validators together disseminate in a block's time. */
  readonly bytesPerBlock: number;
  readonly blockTime: Millis;
  /** How long acknowledgements are gathered before they leave. */
  readonly acknowledgeAfter: Millis;
  /** How many of the validators have to hold a batch before a leader orders it. */
  readonly quorum: number;
}

interface Batch {
  readonly digest: Hash;
  /** When each validator holds it, by peer. */
  readonly arrivals: ReadonlyMap<Peer, Millis>;
}

/**
 * Batches of transactions (section 9 of protocol.md): every validator sends one to all others each block time, over the
 * same lines as votes; a leader orders those that a quorum acknowledged to it.
 */
export class Batches {
  readonly #options: BatchesOptions;
  readonly #queue: EventQueue;
  readonly #links: Links<BulkMessage>;
  readonly #delay: (from: Peer, to: Peer) => Millis;
  readonly #open = new Map<Hash, Batch>();
  readonly #known = new Map<Hash, Batch>();
  #count = 0;

  constructor(
    options: BatchesOptions,
    modules: {
      readonly queue: EventQueue;
      readonly links: Links<BulkMessage>;
      readonly distance: (from: Peer, to: Peer) => Millis;
    },
  ) {
    this.#options = options;
    this.#queue = modules.queue;
    this.#links = modules.links;
    this.#delay = modules.distance;
  }

  /** Every validator begins to send a batch each block time, one after another within it. */
  start(): void {
    const { validators, blockTime, bytesPerBlock } = this.#options;
    if (bytesPerBlock === 0) return;
    validators.forEach((author, at) => {
      const tick = (): void => {
        this.#disseminate(author);
        this.#queue.after(blockTime, tick);
      };
      this.#queue.after((at * blockTime) / validators.length, tick);
    });
  }

  #disseminate(author: Peer): void {
    const { validators, bytesPerBlock } = this.#options;
    const message: BulkMessage = { bytes: bytesPerBlock / validators.length };
    const arrivals = new Map<Peer, Millis>([[author, this.#queue.now]]);
    const batch = { digest: named("batch", author, this.#count++), arrivals };
    this.#open.set(batch.digest, batch);
    this.#known.set(batch.digest, batch);
    for (const to of validators) {
      if (to === author) continue;
      this.#queue.after(this.#links.transit(author, to, message), () => {
        arrivals.set(to, this.#queue.now + this.#links.admit(to, message));
      });
    }
  }

  /** What a leader may order now: a quorum's acknowledgements have come to it. */
  ready(leader: Peer): readonly Hash[] {
    const { quorum, acknowledgeAfter } = this.#options;
    const { now } = this.#queue;
    const ready: Hash[] = [];
    for (const { digest, arrivals } of this.#open.values()) {
      let acknowledged = 0;
      for (const [holder, at] of arrivals)
        if (at + acknowledgeAfter + this.#delay(holder, leader) <= now) acknowledged++;
      if (acknowledged >= quorum && arrivals.has(leader)) ready.push(digest);
    }
    // Nobody orders them again, whatever becomes of this block.
    for (const digest of ready) this.#open.delete(digest);
    return ready;
  }

  /** Calls back when `peer` holds all of a block's batches. */
  whenHeld(peer: Peer, block: Block, run: () => void): void {
    let held = this.#queue.now;
    for (const digest of block.body.batches) {
      const at = this.#known.get(digest)?.arrivals.get(peer) ?? Number.POSITIVE_INFINITY;
      if (at > held) held = at;
    }
    if (held === Number.POSITIVE_INFINITY) this.#queue.after(LOOK, () => this.whenHeld(peer, block, run));
    else this.#queue.at(held, run);
  }

  /** Bytes of transactions that a block orders. */
  bytesOf(block: Block): number {
    const { bytesPerBlock, validators } = this.#options;
    return (block.body.batches.length * bytesPerBlock) / validators.length;
  }
}
