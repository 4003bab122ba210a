import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import type { Account, Address, LedgerSnapshot } from "@aitbc-hybrid/execution";
import {
  type CertifiedBlock,
  type CheckpointCertificate,
  type EpochStart,
  type Hash,
  hashBytes,
  type Millis,
  type Peer,
  ROOTS_HANDED_OVER,
} from "@aitbc-hybrid/protocol";
import type { ChainStore } from "../chain/index.ts";
import { sentence } from "../errors.ts";
import { TokenBuckets } from "../limits.ts";
import type { Log } from "../log.ts";
import { encodeChunk } from "./chunks.ts";
import { decodeSync, encodeSync, MOST_CHUNKS, type Offer, type SyncMessage } from "./messages.ts";

/** Epochs whose beginning is offered: a peer may be at work on the one before the present. */
const OFFERED = 2;
/** Blocks in which a certificate of an epoch's first one is looked for: a term of Fast makes blocks final together. */
const CARRIED_WITHIN = 32;
/** Accounts read before other work gets its turn. */
const ACCOUNTS_PER_TURN = 512;
/** Questions of a peer that may be under way, or wait: those of one that asks for more are dropped. */
const MOST_ASKED = 4;

export interface SyncServerOptions {
  /** Accounts of a chunk, but the last; the same at every node, whose offers would differ else. */
  readonly chunkAccounts: number;
  /** Answers that each peer gets a second, on average; 0: no limit. What it asks beyond waits. */
  readonly answersPerSecond: number;
  /** How many of them it gets at once after a pause. */
  readonly answersBurst: number;
}

/** What the server counts (metrics/). */
export interface SyncMetrics {
  answered(what: SyncMessage["type"]): void;
  limited(outcome: "delayed" | "dropped"): void;
}

export interface SyncServerModules {
  readonly chain: Pick<ChainStore, "at" | "lastOfEpoch" | "backing">;
  readonly snapshot: (hash: Hash) => Promise<LedgerSnapshot>;
  /** The height whose state is durable. */
  readonly finalHeight: () => number;
  readonly links: {
    send(to: Peer, frame: Uint8Array): boolean;
    ban(peer: Peer, reason: string): void;
  };
  readonly log: Log;
  readonly clock: () => Millis;
  /** Resolves after that time; rejects when the signal aborts. */
  readonly wait?: (ms: Millis, signal: AbortSignal) => Promise<void>;
  readonly metrics: SyncMetrics;
}

/** The state at the beginning of an epoch, cut into chunks when somebody first asks. */
interface Kept {
  readonly start: EpochStart;
  readonly snapshot: Promise<LedgerSnapshot | null>;
  cut: Promise<Cut> | null;
}

interface Cut {
  /** First account of each chunk. */
  readonly from: readonly Address[];
  readonly hashes: readonly Hash[];
}

/**
 * Gives nodes that join what they start from: the boundary checkpoints, how the present epoch and the one before began,
 * and the ledger's state there. The state is kept in memory since the epoch began: a node that was restarted offers
 * again from its next epoch on.
 */
export class SyncServer {
  readonly #options: SyncServerOptions;
  readonly #modules: SyncServerModules;
  readonly #kept = new Map<number, Kept>();
  readonly #asked = new Map<Peer, number>();
  readonly #shares: TokenBuckets;
  readonly #ended = new AbortController();

