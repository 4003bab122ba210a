import type { RewardRules, StakeRules } from "@aitbc-hybrid/contract-model";

/** What the contracts pay by default: docs/parameters.md. */
export const REWARDS: RewardRules = {
  baseReward: 100_000n,
  annualCap: 50_000n,
  supply: 1_000_000_000n,
  authorityShareFast: 800_000n,
  authorityShareBalanced: 600_000n,
  authorityShareSecure: 400_000n,
  standbyShare: 100_000n,
  proposerBonus: 100_000n,
  relayerCredit: 500n,
  creditShare: 20_000n,
  bondTarget: 200_000n,
  epochPaidTime: 4 * 3_600,
  accrualLag: 8,
  accrualDeadline: 14 * 86_400,
};

export const STAKE: Pick<
  StakeRules,
  "balancedBond" | "weightPerBond" | "stakeCap" | "stakeCapFrom" | "authorityStakeDivisor" | "balancedSeats"
> = {
  balancedBond: 10_000n,
  weightPerBond: 100n,
  stakeCap: 100_000n,
  stakeCapFrom: 20,
  authorityStakeDivisor: 6n,
  balancedSeats: 100,
};

/** Part of a bond that one conviction burns, without a surcharge. */
export const BASE_PENALTY = 0.1;
/** Part of the convicted stake that burns when a part of all of it is convicted around the same time. */
export const penaltyOf = (share: number): number => Math.min(1, Math.max(BASE_PENALTY, 3 * share));
