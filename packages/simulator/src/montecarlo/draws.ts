import { sealWeights } from "@aitbc-hybrid/contract-model";
import type { Mode } from "@aitbc-hybrid/protocol";
import { Random } from "../random.ts";
import { sum } from "../statistics.ts";

/** Whose keys fall into the attacker's hands, each independently of the others. */
export interface DrawOptions {
  readonly mode: Mode;
  readonly authorities: number;
  readonly stakers: number;
  /** Exponent of the Pareto distribution of stakes; 0: all are equal. */
  readonly paretoExponent: number;
  /** Probability that an authority, and that a staker, is corrupt. */
  readonly corruptAuthority: number;
  readonly corruptStaker: number;
  readonly draws: number;
}

/** How many of the draws gave the attacker what the mode's table names for each breach. */
export interface DrawResult {
  readonly draws: number;
  readonly fork: number;
  readonly stall: number;
  readonly forge: number;
}

/** Caps of the contracts: 10 % a staker from 20 stakers up, 100 seats in Balanced. */
const CAPS = { stakeCap: 100_000n, stakeCapFrom: 20, authorityStakeDivisor: 6n };
const UNIT = 1_000_000;

function weightsOf({ mode, authorities, stakers, paretoExponent: a }: DrawOptions, random: Random): number[] {
  const stakes = Array.from({ length: stakers }, () =>
    a === 0 ? UNIT : Math.floor(UNIT * Math.min(1_000, (1 - random.unit()) ** (-1 / a))),
  );
  const live = [
    ...Array.from({ length: authorities }, () => ({ weight: 1n, qualified: false })),
    ...stakes.map((stake) => ({ weight: BigInt(stake), qualified: true })),
  ];
  const balancedSeats = mode === "secure" ? live.length : 100;
  const { weights, backing } = sealWeights(live, authorities, { ...CAPS, balancedSeats });
  return weights
    .map((weight, seat) => (seat >= authorities && backing.has(seat) ? Number(weight) : 0))
    .slice(authorities);
}

/** Draws coalitions and weighs them by protocol.md section 2's table, for an attacker who holds the network too. */
export function drawCoalitions(options: DrawOptions, seed: string): DrawResult {
  const random = new Random(`draws ${seed}`);
  const { mode, authorities, corruptAuthority, corruptStaker, draws } = options;
  const count = { draws, fork: 0, stall: 0, forge: 0 };
  for (let draw = 0; draw < draws; draw++) {
    const weights = mode === "fast" ? [] : weightsOf(options, random);
    let a = 0;
    for (let seat = 0; seat < authorities; seat++) if (random.chance(corruptAuthority)) a++;
    const all = sum(weights);
    const s = sum(weights.filter(() => random.chance(corruptStaker)));
    const overA = (parts: number, of: number): boolean => of * a > parts * authorities;
    const overS = (parts: number, of: number): boolean => of * s > parts * all;
    const fork = { fast: overA(1, 3), balanced: overA(1, 3) && overS(1, 3), secure: overS(1, 3) }[mode];
    // Correct weight must exceed two thirds (of the authorities in Secure: a third).
    const lacksA = (parts: number, of: number): boolean => of * (authorities - a) <= parts * authorities;
    const lacksS = of3(all - s, all);
    const stall = { fast: lacksA(2, 3), balanced: lacksA(2, 3) || lacksS, secure: lacksS || lacksA(1, 3) }[
      mode
    ];
    const forge = {
      fast: overA(2, 3),
      balanced: overA(2, 3) && overS(2, 3),
      secure: overS(2, 3) && overA(1, 3),
    }[mode];
    if (fork) count.fork++;
    if (stall) count.stall++;
    if (forge) count.forge++;
  }
  return count;
}

const of3 = (correct: number, all: number): boolean => 3 * correct <= 2 * all;
