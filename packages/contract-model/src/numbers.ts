/** Base units of one AITBC. */
export const COIN = 10n ** 18n;
/** Fractions of parameters are in parts of this. */
export const MILLION = 1_000_000n;

export const least = <N extends bigint | number>(a: N, b: N): N => (a < b ? a : b);
export const most = <N extends bigint | number>(a: N, b: N): N => (a > b ? a : b);
export const sum = (values: Iterable<bigint>): bigint => {
  let total = 0n;
  for (const value of values) total += value;
  return total;
};

/** a · b / c, rounded down. Not negative; c is above 0. */
export const mulDivDown = (a: bigint, b: bigint, c: bigint): bigint => (a * b) / c;
/** a · b / c, rounded up. Not negative; c is above 0. */
export const mulDivUp = (a: bigint, b: bigint, c: bigint): bigint => (a * b + c - 1n) / c;

/** a / b, rounded up. */
export const divUp = (a: bigint, b: bigint): bigint => mulDivUp(a, 1n, b);

/** Which period of `length` seconds a time lies in. */
export const periodOf = (time: number, length: number): number => (time - (time % length)) / length;
