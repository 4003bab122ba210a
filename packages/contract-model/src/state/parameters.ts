/** Custody's times and bounds, fixed at deployment. Seconds, unless it says otherwise. */
export interface Times {
  readonly unbondingTime: number;
  /** Length of a cohort's day. */
  readonly cohortPeriod: number;
  /** After its day at which a cohort's clock starts in any case. */
  readonly maxWait: number;
  /** Least time between two redelegations of a position, and how long the liability of one is open. */
  readonly redelegationPeriod: number;
  readonly commissionNotice: number;
  /** Most change of a commission a day, millionths. */
  readonly commissionStep: number;
  /** Highest commission, millionths. */
  readonly commissionMax: number;
  /** Least delegation, base units. */
  readonly minimumDelegation: bigint;
  /** Longest hold of a validator's liable stake. */
  readonly maxHold: number;
}

/** Seats and weights: amounts in whole AITBC, fractions in millionths. */
export interface StakeRules {
  readonly authorityBond: bigint;
  readonly stakerBond: bigint;
  readonly balancedBond: bigint;
  readonly weightPerBond: bigint;
  readonly stakeCap: bigint;
  readonly stakeCapFrom: number;
  readonly authorityStakeDivisor: bigint;
  readonly balancedSeats: number;
  readonly maxSeats: number;
  readonly churn: bigint;
  readonly margin: bigint;
}

/** Penalties: fractions in millionths, times in seconds. */
export interface SlashingRules {
  readonly basePenalty: bigint;
  readonly reporterShare: bigint;
  /** Whole AITBC. */
  readonly reporterCap: bigint;
  readonly evidenceValidity: number;
  readonly jailTime: number;
  readonly correlationWindow: number;
  readonly surchargeFactor: bigint;
  readonly absenceLeast: bigint;
  readonly absenceMost: bigint;
  /** Epochs. */
  readonly jailAfter: number;
  readonly absenceDelay: number;
}

/** What is paid: amounts in the unit named, fractions in millionths, times in seconds. */
export interface RewardRules {
  /** Thousandths of an AITBC a block. */
  readonly baseReward: bigint;
  /** Fraction of the supply a year. */
  readonly annualCap: bigint;
  /** Whole AITBC. */
  readonly supply: bigint;
  readonly authorityShareFast: bigint;
  readonly authorityShareBalanced: bigint;
  readonly authorityShareSecure: bigint;
  readonly standbyShare: bigint;
  readonly proposerBonus: bigint;
  /** Thousandths of an AITBC. */
  readonly relayerCredit: bigint;
  readonly creditShare: bigint;
  /** Whole AITBC. */
  readonly bondTarget: bigint;
  readonly epochPaidTime: number;
  /** Epochs. */
  readonly accrualLag: number;
  readonly accrualDeadline: number;
}

/** Recovery: times in seconds, fractions in millionths. */
export interface RecoveryRules {
  readonly stall: number;
  readonly grace: number;
  readonly leakAfter: number;
  readonly leakRound: number;
  readonly leakStep: bigint;
  readonly leakFloor: bigint;
}

/** Blocks of an epoch in each mode, and the leases, as the schedule of epochs needs them. */
export interface ConsensusRules {
  readonly epochLength: Readonly<Record<Mode, number>>;
  /** Milliseconds. */
  readonly lease: number;
  /** Milliseconds. */
  readonly drift: number;
  /** Longest from a settlement block until headers may name it, s. */
  readonly settlementLag: number;
}

export type Mode = "fast" | "balanced" | "secure";

export interface Rules {
  readonly consensus: ConsensusRules;
  readonly stake: StakeRules;
  readonly slashing: SlashingRules;
  readonly rewards: RewardRules;
  readonly recovery: RecoveryRules;
}
