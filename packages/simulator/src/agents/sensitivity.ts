import type { EconomyOptions } from "./economy.ts";

/** Ends between which one assumption is moved while the others stay. */
export interface Range {
  readonly name: keyof EconomyOptions;
  readonly label: string;
  readonly low: number;
  readonly high: number;
}

/** What a sweep moves: governance's own parameters within their bounds, and what nobody knows by more. */
export const RANGES: readonly Range[] = [
  { name: "annualCap", label: "annual cap, millionths", low: 20_000, high: 80_000 },
  { name: "loadMultiplier", label: "load multiplier", low: 0.5, high: 2 },
  { name: "stakeCap", label: "stake cap, millionths", low: 50_000, high: 200_000 },
  { name: "commissionMax", label: "highest commission", low: 0.02, high: 0.1 },
  { name: "outsideYield", label: "yield elsewhere", low: 0.03, high: 0.08 },
  { name: "cost", label: "cost of a validator, AITBC", low: 2_000, high: 20_000 },
  { name: "meanWealth", label: "mean wealth, AITBC", low: 200_000, high: 800_000 },
  { name: "paretoExponent", label: "Pareto exponent", low: 1.16, high: 2.5 },
  { name: "herding", label: "herding", low: 0, high: 0.9 },
  { name: "attention", label: "attention a day", low: 1 / 180, high: 1 / 7 },
  { name: "friction", label: "friction", low: 0, high: 0.01 },
  { name: "hazard", label: "convictions a year", low: 0, high: 0.05 },
];
