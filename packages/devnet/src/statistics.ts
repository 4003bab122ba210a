import type { Finality } from "./types.ts";

/** The `fraction` quantile (nearest rank) of sorted values. */
function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(fraction * sorted.length) - 1)]!;
}

/** p50 and p99 of all values, in ms rounded to a tenth; null for none. */
export function finalityOf(latencies: readonly number[]): Finality | null {
  if (latencies.length === 0) return null;
  const sorted = Float64Array.from(latencies).sort();
  const tenth = (value: number): number => Math.round(value * 10) / 10;
  return { p50: tenth(quantile([...sorted], 0.5)), p99: tenth(quantile([...sorted], 0.99)) };
}

/** Events a second over a sliding window. */
export class Rate {
  readonly #windowMs: number;
  #marks: { at: number; total: number }[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** The rate after `total` events were counted by `now` (ms). */
  mark(now: number, total: number): number {
    this.#marks.push({ at: now, total });
    while (this.#marks.length > 2 && this.#marks[1]!.at <= now - this.#windowMs) this.#marks.shift();
    const first = this.#marks[0]!;
    return now === first.at ? 0 : ((total - first.total) * 1000) / (now - first.at);
  }
}
