import { COIN, least, MILLION } from "../numbers.ts";
import type { EpochPay, Mode, RewardRules, SeatParticipation, Snapshot } from "../state/index.ts";

export const GWEI = 1_000_000_000n;
/** All of an epoch, as a vector counts what was missed. */
const ALL = 65_535n;
const MS_A_YEAR = 365n * 86_400_000n;
const LEAST_MULTIPLIER = 500_000n;
const MOST_MULTIPLIER = 2_000_000n;

/** The load multiplier as far as it is heeded, millionths. */
export const heeded = (multiplier: bigint): bigint =>
  multiplier < LEAST_MULTIPLIER ? LEAST_MULTIPLIER : least(multiplier, MOST_MULTIPLIER);

/**
 * What an epoch may pay, base units, rounded down: the smaller of what its blocks and what its time allow. Of the annual
 * cap a multiplier of 1 makes half.
 */
export function budgetOf(rules: RewardRules, blocks: number, multiplier: bigint, time: number): bigint {
  const planned = (rules.baseReward * 10n ** 15n * BigInt(blocks) * multiplier) / MILLION;
  const byTime =
    (rules.supply * COIN * rules.annualCap * multiplier * BigInt(time)) /
    (2n * MILLION * MILLION * MS_A_YEAR);
  return least(planned, byTime);
}

export interface PayInput {
  readonly mode: Mode;
  readonly snapshot: Snapshot;
  readonly rules: RewardRules;
  readonly budget: bigint;
  readonly views: number;
  readonly vector: readonly SeatParticipation[];
}

const authorityShare = (rules: RewardRules, mode: Mode): bigint =>
  ({
    fast: rules.authorityShareFast,
    balanced: rules.authorityShareBalanced,
    secure: rules.authorityShareSecure,
  })[mode];

/**
 * One epoch's pay by seat, every part rounded down to gwei. What is missed is withheld: it is nobody's. Who may not vote
 * for now (jailed, convicted) stays in both divisors, so that nobody gains by it.
 */
export function payOf({ mode, snapshot, rules, budget, views, vector }: PayInput): EpochPay {
  const everybody = mode === "secure";
  const voting = everybody ? snapshot.members : snapshot.backing;
  const bonus = (budget * rules.proposerBonus) / MILLION;
  const rest = budget - bonus - (budget * rules.creditShare) / MILLION;
  const forAuthorities = (rest * authorityShare(rules, mode)) / MILLION;
  const forStakers = rest - forAuthorities;
  const perView = views === 0 ? 0n : bonus / BigInt(views) / GWEI;
  const perAuthority = snapshot.nAuth === 0 ? 0n : forAuthorities / BigInt(snapshot.nAuth) / GWEI;

  const votersSum = everybody ? snapshot.totalStake : snapshot.backingStake;
  const votersStake = votersSum + snapshot.idleStake;
  const standbySum = snapshot.totalStake - votersSum;
  const standbyStake = standbySum + snapshot.idleStake;
  // Never more per stake than voters get.
  const forStandby =
    standbySum === 0n
      ? 0n
      : least(
          (forStakers * rules.standbyShare) / MILLION,
          (forStakers * standbyStake) / (standbyStake + votersStake),
        );
  const standbyPay = forStandby / GWEI;
  const votersPay = (forStakers - forStandby) / GWEI;

  let viewsLeft = BigInt(views);
  const bonusOf = (proposed: number): bigint => {
    const paid = least(BigInt(proposed), viewsLeft);
    viewsLeft -= paid;
    return paid * perView;
  };
  const authority: bigint[] = [];
  const stakers: bigint[] = [];
  const absent = new Set<number>();
  for (const [seat, weight] of snapshot.weights.entries()) {
    const { missed, proposed } = vector[seat]!;
    const votes = voting.has(seat);
    const shown = ALL - BigInt(missed);
    const part = weight * shown;
    let stakersPay = 0n;
    if (part !== 0n)
      stakersPay = votes
        ? (votersPay * part) / (votersStake * ALL)
        : (standbyPay * part) / (standbyStake * ALL);
    if (seat < snapshot.nAuth)
      authority.push(bonusOf(proposed) + (votes ? (perAuthority * shown) / ALL : 0n));
    else stakersPay += bonusOf(proposed);
    if (votes && shown === 0n) absent.add(seat);
    stakers.push(stakersPay);
  }
  return { authority, stakers, absent };
}
