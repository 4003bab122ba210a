import type { State } from "@aitbc-hybrid/contract-model";
import type { Activation, Millis } from "@aitbc-hybrid/protocol";
import type { EventQueue } from "../events/index.ts";
import type { Random } from "../random.ts";
import type { Contracts } from "./contracts.ts";
import type { Sending } from "./stakers.ts";

/** A time in which the chain makes no block (`nodes` null) or some clients see no new one. */
export interface Outage {
  readonly from: Millis;
  readonly to: Millis;
  readonly nodes: ReadonlySet<number> | null;
}

export interface SettlementOptions {
  readonly start: Millis;
  readonly blockTime: Millis;
  /** Blocks on top that make one final. */
  readonly finality: number;
  /** How long a second of the contracts lasts. */
  readonly second: Millis;
  /** How far each node's client lags behind the chain. */
  readonly lags: readonly Millis[];
  readonly outages: readonly Outage[];
  /** Probability that a candidate is sealed soon after it may be, before the next boundary as a rule. */
  readonly sealChance: number;
  /** Settlement blocks from the acceptance of a boundary to the seal, at most. */
  readonly sealDelay: number;
  /** Whether anybody opens recoveries. */
  readonly recovers: boolean;
}

export interface SettlementModules {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly contracts: Contracts;
  /** The transactions up to the start. */
  readonly beginnings: readonly Sending[];
  /** What stakers do before N_e is sealed; null: nobody seals it. */
  readonly stakers: (epoch: number, state: State, at: number) => readonly Sending[] | null;
  /** Whether a validator shows itself to the contracts again after a recovery. */
  readonly isBack: (validator: number, incarnation: number) => boolean;
  readonly activated: (recovery: SettledRecovery) => void;
}

/** A recovery as it was settled. */
export interface SettledRecovery extends Activation {
  readonly height: number;
  /** The settlement block with it. */
  readonly number: number;
  readonly leaked: boolean;
}

/** What is told of a chain's recoveries. */
export interface RecoveryLog {
  readonly activations: readonly SettledRecovery[];
  /** Charged for a leak, by validator. */
  readonly jailed: ReadonlySet<number>;
  /** Rules that the contracts applied, by name. */
  readonly taken: ReadonlyMap<string, number>;
}
