import type { Hash, Peer } from "@aitbc-hybrid/protocol";
import {
  addWeights,
  type Electorate,
  electorate,
  INBOX_AUTHOR,
  isQuorum,
  NO_WEIGHT,
} from "@aitbc-hybrid/protocol";
import { NodeError, sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import { BATCH_LIMITS, decodeData, digestFrames, type SealedBatch, sealBatch } from "./codec.ts";
import type { BatchStore } from "./store.ts";
import type {
  Availability,
  Block,
  DataEpoch,
  DataLinks,
  DataMetrics,
  DataOptions,
  Verification,
} from "./types.ts";

export interface DataModules {
  readonly store: BatchStore;
  readonly links: DataLinks;
  readonly execution: Verification;
  readonly log: Log;
  readonly metrics: DataMetrics;
  /** ms since 1970 */
  readonly clock: () => number;
  /** A peer broke the rules of the data channel. */
  readonly ban: (peer: Peer, reason: string) => void;
}

/** A batch that no final block ordered yet. */
interface Held {
  readonly batch: SealedBatch;
  readonly since: number;
  /** On disk. */
  durable: boolean;
}

/** A batch somebody waits for. */
interface Wanted {
  readonly waiting: ((batch: SealedBatch) => void)[];
  /** Peers in the order in which they are asked. */
  readonly asked: Set<Peer>;
  from: Peer | null;
  timer: NodeJS.Timeout | null;
}

/** Batches of a block that are fetched side by side: a leader may name thousands of the largest ones, and no block holds them. */
const FETCHED_AT_ONCE = 64;

/** A block with such a batch is invalid for everybody: whoever orders one loses its turn, so nobody may be made to. */
const isMalformed = ({ transactions }: SealedBatch): boolean =>
  transactions.length === 0 || transactions.some((transaction) => transaction.length === 0);

/** What forced entries leave of a block's capacity. They may take more than there is: their quota is a parameter of its own. */
const roomBeside = (capacity: number, forced: number): number => Math.max(capacity - forced, 0);

/** Digests of batches ordered lately, so that late copies are not taken up again. */
const ORDERED_REMEMBERED = 65_536;
/** How often batches beyond their retention are deleted. */
const SWEEP_MS = 60_000;
/** How long a validator may take to acknowledge an own batch before it is sent again: a frame may have been dropped. */
const AGAIN_MS = 2_000;

/**
 * Batches of transactions from their authors to the blocks (protocol.md section 9): makes the own, spreads them, takes
 * in others', tells everybody what is held, proposes what a quorum holds, fetches what a block names and is missing.
 */
export class DataPath {
  readonly #options: DataOptions;
  readonly #modules: DataModules;
  readonly #held = new Map<Hash, Held>();
  readonly #acknowledged = new Map<Hash, Set<number>>();
  readonly #wanted = new Map<Hash, Wanted>();
  readonly #ordered = new Set<Hash>();
  readonly #inFlight = new Map<number, number>();
  #electorate: Electorate | null = null;
  #seatOf = new Map<number, number>();
  #capacity = 0;
  #gathering: Uint8Array[] = [];
  #gatherTimer: NodeJS.Timeout | null = null;
  #toAcknowledge: Hash[] = [];
  #ackTimer: NodeJS.Timeout | null = null;
  #sweepTimer: NodeJS.Timeout | null = null;
  #againTimer: NodeJS.Timeout | null = null;
  #sequence = 0;
  #closed = false;

  constructor(options: DataOptions, modules: DataModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** Takes up what was held before a restart. */
  async start(): Promise<void> {
    const now = this.#modules.clock();
    for await (const batch of this.#modules.store.unordered()) {
      this.#hold(batch, now).durable = true;
      this.#acknowledge(batch.digest);
    }
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#againTimer = setInterval(() => {
      for (const peer of this.#modules.links.connected()) this.#sendAgain(peer, AGAIN_MS);
    }, AGAIN_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of [this.#gatherTimer, this.#ackTimer, this.#sweepTimer, this.#againTimer]) {
      if (timer !== null) clearTimeout(timer);
    }
    for (const wanted of this.#wanted.values()) if (wanted.timer !== null) clearTimeout(wanted.timer);
    this.#wanted.clear();
    await this.#modules.store.flush();
  }

  /** Whose acknowledgements count from now on. */
  setEpoch({ registry, mode, capacity }: DataEpoch): void {
    this.#electorate = electorate(registry, mode);
    this.#capacity = capacity;
    this.#seatOf = new Map();
    for (const [seat, entry] of registry.entries.entries()) {
      if (entry.validatorId !== 0) this.#seatOf.set(entry.validatorId, seat);
    }
  }

  /** A client's transaction was accepted: it leaves with the next batch. */
  transactionAccepted(): void {
    if (this.#options.author === null || this.#closed) return;
    this.#gatherTimer ??= setTimeout(() => {
      this.#gatherTimer = null;
      this.#makeBatches();
    }, this.#options.batchMs);
  }

  /** A frame of the data channel. */
  receive(from: Peer, frame: Uint8Array): void {
    try {
      const message = decodeData(this.#options.chainId, frame);
      if (message.type === "batch") this.#receiveBatch(from, message.batch);
      else if (message.type === "held") this.#receiveHeld(from, message.digests);
      else void this.#serve(from, message.digests);
    } catch (error) {
      this.#modules.metrics.refused("malformed");
      this.#modules.ban(from, `sent a malformed message: ${sentence(error)}`);
    }
  }

  /** A peer came: it gets the own batches that wait, and learns what is held. */
  connected(peer: Peer): void {
    this.#sendAgain(peer, 0);
    const digests = [...this.#held.values()].filter((held) => held.durable).map((held) => held.batch.digest);
    for (const frame of digestFrames("held", digests)) this.#modules.links.send(peer, frame);
    for (const wanted of this.#wanted.values()) wanted.asked.delete(peer);
  }

  /**
   * Resolves once all batches of a block are held and durable; asks peers for missing ones for as long as that takes,
   * `from`, who proposed the block, first.
   */
  async obtain(block: Block, from: Peer | null, capacity: number): Promise<Availability> {
    let bytes = 0;
    let room = capacity;
    let inboxFrom: number | null = null;
    const digests = block.body.batches;
    for (let begin = 0; begin < digests.length; begin += FETCHED_AT_ONCE) {
      const some = digests.slice(begin, begin + FETCHED_AT_ONCE);
      const batches = await Promise.all(some.map((digest) => this.#get(digest, from)));
      for (const [at, batch] of batches.entries()) {
        if (isMalformed(batch))
          return { ok: false, reason: `batch ${batch.digest} is empty or holds an empty transaction` };
        if (batch.author === INBOX_AUTHOR) {
          const isFirst = begin + at === 0;
          if (!isFirst || batch.sequence + batch.transactions.length !== block.header.inboxCursor)
            return { ok: false, reason: "its forced entries are not first, or do not end at its cursor" };
          inboxFrom = batch.sequence;
          room = roomBeside(capacity, batch.bytes);
          continue;
        }
        bytes += batch.bytes;
      }
      // What comes after need not be fetched.
      if (bytes > room) return { ok: false, reason: `its batches hold ${bytes} bytes or more, not ${room}` };
    }
    return { ok: true, inboxFrom };
  }

  /** A batch that is held; null: not yet, or no longer. */
  async batch(digest: Hash): Promise<SealedBatch | null> {
    return this.#held.get(digest)?.batch ?? (await this.#modules.store.get(digest));
  }

  /** The transactions of a block whose batches were obtained, in order. */
  async transactions(block: Block): Promise<Uint8Array[]> {
    const transactions: Uint8Array[] = [];
    for (const digest of block.body.batches) {
      const batch = await this.batch(digest);
      if (batch === null) throw new NodeError("BATCH_INVALID", `batch ${digest} of a block is not held`);
      for (const transaction of batch.transactions) transactions.push(transaction);
    }
    return transactions;
  }

  /**
   * What a leader orders: batches that a quorum holds, each author's in sequence, up to the block's bytes; without
   * those that `taken`, the branch below, ordered already.
   * @param forced bytes of forced entries in the block
   */
  payload(taken: ReadonlySet<Hash>, forced = 0): Hash[] {
    const room = roomBeside(this.#capacity, forced);
    const now = this.#modules.clock();
    const candidates = [...this.#held.values()]
      .filter(({ batch }) => batch.author !== INBOX_AUTHOR && !taken.has(batch.digest) && !isMalformed(batch))
      .sort((a, b) => a.batch.sequence - b.batch.sequence || a.batch.author - b.batch.author);
    const waiting = new Set<number>();
    const digests: Hash[] = [];
    let bytes = 0;
    for (const held of candidates) {
      const { author, digest } = held.batch;
      if (waiting.has(author)) continue;
      if (!held.durable || !this.#isHeldByQuorum(digest)) {
        // Nonces: a later batch of the author would be executed before this one and be skipped for it.
        if (now - held.since < this.#options.orderMs) waiting.add(author);
        continue;
      }
      if (bytes + held.batch.bytes > room) {
        // One that is larger than a block must not keep others' out.
        waiting.add(author);
        continue;
      }
      bytes += held.batch.bytes;
      digests.push(digest);
    }
    return digests;
  }

  /** Holds the batch of forced entries that an own block takes; resolves when it is durable. */
  async force(from: number, transactions: readonly Uint8Array[]): Promise<SealedBatch> {
    const batch = sealBatch(this.#options.chainId, { author: INBOX_AUTHOR, sequence: from, transactions });
    if (!this.#held.has(batch.digest)) this.#store(batch);
    return this.#get(batch.digest, null);
  }

  /**
   * A block is final: its batches are done with at once. Resolves when it is noted that they are kept for the retention;
   * without the note, after a crash, they would be proposed again and have no effect.
   */
  async finalized(block: Block): Promise<void> {
    const { inboxCursor } = block.header;
    // Forced entries that a lost block took otherwise: no block can take them so any more.
    const outdated = [...this.#held.values()].filter(
      ({ batch }) => batch.author === INBOX_AUTHOR && batch.sequence < inboxCursor,
    );
    const batches = new Set([...block.body.batches, ...outdated.map(({ batch }) => batch.digest)]);
    for (const digest of batches) {
      const held = this.#held.get(digest);
      if (held !== undefined) {
        this.#held.delete(digest);
        const { author, bytes } = held.batch;
        const left = (this.#inFlight.get(author) ?? 0) - bytes;
        if (left > 0) this.#inFlight.set(author, left);
        else this.#inFlight.delete(author);
      }
      this.#acknowledged.delete(digest);
      this.#ordered.add(digest);
    }
    for (const digest of this.#ordered) {
      if (this.#ordered.size <= ORDERED_REMEMBERED) break;
      this.#ordered.delete(digest);
    }
    this.#report();
    await this.#modules.store.markOrdered([...batches], this.#modules.clock());
  }

  #makeBatches(): void {
    const { chainId, author } = this.#options;
    if (author === null || this.#closed) return;
    this.#gathering.push(...this.#modules.execution.takeExecutable());
    while (this.#gathering.length > 0) {
      let count = 0;
      let bytes = 0;
      for (const transaction of this.#gathering) {
        if (count === BATCH_LIMITS.transactions || bytes + transaction.length > BATCH_LIMITS.bytes) break;
        count++;
        bytes += transaction.length;
      }
      // Time as sequence: no counter to keep, and the batches of all authors sort by age.
      this.#sequence = Math.max(this.#sequence + 1, this.#modules.clock());
      const transactions = this.#gathering.splice(0, count);
      const batch = sealBatch(chainId, { author, sequence: this.#sequence, transactions });
      this.#modules.metrics.batch("own", batch.bytes);
      this.#store(batch);
      // Sent before it is on disk: nobody takes it for held by us until we say so.
      this.#modules.links.broadcast(batch.encoded);
    }
  }

  /** Sends own batches older than `age` ms to a validator that has not said it holds them. */
  #sendAgain(to: Peer, age: number): void {
    const validator = this.#modules.links.validatorOf(to);
    if (validator === null) return;
    const before = this.#modules.clock() - age;
    for (const { batch, since } of this.#held.values()) {
      if (batch.author !== this.#options.author || since > before) continue;
      if (this.#acknowledged.get(batch.digest)?.has(validator)) continue;
      if (!this.#modules.links.send(to, batch.encoded)) return;
    }
  }

  #receiveBatch(from: Peer, batch: SealedBatch): void {
    const { digest, author } = batch;
    const wanted = this.#wanted.has(digest);
    if (!wanted) {
      if (this.#ordered.has(digest)) return;
      const held = this.#held.get(digest);
      if (held !== undefined) {
        // Sent again: the acknowledgement was lost.
        if (held.durable) this.#acknowledge(digest);
        return;
      }
      if (this.#modules.links.validatorOf(from) !== author) {
        // Late answer to a request, or somebody who spreads others' batches: not an offence, but not wanted.
        this.#modules.metrics.refused("not-the-author");
        return;
      }
      if (isMalformed(batch)) {
        this.#modules.metrics.refused("malformed");
        this.#modules.ban(from, "sent a batch that is empty or holds an empty transaction");
        return;
      }
      if ((this.#inFlight.get(author) ?? 0) + batch.bytes > this.#options.quotaBytes) {
        this.#modules.metrics.refused("quota");
        return;
      }
    }
    this.#modules.metrics.batch(wanted ? "fetched" : "received", batch.bytes);
    // The answer is remembered in execution; a pool that is busy verifies it later, with the block.
    void this.#modules.execution.verify(batch.transactions).catch(() => {});
    this.#store(batch);
  }

  /** Keeps a batch, tells everybody once it is durable, and answers who waits for it. */
  #store(batch: SealedBatch): void {
    const held = this.#hold(batch, this.#modules.clock());
    this.#modules.store.put(batch).then(
      () => {
        held.durable = true;
        this.#acknowledge(batch.digest);
        const wanted = this.#wanted.get(batch.digest);
        if (wanted === undefined) return;
        this.#wanted.delete(batch.digest);
        if (wanted.timer !== null) clearTimeout(wanted.timer);
        for (const each of wanted.waiting) each(batch);
      },
      (error) => this.#modules.log.error({ error: sentence(error) }, "a batch could not be stored"),
    );
  }

  #hold(batch: SealedBatch, now: number): Held {
    const existing = this.#held.get(batch.digest);
    if (existing !== undefined) return existing;
    const held: Held = { batch, since: now, durable: false };
    this.#held.set(batch.digest, held);
    this.#inFlight.set(batch.author, (this.#inFlight.get(batch.author) ?? 0) + batch.bytes);
    this.#report();
    return held;
  }

  #acknowledge(digest: Hash): void {
    const { author } = this.#options;
    if (author !== null) this.#count(digest, author);
    this.#toAcknowledge.push(digest);
    this.#ackTimer ??= setTimeout(() => {
      this.#ackTimer = null;
      const digests = this.#toAcknowledge;
      this.#toAcknowledge = [];
      for (const frame of digestFrames("held", digests)) this.#modules.links.broadcast(frame);
    }, this.#options.ackMs);
  }

  #receiveHeld(from: Peer, digests: readonly Hash[]): void {
    const validator = this.#modules.links.validatorOf(from);
    if (validator === null) return;
    for (const digest of digests) if (!this.#ordered.has(digest)) this.#count(digest, validator);
  }

  #count(digest: Hash, validator: number): void {
    const holders = this.#acknowledged.get(digest);
    if (holders !== undefined) holders.add(validator);
    // Bounded: hints about batches that never come must not pile up.
    else if (this.#acknowledged.size < ORDERED_REMEMBERED)
      this.#acknowledged.set(digest, new Set([validator]));
  }

  #isHeldByQuorum(digest: Hash): boolean {
    const holders = this.#acknowledged.get(digest);
    const voters = this.#electorate;
    if (holders === undefined || voters === null) return false;
    let weights = NO_WEIGHT;
    for (const validator of holders) {
      const seat = this.#seatOf.get(validator);
      if (seat !== undefined && voters.voters[seat]) weights = addWeights(weights, voters.weights[seat]!);
    }
    return isQuorum(voters, weights);
  }

  async #serve(to: Peer, digests: readonly Hash[]): Promise<void> {
    for (const digest of digests) {
      const encoded = this.#held.get(digest)?.batch.encoded ?? (await this.#modules.store.encoded(digest));
      if (encoded !== undefined && !this.#modules.links.send(to, encoded)) return;
    }
  }

  async #get(digest: Hash, from: Peer | null): Promise<SealedBatch> {
    const held = this.#held.get(digest);
    if (held?.durable) return held.batch;
    const stored = held === undefined ? await this.#modules.store.get(digest) : null;
    if (stored !== null) return stored;
    return new Promise((resolve) => {
      const known = this.#wanted.get(digest);
      const wanted: Wanted = known ?? { waiting: [], asked: new Set(), from, timer: null };
      wanted.waiting.push(resolve);
      if (known !== undefined) return;
      this.#wanted.set(digest, wanted);
      // One being written needs no request: it answers when it is durable.
      if (held === undefined) this.#ask(digest, wanted);
    });
  }

  /** Asks the next peer, and another one when no answer comes. */
  #ask(digest: Hash, wanted: Wanted): void {
    if (this.#closed) return;
    const { links, metrics } = this.#modules;
    const connected = links.connected();
    const validators = connected.filter((peer) => links.validatorOf(peer) !== null);
    const order = [
      ...(wanted.from !== null && connected.includes(wanted.from) ? [wanted.from] : []),
      ...[...(this.#acknowledged.get(digest) ?? [])]
        .map((validator) => links.peerOf(validator))
        .filter((peer) => peer !== null && connected.includes(peer)),
      ...validators,
    ] as Peer[];
    let peer = order.find((each) => !wanted.asked.has(each));
    if (peer === undefined) {
      wanted.asked.clear();
      peer = order[0];
    }
    if (peer !== undefined) {
      wanted.asked.add(peer);
      metrics.fetched();
      for (const frame of digestFrames("fetch", [digest])) links.send(peer, frame);
    }
    wanted.timer = setTimeout(() => this.#ask(digest, wanted), this.#options.fetchMs);
  }

  #report(): void {
    let bytes = 0;
    for (const each of this.#inFlight.values()) bytes += each;
    this.#modules.metrics.unordered(this.#held.size, bytes);
  }

  #sweep(): void {
    const before = this.#modules.clock() - this.#options.retentionMs;
    this.#modules.store.sweep(before).catch((error) => {
      this.#modules.log.error({ error: sentence(error) }, "old batches could not be deleted");
    });
  }
}
