export { type Cartel, type CartelOptions, cartelOf, marginOf } from "./cartel.ts";
export {
  type Day,
  DEFAULTS,
  Economy,
  type EconomyOptions,
  FIGURES,
  type Life,
  simulateEconomy,
} from "./economy.ts";
export { type PaidStaker, type YearlyPay, yearlyPay } from "./pay.ts";
export { BASE_PENALTY, penaltyOf } from "./penalty.ts";
export { RANGES, type Range } from "./sensitivity.ts";
