import type { Mode } from "../state/index.ts";

/** What a set of validators weighs: authorities by head, stake in whole AITBC. */
export interface Weights {
  readonly authorities: bigint;
  readonly stake: bigint;
}

const twoThirds = (part: bigint, whole: bigint): boolean => 3n * part > 2n * whole;
const third = (part: bigint, whole: bigint): boolean => 3n * part > whole;

/** Q(X) of protocol.md section 2. A class whose total is 0 drops out; an empty set decides nothing. */
export function isQuorum(mode: Mode, part: Weights, whole: Weights): boolean {
  const authorities = whole.authorities === 0n || twoThirds(part.authorities, whole.authorities);
  const stake = whole.stake === 0n || twoThirds(part.stake, whole.stake);
  switch (mode) {
    case "fast":
      return whole.authorities !== 0n && authorities;
    case "balanced":
      return (whole.authorities !== 0n || whole.stake !== 0n) && authorities && stake;
    case "secure":
      return (
        whole.stake !== 0n &&
        stake &&
        (whole.authorities === 0n || third(part.authorities, whole.authorities))
      );
  }
}

/** Whether signers make a checkpoint accepted: Q of the mode and more than two thirds of the backing stake. */
export const isBacked = (mode: Mode, part: Weights, whole: Weights): boolean =>
  isQuorum(mode, part, whole) && (whole.stake === 0n || twoThirds(part.stake, whole.stake));
