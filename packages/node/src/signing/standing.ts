import { sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Settlement, Standing, Unsubscribe } from "../settlement/index.ts";

/** Why the own key signs nothing. */
export interface Silence {
  readonly reason: string;
  /** Whether RESTARTs are signed still: who is jailed by a leak counts again by one. */
  readonly restarts: boolean;
}

const SLASHED: Silence = {
  reason: "the contracts slashed this validator: its key signs nothing any more",
  restarts: false,
};
const JAILED: Silence = {
  reason: "the contracts jailed this validator: its key signs nothing until it is released",
  restarts: true,
};

/**
 * Asks with every new final settlement block whether the contracts punished the own key, and says so at once: what it
 * signs afterwards counts for nobody, and could only make things worse.
 */
export class StandingWatch {
  readonly #key: Uint8Array;
  readonly #modules: {
    readonly settlement: Pick<Settlement, "standing" | "onFinal">;
    readonly log: Log;
    readonly onChange: (silence: Silence | null) => void;
  };
  #standing: Standing = "active";
  #asking = false;

  constructor(
    key: Uint8Array,
    modules: {
      readonly settlement: Pick<Settlement, "standing" | "onFinal">;
      readonly log: Log;
      readonly onChange: (silence: Silence | null) => void;
    },
  ) {
    this.#key = key;
    this.#modules = modules;
  }

  start(): Unsubscribe {
    return this.#modules.settlement.onFinal(() => void this.#ask());
  }

  async #ask(): Promise<void> {
    const { settlement, log } = this.#modules;
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.#note(await settlement.standing(this.#key));
    } catch (error) {
      log.warn({ error: sentence(error) }, "the validator's standing could not be read");
    } finally {
      this.#asking = false;
    }
  }

  #note(standing: Standing): void {
    // Nobody comes back from there.
    if (standing === this.#standing || this.#standing === "slashed") return;
    this.#standing = standing;
    const { log, onChange } = this.#modules;
    const silence = standing === "slashed" ? SLASHED : standing === "jailed" ? JAILED : null;
    if (silence !== null) log.fatal({ standing }, silence.reason);
    else log.warn({ standing }, "the validator's standing changed: its key signs");
    onChange(silence);
  }
}
