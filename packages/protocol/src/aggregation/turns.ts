import type { Seat } from "../types/index.ts";
import type { AggregationOptions } from "./io.ts";

/** A voter turns to the aggregators of this many further views at most, and then to everybody. */
export const MOST_ATTEMPTS = 3;

/** Whose turn it is to aggregate a view's votes, first or once others did not. */
export class Turns {
  readonly #options: Pick<AggregationOptions, "seat" | "subnets">;

  constructor(options: Pick<AggregationOptions, "seat" | "subnets">) {
    this.#options = options;
  }

  /** How many views after this one this node is first an aggregator of a subnet; null: it is not until soon after. */
  of(view: number, subnet: number): number | null {
    const { seat, subnets } = this.#options;
    if (seat === null) return null;
    for (let attempt = 0; attempt <= MOST_ATTEMPTS; attempt++)
      if (subnets.duties(view + attempt).aggregators[subnet]?.includes(seat)) return attempt;
    return null;
  }

  isAggregator(view: number, subnet: number, seat: Seat): boolean {
    const { subnets } = this.#options;
    for (let attempt = 0; attempt <= MOST_ATTEMPTS; attempt++)
      if (subnets.duties(view + attempt).aggregators[subnet]?.includes(seat)) return true;
    return false;
  }

  /** True if this node makes certificates of a view. */
  isCollector(view: number): boolean {
    const { subnets, seat } = this.#options;
    for (let attempt = 0; attempt <= MOST_ATTEMPTS; attempt++)
      if (seat !== null && subnets.duties(view + attempt).collectors.includes(seat)) return true;
    return false;
  }
}
