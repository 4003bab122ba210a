import {
  electorate,
  type Hash,
  hashBytes,
  leaderSchedule,
  type Registry,
  type Seat,
  seedStep,
} from "@aitbc-hybrid/protocol";
import { named } from "./signatures.ts";

/** Last terms whose outputs an attacker weighs against each other at most: 2^6 seeds are tried. */
const MOST_WITHHELD = 6;

/** What a coalition that withholds outputs at the end of each epoch chooses its seeds by. */
export type Aim =
  /** To lead as many of the next epoch's last terms in a row as it can: to choose again. */
  | "lastTerms"
  /** To lead as many terms of the next epoch as it can. */
  | "share";

export interface WithholdingOptions {
  readonly registry: Registry;
  readonly coalition: ReadonlySet<Seat>;
  readonly aim: Aim;
  /** Terms of an epoch. */
  readonly terms: number;
  readonly epochs: number;
  readonly name: string;
}

export interface WithholdingResult {
  /** Part of the epochs whose last term the coalition led. */
  readonly lastTerm: number;
  /** Part of all terms that it led. */
  readonly share: number;
  /** Part of all terms that it gave up by withholding. */
  readonly withheld: number;
}

/**
 * Plays epochs of Secure against a coalition that holds the last r terms of one: it alone knows their outputs and leaves
 * out those that give it the worse of 2^r seeds (protocol.md section 5). Leaders are drawn by the protocol's own schedule;
 * everybody else's outputs are hashes.
 */
export function withholding(options: WithholdingOptions): WithholdingResult {
  const { registry, coalition, aim, terms, epochs, name } = options;
  const members = electorate(registry, "secure");
  let seed = hashBytes(new TextEncoder().encode(name));
  let led = 0;
  let last = 0;
  let withheld = 0;
  const lastTerms = (leader: (term: number) => Seat): number => {
    let count = 0;
    while (count < terms && coalition.has(leader(terms - count))) count++;
    return count;
  };
  const owned = (leader: (term: number) => Seat): number => {
    let count = 0;
    for (let term = 1; term <= terms; term++) if (coalition.has(leader(term))) count++;
    return count;
  };
  for (let epoch = 0; epoch < epochs; epoch++) {
    const domain = named("withholding", name, epoch);
    const next = named("withholding", name, epoch + 1);
    const leader = leaderSchedule(members, domain, seed);
    const held = Math.min(lastTerms(leader), MOST_WITHHELD);
    led += owned(leader);
    if (held > 0) last++;
    // All that others add is the same whatever the coalition does.
    const before = seedStep(seed, named("others", name, epoch));
    let best: { readonly seed: Hash; readonly worth: number; readonly given: number } | null = null;
    for (let choice = 0; choice < 2 ** held; choice++) {
      let candidate = before;
      let given = 0;
      for (let at = 0; at < held; at++) {
        if ((choice >> at) & 1) given++;
        else candidate = seedStep(candidate, named("output", name, epoch, at));
      }
      const schedule = leaderSchedule(members, next, candidate);
      const worth = aim === "lastTerms" ? lastTerms(schedule) : owned(schedule);
      if (best === null || worth > best.worth || (worth === best.worth && given < best.given))
        best = { seed: candidate, worth, given };
    }
    seed = best!.seed;
    withheld += best!.given;
  }
  return { lastTerm: last / epochs, share: led / (epochs * terms), withheld: withheld / (epochs * terms) };
}

/**
 * How often a coalition that leads each term with probability `p` leads an epoch's last term in the long run, if it always
 * takes the seed that gives it most of the last terms: with r of them it has the best of 2^r independent draws, so
 * P(r' >= k | r) = 1 - (1 - p^k)^(2^r). The stationary distribution of that chain.
 */
export function lastTermInTheLongRun(p: number): number {
  const atLeast = (k: number, r: number): number => (k > MOST_WITHHELD ? 0 : 1 - (1 - p ** k) ** (2 ** r));
  const lengths = Array.from({ length: MOST_WITHHELD + 1 }, (_, r) => r);
  const follows = lengths.map((k) => lengths.map((r) => (k === 0 ? 1 : atLeast(k, r)) - atLeast(k + 1, r)));
  let chance: readonly number[] = lengths.map((r) => (r === 0 ? 1 : 0));
  for (let round = 0; round < 1_000; round++) {
    const before = chance;
    chance = follows.map((after) => after.reduce((sum, p, r) => sum + before[r]! * p, 0));
  }
  return 1 - chance[0]!;
}
