import type { Peer } from "@aitbc-hybrid/protocol";
import { multiaddr } from "@multiformats/multiaddr";
import { sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import { framed } from "./frames.ts";
import { type Connection, type Libp2p, peerIdOf, type Stream, startTransport } from "./libp2p.ts";
import { Link } from "./link.ts";
import {
  CHANNELS,
  type Channel,
  type Network,
  type NetworkListener,
  type NetworkMetrics,
  type PeerEntry,
} from "./types.ts";

export interface NetworkOptions {
  /** Node key: an Ed25519 seed, 32 bytes. */
  readonly seed: Uint8Array;
  /** Multiaddresses to listen on. */
  readonly listen: readonly string[];
  readonly peers: readonly PeerEntry[];
  /** How many peers that `peers` does not name may be connected at a time. */
  readonly followers: number;
  /** Largest frame accepted, bytes. */
  readonly maxFrameBytes: number;
  /** Most bytes waiting for one peer on one channel. */
  readonly maxQueueBytes: number;
  /** How long a banned peer stays away, ms. */
  readonly banMs: number;
  /** First and last wait before dialling again, ms; doubles in between. */
  readonly backoffMs?: { readonly first: number; readonly last: number };
}

/** A restarted peer is back within a second; one that is gone costs a dial every five. */
const BACKOFF = { first: 100, last: 5_000 } as const;

export interface NetworkModules {
  readonly log: Log;
  readonly metrics: NetworkMetrics;
}

const PROTOCOL: Record<Channel, string> = {
  consensus: "/aitbc-hybrid/consensus/1",
  data: "/aitbc-hybrid/data/1",
};
/** A frame of one zero byte says that the peer lives; no other frame looks like it. */
const PING = framed(Uint8Array.of(0));
const PING_MS = 5_000;
/** Three pings missed in a row. */
const SILENCE_MS = 16_000;
/** How long a peer that should dial us may take before we dial it. */
const SECOND_DIALLER_MS = 1_500;

interface Session {
  readonly connection: Connection;
  readonly links: Record<Channel, Link>;
  readonly ours: boolean;
  heard: number;
}

/** What this node does about one configured peer. */
interface Target {
  readonly entry: PeerEntry;
  readonly dialsFirst: boolean;
  failures: number;
  dialling: boolean;
  timer: NodeJS.Timeout | null;
}

/**
 * Direct libp2p links. Of a pair, the peer with the lower id dials; the other one only after a while, so that two dials
 * rarely meet; where they do, the lower id's stays.
 */
export async function createNetwork(options: NetworkOptions, modules: NetworkModules): Promise<Network> {
  return new Libp2pNetwork(options, modules, await peerIdOf(options.seed));
}

class Libp2pNetwork implements Network {
  readonly self: Peer;
  readonly #options: NetworkOptions;
  readonly #modules: NetworkModules;
  readonly #backoff: { readonly first: number; readonly last: number };
  readonly #targets = new Map<Peer, Target>();
  readonly #peerOf = new Map<number, Peer>();
  readonly #sessions = new Map<Peer, Session>();
  readonly #bannedUntil = new Map<Peer, number>();
  /** Streams of an inbound connection of which the other one has not come yet. */
  readonly #halves = new WeakMap<Connection, Partial<Record<Channel, Stream>>>();
  #listener: NetworkListener | null = null;
  #libp2p: Libp2p | null = null;
  #pinging: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: NetworkOptions, modules: NetworkModules, self: Peer) {
    this.self = self;
    this.#options = options;
    this.#backoff = options.backoffMs ?? BACKOFF;
    this.#modules = modules;
    for (const entry of options.peers) {
      if (entry.validatorId !== null) this.#peerOf.set(entry.validatorId, entry.peerId);
      if (entry.peerId === self) continue;
      this.#targets.set(entry.peerId, {
        entry,
        dialsFirst: self < entry.peerId,
        failures: 0,
        dialling: false,
        timer: null,
      });
    }
  }

  async start(listener: NetworkListener): Promise<void> {
    this.#listener = listener;
    const libp2p = await startTransport({
      seed: this.#options.seed,
      listen: this.#options.listen,
      maxConnections: 2 * (this.#targets.size + this.#options.followers) + 16,
      admits: (peer) => this.#admits(peer),
    });
    this.#libp2p = libp2p;
    for (const channel of CHANNELS) {
      await libp2p.handle(
        PROTOCOL[channel],
        (stream, connection) => this.#inbound(channel, stream, connection),
        {
          maxInboundStreams: 4,
        },
      );
    }
    for (const target of this.#targets.values()) {
      this.#redial(target, target.dialsFirst ? 0 : SECOND_DIALLER_MS);
    }
    this.#pinging = setInterval(() => this.#ping(), PING_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#pinging !== null) clearInterval(this.#pinging);
    for (const target of this.#targets.values()) if (target.timer !== null) clearTimeout(target.timer);
    for (const peer of [...this.#sessions.keys()]) this.#drop(peer, "this node stops");
    await this.#libp2p?.stop();
  }

  send(to: Peer, channel: Channel, frame: Uint8Array): boolean {
    const session = this.#sessions.get(to);
    if (session === undefined) {
      this.#modules.metrics.dropped(channel, "not-connected");
      return false;
    }
    return session.links[channel].send(framed(frame));
  }

  broadcast(channel: Channel, frame: Uint8Array): void {
    const bytes = framed(frame);
    for (const session of this.#sessions.values()) session.links[channel].send(bytes);
  }

  ban(peer: Peer, reason: string): void {
    this.#modules.log.warn({ peer, reason }, "peer banned");
    this.#modules.metrics.banned();
    this.#bannedUntil.set(peer, Date.now() + this.#options.banMs);
    this.#drop(peer, `banned: ${reason}`);
  }

  connected(): readonly Peer[] {
    return [...this.#sessions.keys()];
  }

  validatorOf(peer: Peer): number | null {
    return this.#targets.get(peer)?.entry.validatorId ?? null;
  }

  peerOf(validatorId: number): Peer | null {
    return this.#peerOf.get(validatorId) ?? null;
  }

  #admits(peer: Peer): boolean {
    const until = this.#bannedUntil.get(peer);
    if (until !== undefined) {
      if (until > Date.now()) return false;
      this.#bannedUntil.delete(peer);
    }
    if (this.#targets.has(peer)) return true;
    let strangers = 0;
    for (const known of this.#sessions.keys()) if (!this.#targets.has(known)) strangers++;
    return strangers < this.#options.followers;
  }

  #inbound(channel: Channel, stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString();
    if (this.#closed || !this.#admits(peer)) {
      stream.abort(new Error("not admitted"));
      return;
    }
    const half = this.#halves.get(connection) ?? {};
    half[channel] = stream;
    this.#halves.set(connection, half);
    if (half.consensus === undefined || half.data === undefined) return;
    this.#halves.delete(connection);
    this.#open(peer, connection, { consensus: half.consensus, data: half.data }, false);
  }

  async #dial(target: Target): Promise<void> {
    const { entry } = target;
    const libp2p = this.#libp2p;
    if (libp2p === null || target.dialling || this.#sessions.has(entry.peerId)) return;
    if (!this.#admits(entry.peerId)) {
      this.#redial(target, this.#backoff.last);
      return;
    }
    target.dialling = true;
    try {
      const addresses = entry.addresses.map((address) => multiaddr(`${address}/p2p/${entry.peerId}`));
      const connection = await libp2p.dial(addresses);
      const consensus = await connection.newStream(PROTOCOL.consensus);
      const data = await connection.newStream(PROTOCOL.data);
      target.failures = 0;
      this.#open(entry.peerId, connection, { consensus, data }, true);
    } catch (error) {
      target.failures++;
      this.#modules.log.debug({ peer: entry.peerId, error: sentence(error) }, "dialling failed");
    } finally {
      target.dialling = false;
    }
    if (!this.#sessions.has(entry.peerId)) {
      const { first, last } = this.#backoff;
      this.#redial(target, Math.min(last, first * 2 ** Math.min(target.failures, 16)));
    }
  }

  #redial(target: Target, wait: number): void {
    if (this.#closed || target.entry.addresses.length === 0 || target.timer !== null) return;
    target.timer = setTimeout(() => {
      target.timer = null;
      void this.#dial(target);
    }, wait);
  }

  #open(peer: Peer, connection: Connection, streams: Record<Channel, Stream>, ours: boolean): void {
    const existing = this.#sessions.get(peer);
    if (this.#closed || connection.status !== "open") {
      for (const channel of CHANNELS) streams[channel].abort(new Error("too late"));
      return;
    }
    if (existing !== undefined) {
      const lowerDialled = ours === this.self < peer;
      if (!lowerDialled) {
        for (const channel of CHANNELS) streams[channel].abort(new Error("there is a link already"));
        return;
      }
      this.#drop(peer, "replaced by a newer link", connection);
    }
    const link = (channel: Channel): Link =>
      new Link(
        {
          maxFrameBytes: this.#options.maxFrameBytes,
          maxQueueBytes: this.#options.maxQueueBytes,
          delayMs: this.#targets.get(peer)?.entry.delayMs ?? 0,
        },
        {
          peer,
          channel,
          stream: streams[channel],
          metrics: this.#modules.metrics,
          onFrame: (frame) => this.#frame(session, peer, channel, frame),
          onClosed: (reason) => {
            if (this.#sessions.get(peer) === session) this.#drop(peer, reason);
          },
        },
      );
    const session: Session = {
      connection,
      links: { consensus: link("consensus"), data: link("data") },
      ours,
      heard: Date.now(),
    };
    this.#sessions.set(peer, session);
    this.#modules.metrics.peers(this.#sessions.size);
    this.#modules.log.info({ peer, dialledBy: ours ? "us" : "them" }, "peer connected");
    this.#listener?.connected(peer);
  }

  #frame(session: Session, peer: Peer, channel: Channel, frame: Uint8Array): void {
    session.heard = Date.now();
    if (frame.length === 1 && frame[0] === 0) return;
    if (this.#sessions.get(peer) === session) this.#listener?.frame(peer, channel, frame);
  }

  /** Ends a session; `kept`: a connection that a newer session uses. */
  #drop(peer: Peer, reason: string, kept?: Connection): void {
    const session = this.#sessions.get(peer);
    if (session === undefined) return;
    this.#sessions.delete(peer);
    for (const channel of CHANNELS) session.links[channel].close(reason);
    if (session.connection !== kept) session.connection.abort(new Error(reason));
    this.#modules.metrics.peers(this.#sessions.size);
    if (!this.#closed) this.#modules.log.info({ peer, reason }, "peer disconnected");
    this.#listener?.disconnected(peer);
    const target = this.#targets.get(peer);
    if (target !== undefined) {
      this.#redial(target, target.dialsFirst ? this.#backoff.first : SECOND_DIALLER_MS);
    }
  }

  #ping(): void {
    const now = Date.now();
    for (const [peer, session] of [...this.#sessions]) {
      if (now - session.heard > SILENCE_MS) this.#drop(peer, "nothing heard from it");
      else session.links.consensus.send(PING);
    }
  }
}
