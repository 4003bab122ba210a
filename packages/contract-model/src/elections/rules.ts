import { least, MILLION, sum } from "../numbers.ts";
import type { StakeRules } from "../state/index.ts";

/** What a seal reads of one seat. */
export interface LiveSeat {
  /** Live weight, whole AITBC; 0 if it does not count. */
  readonly weight: bigint;
  /** A staker bonded enough for Balanced. */
  readonly qualified: boolean;
}

/** Weights and sets as a seal fixes them. */
export interface SealedWeights {
  /** By seat, after the caps. */
  readonly weights: readonly bigint[];
  readonly backing: ReadonlySet<number>;
  readonly suspended: ReadonlySet<number>;
  readonly cut: bigint;
  readonly totalStake: bigint;
  readonly backingStake: bigint;
  readonly stakers: number;
  readonly backingStakers: number;
}

/**
 * Greatest c with c <= cap · Σ min(s, c), cap in millionths. The difference of both sides is concave in c and 0 at 0,
 * so those c that fit are all up to the greatest.
 */
export function greatestCut(stakes: readonly bigint[], cap: bigint): bigint {
  const fits = (c: bigint): boolean => c * MILLION <= cap * sum(stakes.map((s) => least(s, c)));
  let fitting = 0n;
  let tooMuch = (cap * sum(stakes)) / MILLION + 1n;
  while (tooMuch - fitting > 1n) {
    const middle = (fitting + tooMuch) / 2n;
    if (fits(middle)) fitting = middle;
    else tooMuch = middle;
  }
  return fitting;
}

/** A seal by protocol.md section 1: who backs, the cut of every weight, the authorities' joint cap. All floored. */
export function sealWeights(
  seats: readonly LiveSeat[],
  nAuth: number,
  rules: Pick<StakeRules, "stakeCap" | "stakeCapFrom" | "authorityStakeDivisor" | "balancedSeats">,
): SealedWeights {
  const suspended = new Set<number>();
  for (let seat = 0; seat < nAuth; seat++) if (seats[seat]!.weight === 0n) suspended.add(seat);
  const active = nAuth - suspended.size;
  // "Best": by stake, then the lower seat; the sort is stable.
  const best = seats
    .map((live, seat) => ({ ...live, seat }))
    .filter(({ qualified, seat }) => seat >= nAuth && qualified)
    .sort((a, b) => (a.weight === b.weight ? 0 : a.weight > b.weight ? -1 : 1))
    .slice(0, rules.balancedSeats > active ? rules.balancedSeats - active : 0);
  const applies = best.length >= rules.stakeCapFrom;
  const cut = applies
    ? greatestCut(
        best.map(({ weight }) => weight),
        rules.stakeCap,
      )
    : 0n;
  const weights = seats.map(({ weight }) => (applies ? least(weight, cut) : weight));
  const stakersStake = sum(best.map(({ seat }) => weights[seat]!));
  const scaled = sum(weights.slice(0, nAuth)) * (rules.authorityStakeDivisor - 1n);
  if (scaled > stakersStake) {
    for (let seat = 0; seat < nAuth; seat++) weights[seat] = (weights[seat]! * stakersStake) / scaled;
  }
  const backing = new Set<number>();
  for (let seat = 0; seat < nAuth; seat++) if (!suspended.has(seat)) backing.add(seat);
  for (const { seat } of best) backing.add(seat);
  return {
    weights,
    backing,
    suspended,
    cut,
    totalStake: sum(weights),
    backingStake: sum(weights.slice(0, nAuth)) + stakersStake,
    stakers: weights.filter((weight, seat) => seat >= nAuth && weight !== 0n).length,
    backingStakers: best.length,
  };
}
