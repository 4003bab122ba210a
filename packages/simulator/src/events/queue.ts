import type { Millis } from "@aitbc-hybrid/protocol";

interface Event {
  readonly at: Millis;
  /** Events of one instant run in the order in which they were scheduled. */
  readonly order: number;
  readonly run: () => void;
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** The simulated time line: a binary heap of events. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #now: Millis;
  #order = 0;

  /** @param start the first instant, ms since 1970. */
  constructor(start: Millis) {
    this.#now = start;
  }

  /** The instant of the event that runs, in ms (fractions are possible). */
  get now(): Millis {
    return this.#now;
  }

  /** Events run so far and still waiting. */
  get scheduled(): number {
    return this.#order;
  }

  /** Runs `run` at `at`, or now if that is past. */
  at(at: Millis, run: () => void): void {
    const event: Event = { at: at > this.#now ? at : this.#now, order: this.#order++, run };
    const heap = this.#heap;
    let hole = heap.length;
    heap.push(event);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[hole] = heap[parent]!;
      hole = parent;
    }
    heap[hole] = event;
  }

  /** Runs `run` after `delay` ms. */
  after(delay: Millis, run: () => void): void {
    this.at(this.#now + delay, run);
  }

  /** Runs the next event; false if there is none. */
  next(): boolean {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined) return false;
    const last = heap.pop()!;
    const size = heap.length;
    if (size > 0) {
      let hole = 0;
      for (;;) {
        let child = 2 * hole + 1;
        if (child >= size) break;
        if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
        if (!before(heap[child]!, last)) break;
        heap[hole] = heap[child]!;
        hole = child;
      }
      heap[hole] = last;
    }
    this.#now = first.at;
    first.run();
    return true;
  }
}
