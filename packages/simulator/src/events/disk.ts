import type { Millis } from "@aitbc-hybrid/protocol";
import type { Random } from "../random.ts";
import type { EventQueue } from "./queue.ts";

/**
 * A write-ahead log with group commit. Records appended while a flush runs wait for the next one. A crash keeps what
 * was acknowledged, perhaps some of what was not, always a prefix: the record at which the write stopped is torn, and
 * recognised by its checksum.
 */
export class Disk<T> {
  readonly #records: T[] = [];
  readonly #options: { readonly latency: () => Millis; readonly acknowledged: (count: number) => void };
  readonly #queue: EventQueue;
  #durable = 0;
  #flushing = false;
  #power = 0;

  constructor(
    options: {
      /** Time of one flush. */
      readonly latency: () => Millis;
      /** Called when records 0..count-1 are on disk. */
      readonly acknowledged: (count: number) => void;
    },
    modules: { readonly queue: EventQueue },
  ) {
    this.#options = options;
    this.#queue = modules.queue;
  }

  /** Records appended, durable or not. */
  get appended(): number {
    return this.#records.length;
  }

  /** Records that are acknowledged. */
  get durable(): number {
    return this.#durable;
  }

  /** Appends a record; it is durable only when acknowledged. */
  append(record: T): void {
    this.#records.push(record);
  }

  /** Starts a flush of everything appended unless one runs: call at the end of a loop turn. */
  commit(): void {
    if (this.#flushing || this.#durable === this.#records.length) return;
    this.#flushing = true;
    const power = this.#power;
    const count = this.#records.length;
    this.#queue.after(this.#options.latency(), () => {
      if (power !== this.#power) return;
      this.#flushing = false;
      this.#durable = count;
      this.#options.acknowledged(count);
      this.commit();
    });
  }

  /**
   * Power is lost: unacknowledged records survive up to a random one, which is torn.
   * @returns how many records were lost.
   */
  crash(random: Random): number {
    this.#power++;
    this.#flushing = false;
    const kept = random.whole(this.#durable, this.#records.length);
    const lost = this.#records.length - kept;
    this.#records.length = kept;
    this.#durable = kept;
    return lost;
  }

  /** What a restarted process reads. */
  read(): readonly T[] {
    return this.#records.slice(0, this.#durable);
  }

  /** A record by its number. */
  at(index: number): T | undefined {
    return this.#records[index];
  }
}
