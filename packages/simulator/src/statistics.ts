/** An estimate with its confidence interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Of a standard normal variable, 95 % lie within so many standard deviations. */
export const Z95 = 1.959_963_984_540_054;

/** Wilson's score interval of a probability of which `hits` of `trials` were seen; all of [0, 1] without a trial. */
export function wilson(hits: number, trials: number, z: number = Z95): Interval {
  if (trials === 0) return { value: 0, low: 0, high: 1 };
  const p = hits / trials;
  const z2 = z * z;
  const centre = (p + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = (z / (1 + z2 / trials)) * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials * trials));
  // At the ends the interval touches 0 or 1 exactly; rounding must not push it past.
  return {
    value: p,
    low: hits === 0 ? 0 : Math.max(0, centre - half),
    high: hits === trials ? 1 : Math.min(1, centre + half),
  };
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : sum(values) / values.length;

/** Sample standard deviation; 0 for fewer than two values. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return Math.sqrt(sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1));
}

/** The mean with the interval that a normal mean of so many values would have. */
export function meanInterval(values: readonly number[], z: number = Z95): Interval {
  const value = mean(values);
  const half = values.length === 0 ? 0 : (z * deviation(values)) / Math.sqrt(values.length);
  return { value, low: value - half, high: value + half };
}

/** Gini coefficient of non-negative holdings: 0 if all are equal, (n - 1) / n if one has everything. */
export function gini(holdings: readonly number[]): number {
  const total = sum(holdings);
  const n = holdings.length;
  if (n === 0 || total === 0) return 0;
  const sorted = [...holdings].sort((a, b) => a - b);
  const weighted = sum(sorted.map((value, at) => (at + 1) * value));
  return (2 * weighted) / (n * total) - (n + 1) / n;
}

/** How few of the largest holders hold more than `share` of everything (1/3: enough to stop, 2/3: enough to forge). */
export function nakamoto(holdings: readonly number[], share = 1 / 3): number {
  const goal = share * sum(holdings);
  const sorted = [...holdings].sort((a, b) => b - a);
  let held = 0;
  for (const [at, value] of sorted.entries()) {
    held += value;
    if (held > goal) return at + 1;
  }
  return sorted.length;
}

/** P(X > k) of a binomial variable of n draws with probability p. */
export function binomialAbove(n: number, p: number, k: number): number {
  if (k >= n) return 0;
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  let logChoose = 0;
  let above = 0;
  for (let i = 0; i <= n; i++) {
    if (i > 0) logChoose += Math.log((n - i + 1) / i);
    if (i > k) above += Math.exp(logChoose + i * Math.log(p) + (n - i) * Math.log(1 - p));
  }
  return Math.min(1, above);
}
