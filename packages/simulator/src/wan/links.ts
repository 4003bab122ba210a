import type { Millis, Peer } from "@aitbc-hybrid/protocol";
import type { EventQueue, Links } from "../events/index.ts";
import type { Random } from "../random.ts";
import { type Region, roundTrip } from "./regions.ts";

/** Payload of a packet, bytes: QUIC's and TCP's usual one beneath an MTU of 1,280 to 1,500. */
const PACKET_BYTES = 1_200;
/** QUIC's `max_ack_delay` (RFC 9002): a lost packet is sent again a round trip and this after it left. */
const ACK_DELAY: Millis = 25;

export interface LineOptions {
  /** Of each node, in either direction, bit/s. */
  readonly bandwidth: number;
  /** Share of the packets that are lost; transports send them again. */
  readonly loss: number;
  /** Mean of the exponential part of a delay, as a share of the way's least delay. */
  readonly jitter: number;
}

/** One-way delay between two nodes, ms. */
export type Distance = (from: Peer, to: Peer) => Millis;

/** Distances of nodes in regions: half a round trip. */
export function distances(regions: ReadonlyMap<Peer, Region>): Distance {
  const all = [...new Set(regions.values())];
  const index = new Map([...regions].map(([peer, region]) => [peer, all.indexOf(region)]));
  const table = all.map((from) => all.map((to) => roundTrip(from, to) / 2));
  return (from, to) => table[index.get(from)!]![index.get(to)!]!;
}

interface Line {
  /** When what was handed in so far has left, and has come in. */
  sent: Millis;
  received: Millis;
}

/**
 * Links between nodes on long ways: a node's messages leave and arrive one after another at its bandwidth; on the way
 * they take the distance's delay, jitter, and another round trip for each time one of their packets is lost.
 */
export class WanLinks<M> implements Links<M> {
  readonly #options: LineOptions;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #distance: Distance;
  readonly #sizeOf: (message: M) => number;
  readonly #lines = new Map<Peer, Line>();

  constructor(
    options: LineOptions,
    modules: {
      readonly queue: EventQueue;
      readonly random: Random;
      readonly distance: Distance;
      /** Bytes of a message with its framing. */
      readonly sizeOf: (message: M) => number;
    },
  ) {
    this.#options = options;
    this.#queue = modules.queue;
    this.#random = modules.random;
    this.#distance = modules.distance;
    this.#sizeOf = modules.sizeOf;
  }

  #line(peer: Peer): Line {
    let line = this.#lines.get(peer);
    if (line === undefined) {
      line = { sent: 0, received: Number.NEGATIVE_INFINITY };
      this.#lines.set(peer, line);
    }
    return line;
  }

  /** Time that `bytes` occupy a line. */
  #serialization(bytes: number): Millis {
    return (8_000 * bytes) / this.#options.bandwidth;
  }

  transit(from: Peer, to: Peer, message: M): Millis {
    const { now } = this.#queue;
    const bytes = this.#sizeOf(message);
    const line = this.#line(from);
    line.sent = Math.max(line.sent, now) + this.#serialization(bytes);
    const way = this.#distance(from, to);
    return line.sent - now + way + this.#jitter(way) + this.#repeats(way, bytes);
  }

  #jitter(way: Millis): Millis {
    const { jitter } = this.#options;
    return jitter === 0 ? 0 : -Math.log(1 - this.#random.unit()) * jitter * way;
  }

  #repeats(way: Millis, bytes: number): Millis {
    const { loss } = this.#options;
    if (loss === 0) return 0;
    const lost = 1 - (1 - loss) ** Math.ceil(bytes / PACKET_BYTES);
    let wait = 0;
    // Each probe time-out is twice the one before.
    for (let timeout = 2 * way + ACK_DELAY; this.#random.chance(lost); timeout *= 2) wait += timeout;
    return wait;
  }

  admit(to: Peer, message: M): Millis {
    const { now } = this.#queue;
    const line = this.#line(to);
    // An idle line took the bytes in as they came; one that was busy then still has to.
    line.received = Math.max(now, line.received + this.#serialization(this.#sizeOf(message)));
    return line.received - now;
  }
}
