import { setTimeout as wait } from "node:timers/promises";
import type { Bls } from "@aitbc-hybrid/crypto";
import type { Account, Address, ExecutionError } from "@aitbc-hybrid/execution";
import {
  type CheckpointCertificate,
  fromHex,
  type Hash,
  hashBytes,
  type Millis,
  type Peer,
  type Registry,
  toHex,
} from "@aitbc-hybrid/protocol";
import { DEFAULT_LIGHT_OPTIONS, type LightAnchor, LightClient, SdkError } from "@aitbc-hybrid/sdk";
import { NodeError, sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import { type Kv, type KvChange, keyOf, tableRange } from "../storage/index.ts";
import { decodeChunk } from "./chunks.ts";
import { decodeSync, encodeSync, type Offer, offerHash, type SyncMessage } from "./messages.ts";
import { type Begun, contradiction } from "./verify.ts";

/** Chunks by index. */
const CHUNKS = "c";
/** Hash of the offer that they are of. */
const OFFER = keyOf("o");

export interface SyncClientOptions {
  readonly chainId: number;
  readonly genesisHash: Hash;
  /** How long a peer may take to answer, ms. */
  readonly answerMs: Millis;
  /** Wait before everything is asked again, ms. */
  readonly retryMs: Millis;
}

export interface SyncClientModules {
  readonly settlement: {
    anchor(): Promise<LightAnchor | null>;
    registry(root: Hash, epoch: number): Promise<Registry>;
  };
  readonly links: {
    send(to: Peer, frame: Uint8Array): boolean;
    connected(): readonly Peer[];
    ban(peer: Peer, reason: string): void;
  };
  /** Of its own: chunks are kept there until all are used. */
  readonly kv: Kv;
  readonly bls: Bls;
  readonly clock: () => Millis;
  readonly log: Log;
}

/** What a node starts from. */
export interface Synced {
  readonly offer: Offer;
  readonly begun: Begun;
  /** All accounts, chunk by chunk; may be called again. */
  readonly accounts: () => AsyncIterable<readonly (readonly [Address, Account])[]>;
}

interface Agreed {
  readonly offer: Offer;
  readonly begun: Begun;
  readonly peers: readonly Peer[];
}

interface Waiting {
  readonly fits: (message: SyncMessage) => boolean;
  readonly resolve: (message: SyncMessage | null) => void;
}

/**
 * Gets hold of the state at the beginning of the present epoch: from the contracts' record through boundary checkpoints
 * that peers have, verified as a light client does; the rest of the beginning (the base fee, the manager's averages) from
 * what the epoch's first block commits. No peer is believed. The chunks together must have the checkpoint's state root.
 */
export class SyncClient {
  readonly #options: SyncClientOptions;
  readonly #modules: SyncClientModules;
  readonly #waiting = new Map<Peer, Waiting>();
  readonly #registries = new Map<Hash, Registry>();
  readonly #ended = new AbortController();

  constructor(options: SyncClientOptions, modules: SyncClientModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** A frame that answers a question. */
  receive(from: Peer, frame: Uint8Array): void {
    let message: SyncMessage;
    try {
      message = decodeSync(frame);
    } catch (error) {
      this.#ban([from], `sent a malformed message about the state: ${sentence(error)}`);
      return;
    }
    const waiting = this.#waiting.get(from);
    if (waiting?.fits(message)) waiting.resolve(message);
  }

  disconnected(peer: Peer): void {
    this.#waiting.get(peer)?.resolve(null);
  }

  close(): void {
    this.#ended.abort();
    for (const { resolve } of this.#waiting.values()) resolve(null);
  }

  /**
   * Until it is there. Troubles are logged, and everything is tried again.
   * @throws NodeError CLOSED
   */
  async run(): Promise<Synced> {
    const { log } = this.#modules;
    while (!this.#ended.signal.aborted) {
      try {
        const agreed = await this.#agree();
        if (agreed !== null && (await this.#download(agreed))) return this.#synced(agreed);
      } catch (error) {
        log.warn({ error: sentence(error) }, "the checkpointed state could not be fetched yet");
      }
      await wait(this.#options.retryMs, undefined, { signal: this.#ended.signal }).catch(() => {});
    }
    throw new NodeError("CLOSED", "the fetching of the state was ended");
  }

  /** What was fetched turned out wrong as a whole: who said so is banned. */
  async refuse({ offer }: Synced, error: ExecutionError): Promise<void> {
    this.#ban(this.#sources, `offered a state that is wrong: ${error.message}`);
    this.#modules.log.error({ epoch: offer.start.epoch }, "the state that peers agreed on is wrong");
    await this.#forget();
  }

  #sources: readonly Peer[] = [];

  /** The offer of the highest epoch. */
  async #agree(): Promise<Agreed | null> {
    const begun = await this.#follow();
    if (begun === null) return null;
    const { links, bls } = this.#modules;
    const { epoch } = begun;
    const offers = new Map<Hash, { offer: Offer; peers: Peer[] }>();
    await Promise.all(
      links.connected().map(async (peer) => {
        const answer = await this.#ask(peer, { type: "askOffer", epoch }, "offer");
        if (answer?.type !== "offer" || answer.offer === null) return;
        const why = contradiction(answer.offer, begun, this.#options, bls);
        if (why !== null) {
          this.#ban([peer], `offered a false beginning of epoch ${epoch}: ${why}`);
          return;
        }
        const hash = offerHash(answer.offer);
        const known = offers.get(hash);
        if (known === undefined) offers.set(hash, { offer: answer.offer, peers: [peer] });
        else known.peers.push(peer);
      }),
    );
    // Only how the state is cut can differ: who lies about that wastes a fetch, and whoever more agree with comes first.
    const [most] = [...offers.values()].sort((a, b) => b.peers.length - a.peers.length);
    if (most !== undefined) return { ...most, begun };
    this.#modules.log.info({ epoch }, "no peer offers the state yet");
    return null;
  }

  /** Follows the boundaries that peers have from the contracts' record on. */
  async #follow(): Promise<Begun | null> {
    const { settlement, bls, clock } = this.#modules;
    const { chainId, genesisHash } = this.#options;
    const from = await settlement.anchor();
    if (from === null) return null;
    const light = new LightClient({ ...DEFAULT_LIGHT_OPTIONS, chainId, genesisHash }, { bls, clock }, from);
    let begun: Begun | null = null;
    for (;;) {
      const { epoch } = light.position;
      const { registry: root, mode } = light.epochOf(epoch)!;
      const registry = await this.#registry(root, epoch);
      light.learn(registry);
      if (!(await this.#advance(light, epoch))) return begun;
      const { position } = light;
      const { certificate } = light.checkpointAt(position.height)!;
      const next = light.epochOf(position.epoch)!;
      begun = {
        ...position,
        registry: await this.#registry(next.registry, position.epoch),
        registryNext: light.epochOf(position.epoch + 1)!.registry,
        boundary: certificate!,
        before: { registry, mode },
      };
    }
  }

  /** Has a peer tell how an epoch ended; false if none can. */
  async #advance(light: LightClient, epoch: number): Promise<boolean> {
    for (const peer of this.#modules.links.connected()) {
      const answer = await this.#ask(peer, { type: "askBoundary", epoch }, "boundary");
      if (answer?.type !== "boundary" || answer.certificate === null) continue;
      const why = this.#refusal(light, answer.certificate, epoch);
      if (why === null) return true;
      this.#ban([peer], `told a false boundary of epoch ${epoch}: ${why}`);
    }
    return false;
  }

  /** Takes what is said to end an epoch; null if it does, else why not. Others that a quorum signed lead nowhere. */
  #refusal(light: LightClient, certificate: CheckpointCertificate, epoch: number): string | null {
    if (certificate.epoch !== epoch || certificate.checkpoint.boundary === null)
      return "it ends another epoch, or none";
    try {
      light.submit(certificate);
    } catch (error) {
      if (error instanceof SdkError) return error.message;
      throw error;
    }
    if (light.status === "frozen")
      throw new Error("quorums signed two boundaries: anchor by hand", { cause: light.conflict });
    return null;
  }

  async #registry(root: Hash, epoch: number): Promise<Registry> {
    const known = this.#registries.get(root) ?? (await this.#modules.settlement.registry(root, epoch));
    this.#registries.set(root, known);
    return known;
  }

  /** Fetches what is missing of the chunks; false if the peers could not give all. */
  async #download({ offer, peers }: Agreed): Promise<boolean> {
    const { kv, log } = this.#modules;
    const hash = offerHash(offer);
    const stored = await kv.get(OFFER);
    if (stored === undefined || toHex(stored) !== hash) {
      await this.#forget();
      await kv.batch([{ type: "put", key: OFFER, value: fromHex(hash) }]);
    }
    this.#sources = peers;
    const missing: number[] = [];
    for (const [index, chunk] of offer.chunks.entries()) {
      const bytes = await kv.get(keyOf(CHUNKS, index));
      if (bytes === undefined || hashBytes(bytes) !== chunk) missing.push(index);
    }
    log.info(
      { epoch: offer.start.epoch, chunks: offer.chunks.length, missing: missing.length },
      "fetching the state",
    );
    // Every peer has one request under way; whoever fails leaves its chunk to the others.
    await Promise.all(
      peers.map(async (peer) => {
        for (let index = missing.shift(); index !== undefined; index = missing.shift()) {
          const bytes = await this.#chunk(peer, offer, index);
          if (bytes === null) {
            missing.push(index);
            return;
          }
          await kv.batch([{ type: "put", key: keyOf(CHUNKS, index), value: bytes }]);
        }
      }),
    );
    return missing.length === 0;
  }

  async #chunk(peer: Peer, { start: { epoch }, chunks }: Offer, index: number): Promise<Uint8Array | null> {
    const answer = await this.#ask(
      peer,
      { type: "askChunk", epoch, index },
      "chunk",
      (message) => message.type === "chunk" && message.index === index,
    );
    if (answer?.type !== "chunk" || answer.bytes === null) return null;
    if (hashBytes(answer.bytes) === chunks[index]) return answer.bytes;
    this.#ban([peer], `sent a chunk of the state that is not the one it offered`);
    return null;
  }

  #synced({ offer, begun }: Agreed): Synced {
    const { kv } = this.#modules;
    return {
      offer,
      begun,
      accounts: async function* () {
        for (const index of offer.chunks.keys()) yield decodeChunk((await kv.get(keyOf(CHUNKS, index)))!);
      },
    };
  }

  /** One question to a peer at a time; null if it does not answer. */
  #ask(
    peer: Peer,
    question: SyncMessage,
    type: SyncMessage["type"],
    fits: (message: SyncMessage) => boolean = () => true,
  ): Promise<SyncMessage | null> {
    return new Promise((resolve) => {
      const done = (message: SyncMessage | null): void => {
        clearTimeout(timer);
        this.#waiting.delete(peer);
        resolve(message);
      };
      const timer = setTimeout(() => done(null), this.#options.answerMs);
      this.#waiting.set(peer, {
        fits: (message) => message.type === type && message.epoch === question.epoch && fits(message),
        resolve: done,
      });
      if (this.#ended.signal.aborted || !this.#modules.links.send(peer, encodeSync(question))) done(null);
    });
  }

  #ban(peers: readonly Peer[], reason: string): void {
    for (const peer of peers) this.#modules.links.ban(peer, reason);
  }

  async #forget(): Promise<void> {
    const { kv } = this.#modules;
    const changes: KvChange[] = [{ type: "del", key: OFFER }];
    for await (const [key] of kv.iterate(tableRange(CHUNKS))) changes.push({ type: "del", key });
    await kv.batch(changes);
  }
}
