import type { Rules as ContractRules, Times } from "@aitbc-hybrid/contract-model";
import type { Genesis, Millis } from "@aitbc-hybrid/protocol";
import type { Counts } from "../oracles/index.ts";
import type { Scenario } from "../scenario.ts";
import type { RegistryPlan } from "../settlement/index.ts";
import type { Behaviour, ShellFaults } from "../shell/index.ts";
import type { PublicKey } from "../signatures.ts";

/** What a run showed. */
export interface RunResult {
  readonly seed: string;
  /** Empty: the run passed. */
  readonly failures: readonly string[];
  readonly disagreements: readonly string[];
  /** Hash over everything that happened: equal for equal seeds. */
  readonly trace: string;
  readonly steps: number;
  readonly counts: Counts;
  /** Final heights of the honest nodes when the run ended. */
  readonly heights: readonly number[];
  readonly accepted: number;
  /** Simulated time, ms. */
  readonly elapsed: Millis;
  readonly convicted: {
    readonly validators: readonly number[];
    readonly enough: boolean;
    /** By the evidence of the honest nodes themselves. */
    readonly accused: readonly number[];
    readonly accusedEnough: boolean;
  } | null;
}

/** Contracts as they are deployed somewhere, in place of a schedule's small ones. */
export interface Deployment {
  readonly rules: ContractRules;
  readonly times: Times;
  /** Base units that governance puts into the rewards' reserve. */
  readonly reserve: bigint;
  readonly genesis: Pick<Genesis, "chainId" | "settlementChainId" | "addressesHash" | "stateRoot">;
  /** What stands in registries; signatures stay stand-ins. */
  readonly keyOf: (validator: number) => PublicKey;
  /** Address of whom the simulated world calls by a name ("v3", "d3", "governance", "anyone"). */
  readonly accountOf: (name: string) => string;
  /** Base units by address. */
  readonly balances: ReadonlyMap<string, bigint>;
}

export interface WorldOptions {
  readonly scenario: Scenario;
  /** Breaches of the shell's duties that tests plant. */
  readonly faults?: ShellFaults;
  /** Receives a line for everything that happens. */
  readonly log?: (line: string) => void;
  /** What stakers bring the live weights to before an epoch's candidate is sealed, in place of random churn. */
  readonly candidates?: (epoch: number) => RegistryPlan;
  readonly deployment?: Deployment;
  /** Replaces the behaviours that the scenario names. */
  readonly behaviours?: ReadonlyMap<number, Behaviour>;
}
