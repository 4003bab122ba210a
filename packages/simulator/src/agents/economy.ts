import { DEFAULT_RULES, type RewardRules } from "@aitbc-hybrid/contract-model";
import { Random } from "../random.ts";
import { gini, mean, nakamoto, sum } from "../statistics.ts";
import { cartelOf } from "./cartel.ts";
import { yearlyPay } from "./pay.ts";
import { BASE_PENALTY, penaltyOf } from "./penalty.ts";

const DAYS_A_YEAR = 365;

/** What the model assumes. Amounts in AITBC, rates a year, probabilities a day unless they say otherwise. */
export interface EconomyOptions {
  readonly days: number;
  readonly operators: number;
  readonly delegators: number;
  /** Mean of what a delegator owns; amounts follow a Pareto distribution. */
  readonly meanWealth: number;
  /** Its exponent: smaller is less equal. */
  readonly paretoExponent: number;
  readonly bond: number;
  /** What running a validator costs. */
  readonly cost: number;
  readonly commission: number;
  /** The highest commission that governance allows. */
  readonly commissionMax: number;
  /** Yield that delegators have elsewhere: mean, and the width of its uniform spread. */
  readonly outsideYield: number;
  readonly outsideSpread: number;
  /** Probability that a delegator reconsiders. */
  readonly attention: number;
  /** Gain of yield for which a delegator moves. */
  readonly friction: number;
  /** Probability that it looks at validators in proportion to their stake instead of evenly. */
  readonly herding: number;
  /** Validators it compares. */
  readonly looks: number;
  /** Probability that a delegator leaves for good and another takes its place. */
  readonly churn: number;
  /** Mean time that validators vote. */
  readonly uptime: number;
  /** Convictions of a validator. */
  readonly hazard: number;
  /** Operators who might enter. */
  readonly entrants: number;
  readonly compounding: boolean;
  readonly loadMultiplier: number;
  /** Fractions in millionths, as governance sets them. */
  readonly annualCap: number;
  readonly stakeCap: number;
  readonly rent: number;
  readonly detection: number;
  readonly scruple: number;
}

export const DEFAULTS: EconomyOptions = {
  days: 730,
  operators: 60,
  delegators: 600,
  meanWealth: 400_000,
  paretoExponent: 1.4,
  bond: 50_000,
  cost: 6_000,
  commission: 0.05,
  commissionMax: 0.1,
  outsideYield: 0.05,
  outsideSpread: 0.04,
  attention: 1 / 30,
  friction: 0.002,
  herding: 0.5,
  looks: 5,
  churn: 0.0005,
  uptime: 0.99,
  hazard: 0.01,
  entrants: 0.05,
  compounding: true,
  loadMultiplier: 1,
  annualCap: 50_000,
  stakeCap: 100_000,
  rent: 5_000_000,
  detection: 0.5,
  scruple: 0.1,
};

/** One day's figures. */
export interface Day {
  readonly day: number;
  readonly stake: number;
  readonly operators: number;
  /** Net of commission, for a delegator of average stake, a year. */
  readonly yield: number;
  readonly gini: number;
  /** Fewest operators above a third, and above two thirds, of the sealed stake. */
  readonly nakamoto: number;
  readonly nakamotoForge: number;
  readonly largestShare: number;
  readonly commission: number;
  /** What stakers are paid a year: the flow that buys security. */
  readonly paid: number;
  /** What a third of the stake loses when it breaks agreement: the stock that secures. */
  readonly atRisk: number;
  readonly slashed: number;
  readonly cartelWilling: number;
  readonly cartelPrice: number;
  readonly cartels: number;
}

export const FIGURES = [
  "stake",
  "operators",
  "yield",
  "gini",
  "nakamoto",
  "nakamotoForge",
  "largestShare",
  "commission",
  "paid",
  "atRisk",
  "slashed",
  "cartelWilling",
  "cartelPrice",
  "cartels",
] as const satisfies readonly Exclude<keyof Day, "day">[];

interface Operator {
  bond: number;
  commission: number;
  readonly uptime: number;
  readonly cost: number;
  /** Place among all in what it would not do for money. */
  readonly quantile: number;
  /** Direction in which it tries its commission, and what it earned before. */
  step: number;
  earned: number;
  losses: number;
  isGone: boolean;
}

interface Delegator {
  wealth: number;
  readonly outside: number;
  /** Operator it delegates to; null: it does not. */
  at: Operator | null;
}

/** A simulated market of stake: operators who run validators, and delegators who choose among them. */
export class Economy {
  readonly #options: EconomyOptions;
  readonly #random: Random;
  readonly #rules: RewardRules;
  operators: Operator[];
  delegators: Delegator[];
  #day = 0;
  #slashed = 0;

