import type { Millis } from "@aitbc-hybrid/protocol";

export interface AlarmModules {
  /** ms since 1970 */
  readonly clock: () => Millis;
  readonly ring: () => void;
}

/** The replica's one timer. */
export class Alarm {
  readonly #modules: AlarmModules;
  #timer: NodeJS.Timeout | null = null;

  constructor(modules: AlarmModules) {
    this.#modules = modules;
  }

  /** Rings at this time, and not at the one set before. */
  set(at: Millis): void {
    const { clock, ring } = this.#modules;
    this.clear();
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        // Node's timers count by another clock and may fire a millisecond early: a tick before its time does nothing.
        if (clock() < at) this.set(at);
        else ring();
      },
      Math.max(0, at - clock()),
    );
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
