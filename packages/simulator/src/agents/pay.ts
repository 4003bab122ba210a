import {
  budgetOf,
  DEFAULT_RULES,
  payOf,
  type RewardRules,
  type Snapshot,
  sealWeights,
} from "@aitbc-hybrid/contract-model";

const STAKE = DEFAULT_RULES.stake;
const GWEI_A_COIN = 1e9;
const COIN = 1e18;
const HOUR_MS = 3_600_000;
const HOURS_A_YEAR = 8_760;
/** All of an epoch, as the contracts count what was missed. */
const ALL = 65_535;
/** Blocks of an hour of Balanced. */
const BLOCKS = 7_200;
const AUTHORITIES = 21;

/** A staker as a seal and an epoch's accounting see it. Amounts in AITBC. */
export interface PaidStaker {
  readonly bond: number;
  readonly stake: number;
  /** Part of the epoch in which it voted. */
  readonly uptime: number;
}

export interface YearlyPay {
  /** What stakers' seats are paid, by staker. */
  readonly stakers: readonly number[];
  readonly authorities: number;
  /** What the contracts may pay at most. */
  readonly budget: number;
  /** Weights after the caps, by staker. */
  readonly weights: readonly number[];
}

/**
 * What a year of epochs like this one pays in Balanced: one epoch of an hour, reckoned by the contracts' own rules with
 * every weight sealed as they seal it, times the epochs of a year.
 */
export function yearlyPay(
  stakers: readonly PaidStaker[],
  rules: RewardRules,
  multiplier: number,
  stakeCap: bigint = STAKE.stakeCap,
): YearlyPay {
  const live = [
    // Authorities weigh nothing here, so that all stake is the stakers'; one weighs 1 lest it count as suspended.
    ...Array.from({ length: AUTHORITIES }, () => ({ weight: 1n, qualified: false })),
    ...stakers.map(({ bond, stake }) => ({
      weight: BigInt(Math.floor(Math.min(stake, bond * Number(STAKE.weightPerBond)))),
      qualified: bond >= Number(STAKE.balancedBond),
    })),
  ];
  const sealed = sealWeights(live, AUTHORITIES, { ...STAKE, stakeCap });
  const snapshot: Snapshot = {
    ...sealed,
    number: 1,
    epoch: 0,
    nAuth: AUTHORITIES,
    validators: live.map((_, seat) => seat + 1),
    keys: live.map((_, seat) => seat + 1),
    members: new Set(live.keys()),
    idleStake: 0n,
    sealer: "",
    sealedAt: 0,
  };
  const budget = budgetOf(rules, BLOCKS, BigInt(Math.round(multiplier * 1e6)), HOUR_MS);
  // Leaders are drawn by class: 70 % authorities, 30 % stakers by stake.
  const weights = sealed.weights.slice(AUTHORITIES).map(Number);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const proposed = (seat: number): number =>
    seat < AUTHORITIES
      ? Math.floor((0.7 * BLOCKS) / AUTHORITIES)
      : total === 0
        ? 0
        : Math.floor((0.3 * BLOCKS * weights[seat - AUTHORITIES]!) / total);
  const vector = live.map((_, seat) => ({
    missed: seat < AUTHORITIES ? 0 : Math.round(ALL * (1 - stakers[seat - AUTHORITIES]!.uptime)),
    proposed: proposed(seat),
  }));
  const pay = payOf({ mode: "balanced", snapshot, rules, budget, views: BLOCKS, vector });
  const yearly = (gwei: bigint): number => (Number(gwei) / GWEI_A_COIN) * HOURS_A_YEAR;
  return {
    stakers: pay.stakers.slice(AUTHORITIES).map(yearly),
    authorities: pay.authority.reduce((sum, part) => sum + yearly(part), 0),
    budget: (Number(budget) / COIN) * HOURS_A_YEAR,
    weights,
  };
}
