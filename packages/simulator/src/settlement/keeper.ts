import {
  canDecide,
  isRecovering,
  isSupported,
  nextRoundAt,
  recordOf,
  registryOf,
  type State,
} from "@aitbc-hybrid/contract-model";
import type { Hash, RestartBody } from "@aitbc-hybrid/protocol";
import type { Call } from "./calls.ts";
import { validatorOf } from "./stakers.ts";

export interface KeeperModules {
  /** The contracts as of the newest block. */
  readonly state: () => State;
  /** Performs a call in a block; whether it went through. */
  readonly mine: (call: Call, at: number, number: number) => boolean;
  /** Whether a validator shows itself to the contracts again after a recovery. */
  readonly isBack: (validator: number, incarnation: number) => boolean;
}

/** What anyone may do for a chain that stands: open its recovery, run the leak, activate, let authorities return. */
export class Keeper {
  readonly #modules: KeeperModules;
  /** State in which too few stakers were left to restart. */
  #refusedFor: string | null = null;
  /** State in which nobody was left to leave out. */
  #exhausted: string | null = null;

  constructor(modules: KeeperModules) {
    this.#modules = modules;
  }

  get #state(): State {
    return this.#modules.state();
  }

  /** Looks at the contracts, in a block. */
  look(at: number, number: number): void {
    const by = (call: Call): boolean => this.#modules.mine(call, at, number);
    const { schedule, rules, elections, recovery } = this.#state;
    if (!isRecovering(this.#state)) {
      const isDue = at >= schedule.acceptedAt + rules.recovery.stall;
      // A recovery ends in Secure: where that could not decide, none begins.
      if (isDue && canDecide(registryOf(this.#state, schedule.epoch + 1), "secure")) by({ what: "open" });
    } else if (at > recovery.recoveries.at(-1)!.graceEnd) {
      this.#leak(at, by);
      for (const block of this.#asked()) {
        const { heard, left } = this.#state.recovery.recoveries.at(-1)!;
        const standing = `${recovery.recoveries.length} ${block.blockHash} ${heard.size} ${left.size}`;
        if (standing === this.#refusedFor || !isSupported(this.#state, block, at)) continue;
        if (by({ what: "activate", ...block })) break;
        this.#refusedFor = standing;
      }
    }
    const { incarnation } = recordOf(this.#state, this.#state.schedule.epoch);
    for (const id of elections.silent)
      if (this.#modules.isBack(validatorOf(id), incarnation)) by({ what: "comeBack", validator: id });
  }

  #leak(at: number, by: (call: Call) => boolean): void {
    const state = this.#state;
    const id = state.recovery.recoveries.length;
    const { heard, rounds } = state.recovery.recoveries[id - 1]!;
    const standing = `${id} ${rounds} ${heard.size}`;
    if (at < nextRoundAt(state) || standing === this.#exhausted) return;
    if (!by({ what: "leak" })) {
      this.#exhausted = standing;
      return;
    }
    const { left, charged } = this.#state.recovery.recoveries[id - 1]!;
    const seats = [...left].filter((seat) => !charged.has(seat)).sort((a, b) => a - b);
    by({ what: "charge", recovery: id, seats });
  }

  /** Blocks that RESTARTs of the open recovery name. */
  #asked(): readonly RestartBody[] {
    const { recovery } = this.#state;
    const id = `${recovery.recoveries.length}`;
    return [...recovery.points].flatMap(([key, { present, next }]) => {
      const [of, view, blockHash] = key.split(" ");
      return of === id && present.size + next.size > 0
        ? [{ view: Number(view), blockHash: blockHash as Hash }]
        : [];
    });
  }
}
