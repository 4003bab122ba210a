/** What a seal reads of one seat. */
export interface LiveSeat {
  /** Live weight, whole AITBC; 0 if it does not count. */
  readonly weight: bigint;
  /** A staker bonded enough for Balanced. */
  readonly qualified: boolean;
}

export interface SealRules {
  readonly stakeCap: bigint;
  readonly stakeCapFrom: number;
  readonly authorityStakeDivisor: bigint;
  readonly balancedSeats: number;
}

export interface SealResult {
  readonly weights: readonly bigint[];
  readonly backing: readonly number[];
  readonly suspended: readonly number[];
  readonly cut: bigint;
  readonly totalStake: bigint;
  readonly backingStake: bigint;
}

const MILLION = 1_000_000n;
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** A seal by the words of protocol.md section 1, with sorting and search where the contract is given hints. */
export function sealSlowly(seats: readonly LiveSeat[], nAuth: number, rules: SealRules): SealResult {
  const suspended = seats.flatMap(({ weight }, seat) => (seat < nAuth && weight === 0n ? [seat] : []));
  const active = nAuth - suspended.length;
  const places = Math.max(0, rules.balancedSeats - active);
  const best = seats
    .map(({ weight, qualified }, seat) => ({ weight, qualified, seat }))
    .filter(({ seat, qualified }) => seat >= nAuth && qualified)
    .sort((a, b) => (a.weight === b.weight ? a.seat - b.seat : a.weight > b.weight ? -1 : 1))
    .slice(0, places)
    .map(({ seat }) => seat);
  let weights = seats.map(({ weight }) => weight);
  let cut = 0n;
  if (best.length >= rules.stakeCapFrom) {
    const fits = (c: bigint) =>
      c * MILLION <= rules.stakeCap * sum(best.map((seat) => least(weights[seat]!, c)));
    cut = (rules.stakeCap * sum(best.map((seat) => weights[seat]!))) / MILLION;
    while (!fits(cut)) cut--;
    weights = weights.map((weight) => least(weight, cut));
  }
  const stakers = sum(best.map((seat) => weights[seat]!));
  const joint = sum(weights.slice(0, nAuth));
  const divisor = rules.authorityStakeDivisor - 1n;
  if (joint * divisor > stakers) {
    weights = weights.map((weight, seat) => (seat < nAuth ? (weight * stakers) / (joint * divisor) : weight));
  }
  const backing = [
    ...Array.from({ length: nAuth }, (_, seat) => seat).filter((seat) => !suspended.includes(seat)),
    ...[...best].sort((a, b) => a - b),
  ];
  return {
    weights,
    backing,
    suspended,
    cut,
    totalStake: sum(weights),
    backingStake: sum(backing.map((seat) => weights[seat]!)),
  };
}
