import { sum } from "../statistics.ts";
import { penaltyOf } from "./penalty.ts";

export interface CartelOptions {
  /** What a third of the stake can extract together, AITBC a year. */
  readonly rent: number;
  /** Probability a year that its members are convicted. */
  readonly detection: number;
  /** Mean of what operators would lose beside their stake, part of it a year: their names, their other business. */
  readonly scruple: number;
}

export interface Cartel {
  /** Stake of those who would join, part of all. */
  readonly willing: number;
  /** More than a third is willing. */
  readonly forms: boolean;
  /** The least rent for which a third is worth its risk, without scruples, AITBC a year. */
  readonly price: number;
}

const TARGET = 1 / 3;

/** What a member gains a year for each unit of its stake, before its scruples. */
export function marginOf(
  stake: number,
  { rent, detection }: Pick<CartelOptions, "rent" | "detection">,
): number {
  return rent / (TARGET * stake) - detection * penaltyOf(TARGET);
}

/**
 * Whether operators form a cartel of a third: each joins if its part of the rent exceeds what it stands to lose, by the
 * contracts' surcharge, and its own scruple, drawn once and given as a quantile in [0, 1) of an exponential distribution.
 */
export function cartelOf(
  operators: readonly { readonly stake: number; readonly quantile: number }[],
  options: CartelOptions,
): Cartel {
  const stake = sum(operators.map((operator) => operator.stake));
  if (stake === 0) return { willing: 0, forms: false, price: 0 };
  const margin = marginOf(stake, options);
  const joins = (quantile: number): boolean => -options.scruple * Math.log(1 - quantile) < margin;
  const willing =
    sum(operators.filter(({ quantile }) => joins(quantile)).map((operator) => operator.stake)) / stake;
  return {
    willing,
    forms: willing > TARGET,
    price: options.detection * penaltyOf(TARGET) * TARGET * stake,
  };
}
