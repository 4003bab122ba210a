import { type Snapshot, type State, seal, snapshotOf, run as transact } from "@aitbc-hybrid/contract-model";
import { ZERO_HASH } from "@aitbc-hybrid/protocol";
import type { Random } from "../random.ts";
import { type Scenario, sufficesInEveryMode } from "../scenario.ts";
import {
  type Bonds,
  type Contracts,
  churned,
  GOVERNANCE,
  movesTo,
  type RegistryPlan,
  type Sending,
} from "../settlement/index.ts";

export interface StakersOptions {
  readonly scenario: Scenario;
  /** What is planned for an epoch's candidate, in place of random churn. */
  readonly candidates: ((epoch: number) => RegistryPlan) | undefined;
  readonly stakes: { readonly bonds: Bonds; readonly accountOf: (name: string) => string };
}

/** Those who move stake and seats before each seal. */
export class Stakers {
  readonly #options: StakersOptions;
  readonly #modules: { readonly random: Random; readonly contracts: Contracts };
  /** What was live at some time. */
  readonly #plans: RegistryPlan[];
  #live: RegistryPlan;

  constructor(options: StakersOptions, modules: { readonly random: Random; readonly contracts: Contracts }) {
    this.#options = options;
    this.#modules = modules;
    this.#live = options.scenario.plan;
    this.#plans = [this.#live];
  }

  /**
   * What stakers do before N_e is sealed: what was planned, or some churn that keeps the byzantine validators within the
   * bounds; nothing where recoveries are looked at. Null if the bounds would be broken in any case.
   */
  before(epoch: number, state: State, at: number): readonly Sending[] | null {
    const planned = this.#options.candidates?.(epoch);
    if (planned !== undefined) return movesTo(state, planned, this.#options.stakes);
    if (this.#options.scenario.recovery !== null) return [];
    const { pool } = this.#options.scenario;
    const { random } = this.#modules;
    // Sometimes everything is again as it was: an authority came back, stake returned.
    const newest = snapshotOf(state, state.elections.sealNumber);
    const returns = random.chance(0.25) ? [random.pick(this.#plans)] : [];
    for (let attempt = 0; attempt < 20; attempt++) {
      const plan = returns.pop() ?? churned(this.#live, pool, random);
      const moves = movesTo(state, plan, this.#options.stakes);
      const sealed = this.#sealed(epoch, state, at, moves);
      // Much of what stakers do makes no other registry: mostly something else is tried.
      if (sealed === null || (attempt < 10 && isSame(sealed, newest))) continue;
      this.#live = plan;
      if (!this.#plans.includes(plan)) this.#plans.push(plan);
      return moves;
    }
    return this.#sealed(epoch, state, at, []) === null ? null : [];
  }

  /** What these transactions would have sealed; null if the honest would not suffice in it. */
  #sealed(epoch: number, state: State, at: number, moves: readonly Sending[]): Snapshot | null {
    const { scenario } = this.#options;
    const outcome = transact(state, { from: GOVERNANCE, at }, (tx): Snapshot => {
      for (const { from, call } of moves) this.#modules.contracts.apply(tx, from, call);
      return seal(tx, epoch);
    });
    if (!outcome.ok) return null;
    const registry = { ...this.#modules.contracts.contentsOf(outcome.value), root: ZERO_HASH };
    const suffices = sufficesInEveryMode(scenario, registry, new Set(scenario.byzantine.keys()));
    return suffices ? outcome.value : null;
  }
}

/** Whether two registries are the same to nodes. */
const isSame = (a: Snapshot, b: Snapshot): boolean =>
  [a.validators, a.weights, [...a.suspended], [...a.backing]].join("|") ===
  [b.validators, b.weights, [...b.suspended], [...b.backing]].join("|");
