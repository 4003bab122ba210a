import type { Millis } from "@aitbc-hybrid/protocol";

/** A place of the heap has four children, side by side: it is half as deep as with two. */
const BITS = 2;
const ARITY = 1 << BITS;

/**
 * The simulated time line: a heap of events, in three columns, so that ordering reads nothing but numbers. Events of one
 * instant run in the order in which they were scheduled.
 */
export class EventQueue {
  readonly #times: Millis[] = [];
  readonly #orders: number[] = [];
  readonly #runs: (() => void)[] = [];
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
    const time = at > this.#now ? at : this.#now;
    const order = this.#order++;
    const times = this.#times;
    let hole = times.length;
    this.#put(hole, time, order, run);
    while (hole > 0) {
      const parent = (hole - 1) >> BITS;
      // What was scheduled before goes first at equal times: nothing waits with a higher order.
      if (times[parent]! <= time) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(hole, time, order, run);
  }

  #put(place: number, time: Millis, order: number, run: () => void): void {
    this.#times[place] = time;
    this.#orders[place] = order;
    this.#runs[place] = run;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#orders[from]!, this.#runs[from]!);
  }

  /** Runs `run` after `delay` ms. */
  after(delay: Millis, run: () => void): void {
    this.at(this.#now + delay, run);
  }

  /** Runs the next event; false if there is none. */
  next(): boolean {
    const first = this.#runs[0];
    if (first === undefined) return false;
    this.#now = this.#times[0]!;
    this.#takeFirst();
    first();
    return true;
  }

  /** Fills the first place with what is to run next, and every place that this leaves. */
  #takeFirst(): void {
    const times = this.#times;
    const orders = this.#orders;
    const time = times.pop()!;
    const order = orders.pop()!;
    const run = this.#runs.pop()!;
    const size = times.length;
    if (size === 0) return;
    let hole = 0;
    for (;;) {
      const from = (hole << BITS) + 1;
      if (from >= size) break;
      const to = Math.min(from + ARITY, size);
      let least = from;
      let earliest = times[from]!;
      for (let child = from + 1; child < to; child++) {
        const other = times[child]!;
        if (other > earliest || (other === earliest && orders[child]! > orders[least]!)) continue;
        least = child;
        earliest = other;
      }
      if (earliest > time || (earliest === time && orders[least]! > order)) break;
      this.#move(least, hole);
      hole = least;
    }
    this.#put(hole, time, order, run);
  }
}
