import type { Peer } from "@aitbc-hybrid/protocol";
import { FrameReader } from "./frames.ts";
import type { Stream } from "./libp2p.ts";
import type { Channel, NetworkMetrics } from "./types.ts";

export interface LinkOptions {
  /** Largest frame accepted, bytes. */
  readonly maxFrameBytes: number;
  /** Most bytes waiting for one peer on one channel. */
  readonly maxQueueBytes: number;
  /** Artificial delay of everything sent, ms. */
  readonly delayMs: number;
}

export interface LinkModules {
  readonly peer: Peer;
  readonly channel: Channel;
  readonly stream: Stream;
  readonly metrics: NetworkMetrics;
  readonly onFrame: (frame: Uint8Array) => void;
  /** The stream ended or failed; called once. */
  readonly onClosed: (reason: string) => void;
}

/** One channel to one peer: frames over a libp2p stream, both ways. */
export class Link {
  readonly #options: LinkOptions;
  readonly #modules: LinkModules;
  readonly #reader: FrameReader;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #delayedBytes = 0;
  #flushing = false;
  #closed = false;

  constructor(options: LinkOptions, modules: LinkModules) {
    this.#options = options;
    this.#modules = modules;
    this.#reader = new FrameReader(options.maxFrameBytes);
    const { stream } = modules;
    stream.addEventListener("message", (event) => this.#receive(event.data));
    stream.addEventListener("drain", () => this.#schedule());
    stream.addEventListener("remoteCloseWrite", () => this.close("the peer closed the stream"));
    stream.addEventListener("close", () => this.#end("the connection was closed"));
  }

  /**
   * Queues a frame that stands behind its length. A peer too slow for votes is disconnected: it catches up by
   * repair; data frames are dropped, whoever misses one asks for it.
   */
  send(bytes: Uint8Array): boolean {
    if (this.#closed) return false;
    const { channel, metrics } = this.#modules;
    const waiting = this.#queuedBytes + this.#delayedBytes + this.#modules.stream.writeBufferLength;
    if (waiting + bytes.length > this.#options.maxQueueBytes) {
      metrics.dropped(channel, "queue-full");
      if (channel === "consensus") this.close("its queue is full: it reads too slowly");
      return false;
    }
    if (this.#options.delayMs > 0) {
      this.#delayedBytes += bytes.length;
      // Node fires timers of one duration in the order they were set: frames keep their order.
      setTimeout(() => {
        this.#delayedBytes -= bytes.length;
        this.#enqueue(bytes);
      }, this.#options.delayMs);
    } else this.#enqueue(bytes);
    return true;
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#end(reason);
    this.#modules.stream.abort(new Error(reason));
  }

  #enqueue(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#schedule();
  }

  /** Everything sent in one turn leaves in one write: encryption and system calls cost more than copying. */
  #schedule(): void {
    if (this.#flushing || this.#queue.length === 0) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { stream, channel, metrics } = this.#modules;
    if (this.#closed || this.#queue.length === 0 || stream.writableNeedsDrain) return;
    const bytes = this.#queue.length === 1 ? this.#queue[0]! : Buffer.concat(this.#queue);
    this.#queue = [];
    this.#queuedBytes = 0;
    try {
      stream.send(bytes);
      metrics.sent(channel, bytes.length);
    } catch {
      this.close("the stream cannot be written to");
    }
  }

  #receive(data: Uint8Array | Iterable<Uint8Array>): void {
    if (this.#closed) return;
    try {
      this.#reader.push(data, (frame) => {
        this.#modules.metrics.received(this.#modules.channel, frame.length);
        if (!this.#closed) this.#modules.onFrame(frame);
      });
    } catch (error) {
      this.close(error instanceof Error ? error.message : String(error));
    }
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#modules.onClosed(reason);
  }
}
