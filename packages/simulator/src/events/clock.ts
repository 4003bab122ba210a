import type { Millis } from "@aitbc-hybrid/protocol";

/** A node's clock: off by `offset` ms at `origin` and fast by `rate` (1e-4: 0.1 ms a second). */
export class Clock {
  readonly #origin: Millis;
  readonly #offset: Millis;
  readonly #rate: number;

  constructor(options: { readonly origin: Millis; readonly offset: Millis; readonly rate: number }) {
    this.#origin = options.origin;
    this.#offset = options.offset;
    this.#rate = options.rate;
  }

  /** What the clock shows at the true instant `at`: whole ms. */
  read(at: Millis): Millis {
    return Math.floor(at + this.#offset + (at - this.#origin) * this.#rate);
  }

  /** The first true instant at which the clock shows `shown` or more. */
  instant(shown: Millis): Millis {
    let at = (shown - this.#offset + this.#origin * this.#rate) / (1 + this.#rate);
    // Rounding of the division may fall short of the millisecond.
    while (this.read(at) < shown) at += 0.01;
    return at;
  }
}