  constructor(options: EconomyOptions, seed: string) {
    this.#options = options;
    this.#random = new Random(`economy ${seed}`);
    this.#rules = { ...DEFAULT_RULES.rewards, annualCap: BigInt(options.annualCap) };
    this.operators = Array.from({ length: options.operators }, () => this.#newOperator());
    this.delegators = Array.from({ length: options.delegators }, () => this.#newDelegator());
    for (const delegator of this.delegators)
      if (this.operators.length > 0) delegator.at = this.#random.pick(this.operators);
  }

  #newOperator(): Operator {
    const { bond, commission, commissionMax, cost, uptime } = this.#options;
    const random = this.#random;
    return {
      bond,
      commission: Math.min(commissionMax, commission * random.between(0.5, 1.5)),
      uptime: Math.min(1, uptime + (1 - uptime) * random.between(-1, 1)),
      cost: cost * random.between(0.5, 1.5),
      quantile: random.unit(),
      step: random.chance(0.5) ? 0.005 : -0.005,
      earned: 0,
      losses: 0,
      isGone: false,
    };
  }

  #newDelegator(): Delegator {
    const { meanWealth, paretoExponent: a, outsideYield, outsideSpread } = this.#options;
    const least = (meanWealth * (a - 1)) / a;
    return {
      // The tail is cut where a single owner would be the market.
      wealth: Math.min(least * (1 - this.#random.unit()) ** (-1 / a), 100 * meanWealth),
      outside: outsideYield + this.#random.between(-outsideSpread / 2, outsideSpread / 2),
      at: null,
    };
  }

  /** Stakes by operator: its bond and what is delegated to it. */
  stakes(): Map<Operator, number> {
    const stakes = new Map(this.operators.map((operator) => [operator, operator.bond]));
    for (const { at, wealth } of this.delegators)
      if (at !== null) stakes.set(at, (stakes.get(at) ?? 0) + wealth);
    return stakes;
  }

  /** One day: pay, convictions, decisions. */
  step(): Day {
    const options = this.#options;
    const stakes = this.stakes();
    const list = [...stakes.values()];
    const pay = yearlyPay(
      this.operators.map((operator, at) => ({
        bond: operator.bond,
        stake: list[at]!,
        uptime: operator.uptime,
      })),
      this.#rules,
      options.loadMultiplier,
      BigInt(options.stakeCap),
    );
    const gross = new Map(
      this.operators.map((operator, at) => [operator, list[at] === 0 ? 0 : pay.stakers[at]! / list[at]!]),
    );
    const net = (operator: Operator): number =>
      (gross.get(operator) ?? 0) * (1 - operator.commission) - options.hazard * BASE_PENALTY;
    this.#slashed = 0;
    this.#pay(stakes, gross);
    this.#convict();
    this.#delegate(stakes, net);
    this.#operate(stakes, gross);
    const day = this.#figures(pay.weights, net, stakes, sum(pay.stakers));
    this.#day++;
    return day;
  }

  #pay(stakes: ReadonlyMap<Operator, number>, gross: ReadonlyMap<Operator, number>): void {
    for (const operator of this.operators) {
      const rate = gross.get(operator)! / DAYS_A_YEAR;
      const delegated = stakes.get(operator)! - operator.bond;
      operator.earned =
        rate * (operator.bond + operator.commission * delegated) - operator.cost / DAYS_A_YEAR;
      if (this.#options.compounding) operator.bond += Math.max(0, operator.earned);
    }
    if (!this.#options.compounding) return;
    for (const delegator of this.delegators)
      if (delegator.at !== null)
        delegator.wealth *= 1 + (gross.get(delegator.at)! / DAYS_A_YEAR) * (1 - delegator.at.commission);
  }

  /** Single convictions burn the base penalty of all that is staked with the validator. */
  #convict(): void {
    const { hazard } = this.#options;
    for (const operator of this.operators) {
      if (hazard === 0 || !this.#random.chance(hazard / DAYS_A_YEAR)) continue;
      this.#slashed += operator.bond * BASE_PENALTY;
      operator.bond *= 1 - BASE_PENALTY;
      for (const delegator of this.delegators) {
        if (delegator.at !== operator) continue;
        this.#slashed += delegator.wealth * BASE_PENALTY;
        delegator.wealth *= 1 - BASE_PENALTY;
        // Whoever was burnt leaves.
        delegator.at = null;
      }
    }
  }

  #delegate(stakes: ReadonlyMap<Operator, number>, net: (operator: Operator) => number): void {
    const { attention, friction, herding, looks, churn } = this.#options;
    const random = this.#random;
    const total = sum([...stakes.values()]);
    const byStake = (): Operator => {
      let left = random.between(0, total);
      for (const [operator, stake] of stakes) {
        left -= stake;
        if (left < 0) return operator;
      }
      return random.pick(this.operators);
    };
    this.delegators = this.delegators.map((delegator) => {
      const one = churn > 0 && random.chance(churn) ? this.#newDelegator() : delegator;
      if (this.operators.length === 0 || (one === delegator && !random.chance(attention))) return one;
      let best: Operator | null = null;
      for (let look = 0; look < looks; look++) {
        const seen = random.chance(herding) ? byStake() : random.pick(this.operators);
        if (best === null || net(seen) > net(best)) best = seen;
      }
      const now = one.at === null ? one.outside : Math.max(net(one.at), one.outside);
      if (net(best!) > now + friction) one.at = best;
      else if (one.at !== null && net(one.at) + friction < one.outside) one.at = null;
      return one;
    });
  }

  /** Operators try their commission once a week, leave after a quarter of losses, and others enter where it pays. */
  #operate(stakes: ReadonlyMap<Operator, number>, gross: ReadonlyMap<Operator, number>): void {
    const { commissionMax, outsideYield, entrants, bond, cost, commission } = this.#options;
    for (const operator of this.operators) {
      const opportunity = (operator.bond * outsideYield) / DAYS_A_YEAR;
      operator.losses = operator.earned < opportunity ? operator.losses + 1 : 0;
      if (operator.losses > 90) operator.isGone = true;
      if (this.#day % 7 !== 0 || commissionMax === 0) continue;
      const before = operator.commission;
      const hasRoom = stakes.get(operator)! > 2 * operator.bond;
      // Who has delegations asks for more; who has few undercuts.
      operator.step = hasRoom ? Math.abs(operator.step) : -Math.abs(operator.step);
      operator.commission = Math.min(commissionMax, Math.max(0, before + operator.step));
    }
    if (this.operators.some(({ isGone }) => isGone)) {
      for (const delegator of this.delegators) if (delegator.at?.isGone === true) delegator.at = null;
      this.operators = this.operators.filter(({ isGone }) => !isGone);
    }
    if (!this.#random.chance(entrants)) return;
    const rate = mean([...gross.values()]);
    const delegated = mean(
      [...stakes.values()].map((stake, at) => stake - (this.operators[at]?.bond ?? bond)),
    );
    const expected = rate * (bond + commission * Math.max(0, delegated) * 0.5) - cost;
    if (expected > bond * outsideYield) this.operators.push(this.#newOperator());
  }

  #figures(
    weights: readonly number[],
    net: (operator: Operator) => number,
    stakes: ReadonlyMap<Operator, number>,
    paid: number,
  ): Day {
    const { rent, detection, scruple } = this.#options;
    const held = [...stakes.values()];
    const total = sum(held);
    const operators = [...stakes.keys()];
    const cartel = cartelOf(
      operators.map((operator, at) => ({ stake: weights[at]!, quantile: operator.quantile })),
      { rent, detection, scruple },
    );
    const weight = sum(weights);
    return {
      day: this.#day,
      stake: total,
      operators: operators.length,
      yield: total === 0 ? 0 : sum(operators.map((operator, at) => net(operator) * held[at]!)) / total,
      gini: gini(held),
      nakamoto: nakamoto(weights),
      nakamotoForge: nakamoto(weights, 2 / 3),
      largestShare: weight === 0 ? 0 : Math.max(...weights) / weight,
      commission: mean(operators.map((operator) => operator.commission)),
      paid,
      atRisk: (weight / 3) * penaltyOf(1 / 3),
      slashed: this.#slashed,
      cartelWilling: cartel.willing,
      cartelPrice: cartel.price,
      cartels: cartel.forms ? 1 : 0,
    };
  }
}

/** A market's life. */
export interface Life {
  /** Every `every`-th day, and the last. */
  readonly days: readonly Day[];
  /** Stakes of its operators in the end, the smallest first. */
  readonly stakes: readonly number[];
}

/** Plays a market day by day. */
export function simulateEconomy(options: EconomyOptions, seed: string, every = 30): Life {
  const economy = new Economy(options, seed);
  const days: Day[] = [];
  for (let day = 0; day < options.days; day++) {
    const figures = economy.step();
    if (day % every === 0 || day === options.days - 1) days.push(figures);
  }
  return { days, stakes: [...economy.stakes().values()].sort((a, b) => a - b) };
}