  constructor(options: SyncServerOptions, modules: SyncServerModules) {
    this.#options = options;
    this.#modules = modules;
    this.#shares = new TokenBuckets(
      { perSecond: options.answersPerSecond, burst: options.answersBurst },
      modules.clock,
    );
  }

  /** An epoch began here; its parent was executed. */
  begun(start: EpochStart): void {
    // What a recovery gave up began otherwise; nobody signed what it goes on from.
    for (const epoch of this.#kept.keys()) if (epoch >= start.epoch) this.#kept.delete(epoch);
    if (start.boundary === null) return;
    const snapshot = this.#modules.snapshot(start.parent.hash).catch((error) => {
      this.#modules.log.warn(
        { epoch: start.epoch, error: sentence(error) },
        "the epoch's state is not offered",
      );
      return null;
    });
    this.#kept.set(start.epoch, { start, snapshot, cut: null });
    for (const epoch of this.#kept.keys()) if (epoch <= start.epoch - OFFERED) this.#kept.delete(epoch);
  }

  /** What waits is not answered any more. */
  close(): void {
    this.#ended.abort();
  }

  /** A frame of a peer that joins. */
  receive(from: Peer, frame: Uint8Array): void {
    const { links, log, metrics } = this.#modules;
    let message: SyncMessage;
    try {
      message = decodeSync(frame);
    } catch (error) {
      links.ban(from, `sent a malformed message about the state: ${sentence(error)}`);
      return;
    }
    const asked = this.#asked.get(from) ?? 0;
    if (asked >= MOST_ASKED) {
      metrics.limited("dropped");
      return;
    }
    this.#asked.set(from, asked + 1);
    this.#turnOf(from)
      .then(() => (this.#ended.signal.aborted ? null : this.#answer(message)))
      .then((answer) => {
        if (answer === null) return;
        metrics.answered(answer.type);
        links.send(from, encodeSync(answer));
      })
      .catch((error) => log.error({ err: error }, "answering a peer that joins failed"))
      .finally(() => {
        const left = this.#asked.get(from)! - 1;
        if (left === 0) this.#asked.delete(from);
        else this.#asked.set(from, left);
      });
  }

  /** Resolves once the peer may be answered. */
  async #turnOf(from: Peer): Promise<void> {
    const { metrics, wait: sleep = defaultWait } = this.#modules;
    const ms = this.#shares.reserve(from);
    if (ms === 0) return;
    metrics.limited("delayed");
    await sleep(ms, this.#ended.signal).catch(() => {});
  }

  async #answer(message: SyncMessage): Promise<SyncMessage | null> {
    const { epoch } = message;
    switch (message.type) {
      case "askBoundary":
        return { type: "boundary", epoch, certificate: await this.#boundary(epoch) };
      case "askOffer":
        return { type: "offer", epoch, offer: await this.#offer(epoch) };
      case "askChunk": {
        const { index } = message;
        return { type: "chunk", epoch, index, bytes: await this.#chunk(epoch, index) };
      }
      default:
        // An answer to what was asked before a restart.
        return null;
    }
  }

  async #boundary(epoch: number): Promise<CheckpointCertificate | null> {
    const { chain } = this.#modules;
    const last = await chain.lastOfEpoch(epoch);
    const certificate = last === null ? null : await chain.backing(last.block.header.height);
    return certificate?.checkpoint.boundary == null ? null : certificate;
  }

  async #offer(epoch: number): Promise<Offer | null> {
    const kept = this.#kept.get(epoch);
    const snapshot = (await kept?.snapshot) ?? null;
    if (kept === undefined || snapshot === null) return null;
    const { start } = kept;
    if (this.#modules.finalHeight() < start.parent.height) return null;
    const last = await this.#modules.chain.at(start.parent.height);
    if (last === null || last.certificate?.blockHash !== last.hash) return null;
    const first = await this.#firstOf(start);
    if (first === null) return null;
    const { hashes } = await this.#cutOf(kept, snapshot);
    if (hashes.length > MOST_CHUNKS) return null;
    const roots = start.roots.slice(-ROOTS_HANDED_OVER).map((each) => ({ ...each, used: 0, value: 0 }));
    return {
      last: { block: last.block, certificate: last.certificate, backing: null },
      first,
      start: { ...start, roots },
      ledger: snapshot.block,
      chunks: hashes,
    };
  }

  /** The epoch's first block with a certificate of it, its own or one that a block above carries; null: not yet. */
  async #firstOf(start: EpochStart): Promise<CertifiedBlock | null> {
    const { chain } = this.#modules;
    const first = await chain.at(start.firstHeight);
    if (first === null) return null;
    const { hash, block } = first;
    let { certificate } = first;
    for (let above = 1; certificate?.blockHash !== hash && above <= CARRIED_WITHIN; above++) {
      const next = await chain.at(start.firstHeight + above);
      if (next === null) return null;
      certificate = next.block.body.certificates.find((each) => each.blockHash === hash) ?? null;
    }
    return certificate?.blockHash === hash ? { block, certificate, backing: null } : null;
  }

  async #chunk(epoch: number, index: number): Promise<Uint8Array | null> {
    const kept = this.#kept.get(epoch);
    const snapshot = (await kept?.snapshot) ?? null;
    if (kept === undefined || snapshot === null) return null;
    const from = (await this.#cutOf(kept, snapshot)).from[index];
    if (from === undefined) return null;
    for await (const accounts of chunksOf(snapshot, this.#options.chunkAccounts, from))
      return encodeChunk(accounts);
    return null;
  }

  #cutOf(kept: Kept, snapshot: LedgerSnapshot): Promise<Cut> {
    kept.cut ??= cut(snapshot, this.#options.chunkAccounts).catch((error) => {
      // The next one who asks has it cut anew.
      kept.cut = null;
      throw error;
    });
    return kept.cut;
  }
}

const defaultWait = (ms: Millis, signal: AbortSignal): Promise<void> => wait(ms, undefined, { signal });

async function cut(snapshot: LedgerSnapshot, size: number): Promise<Cut> {
  const from: Address[] = [];
  const hashes: Hash[] = [];
  for await (const accounts of chunksOf(snapshot, size)) {
    from.push(accounts[0]![0]);
    hashes.push(hashBytes(encodeChunk(accounts)));
  }
  return { from, hashes };
}

async function* chunksOf(
  snapshot: LedgerSnapshot,
  size: number,
  from?: Address,
): AsyncGenerator<readonly (readonly [Address, Account])[]> {
  let accounts: (readonly [Address, Account])[] = [];
  for await (const each of snapshot.accounts(from)) {
    accounts.push(each);
    // Looking them up holds the loop: others get their turn in between.
    if (accounts.length % ACCOUNTS_PER_TURN === 0) await nextTurn();
    if (accounts.length < size) continue;
    yield accounts;
    accounts = [];
  }
  if (accounts.length > 0) yield accounts;
}
