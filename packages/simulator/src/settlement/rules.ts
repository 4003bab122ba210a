import { COIN, DEFAULT_RULES, type Rules, type Times } from "@aitbc-hybrid/contract-model";
import type { Millis, Params } from "@aitbc-hybrid/protocol";
import type { RegistryPlan } from "./registries.ts";

/** Times of recovery and leak on a settlement chain, ms; shares in millionths. */
export interface RecoveryPlan {
  readonly stall: Millis;
  readonly grace: Millis;
  readonly leakAfter: Millis;
  readonly leakRound: Millis;
  readonly leakStep: number;
  readonly leakFloor: number;
}

/** Custody's times, which no schedule lives to see the end of. */
export const TIMES: Times = {
  unbondingTime: 1_814_400,
  cohortPeriod: 86_400,
  maxWait: 2_592_000,
  redelegationPeriod: 1_814_400,
  commissionNotice: 604_800,
  commissionStep: 10_000,
  commissionMax: 200_000,
  minimumDelegation: COIN,
  maxHold: 4_838_400,
};

/** Authorities' joint stake by protocol.md section 1, counted in none of a plan's seats, and as the plan has it. */
const DIVISOR = { joint: 6n, none: 1n << 64n, asPlanned: 1n };

function divisorOf({ seats, authorities }: RegistryPlan): bigint {
  const sum = (from: number, to: number): bigint =>
    seats.slice(from, to).reduce((total, { stake }) => total + stake, 0n);
  const theirs = sum(0, authorities);
  if (theirs === 0n) return DIVISOR.none;
  return 5n * theirs <= sum(authorities, seats.length) ? DIVISOR.joint : DIVISOR.asPlanned;
}

/** Rules under which the contracts seal a plan's seats as they are: bonds small, weights not bound to them. */
export function rulesOf(
  plan: RegistryPlan,
  options: { readonly recovery: RecoveryPlan | null; readonly second: Millis; readonly params: Params },
): Rules {
  const { recovery, second, params } = options;
  const { epochLength, lease, drift } = params;
  const least = plan.seats
    .filter((_, seat) => seat >= plan.authorities && !plan.unseated.has(seat))
    .reduce((lowest, { stake }) => (stake > 0n && stake < lowest ? stake : lowest), 2n);
  const seconds = (time: Millis): number => time / second;
  return {
    // As on a devnet: some scenarios' epochs are shorter than their settlement chain's finality.
    consensus: {
      epochLength,
      lease: (lease * 1_000) / second,
      drift: (drift * 1_000) / second,
      settlementLag: 0,
    },
    stake: {
      ...DEFAULT_RULES.stake,
      authorityBond: 1n,
      stakerBond: 1n,
      balancedBond: least,
      weightPerBond: 1n << 64n,
      authorityStakeDivisor: divisorOf(plan),
    },
    slashing: { ...DEFAULT_RULES.slashing, jailTime: 0, jailAfter: 3 },
    rewards: DEFAULT_RULES.rewards,
    recovery: {
      stall: recovery === null ? 0 : seconds(recovery.stall),
      grace: recovery === null ? 0 : seconds(recovery.grace),
      leakAfter: recovery === null ? 0 : seconds(recovery.leakAfter),
      leakRound: recovery === null ? 0 : seconds(recovery.leakRound),
      leakStep: BigInt(recovery?.leakStep ?? 0),
      leakFloor: BigInt(recovery?.leakFloor ?? 0),
    },
  };
}
