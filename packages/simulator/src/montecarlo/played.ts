import { twin } from "../adversaries/index.ts";
import { everyCorrupt, playFork } from "../attacks/index.ts";
import { Random } from "../random.ts";
import type { Rules } from "../rules.ts";
import { calmScenario } from "../scenario.ts";

export interface PlayedOptions {
  /** Probability that an authority, and that a staker, is corrupt. */
  readonly corruptAuthority: number;
  readonly corruptStaker: number;
}

/** One random coalition that tried to fork Balanced, and what it held. */
export interface PlayedResult {
  readonly authorityShare: number;
  readonly stakeShare: number;
  readonly succeeded: boolean;
  /** It held more than a third of both classes. */
  readonly aboveBounds: boolean;
  readonly failures: readonly string[];
}

const every = (value: number) => ({ fast: value, balanced: value, secure: value });
const PARTITION = 1_500;

/**
 * Twins of a random coalition in a Balanced world of random size and stakes, one process on each side of a random partition
 * of the honest: the reducer decides whether it forks.
 */
export function playCoalition(
  { corruptAuthority, corruptStaker }: PlayedOptions,
  seed: string,
  modules: { readonly rules: Rules },
): PlayedResult {
  const random = new Random(`played ${seed}`);
  const authorities = random.whole(4, 6);
  const stakers = random.whole(3, 5);
  const base = calmScenario(`played ${seed}`, { mode: "balanced", authorities, stakers });
  const seats = base.plan.seats.map((seat, at) => ({
    ...seat,
    stake: at < authorities ? 0n : BigInt(random.whole(1, 9)),
  }));
  const all = seats.map((_, validator) => validator);
  const corrupt = new Set(
    all.filter((v) => random.chance(v < authorities ? corruptAuthority : corruptStaker)),
  );
  const honest = random.shuffled(all.filter((v) => !corrupt.has(v)));
  // Halves by turns, heaviest first, so that both sides are as strong as they can be.
  const weight = (v: number): number => (v < authorities ? 100 : Number(seats[v]!.stake));
  const turns = [...honest].sort((a, b) => weight(b) - weight(a));
  const left = new Set(turns.filter((_, at) => at % 2 === 0));
  const right = new Set(turns.filter((_, at) => at % 2 === 1));
  const total = seats.reduce((sum, { stake }) => sum + stake, 0n);
  const held = [...corrupt].reduce((sum, v) => sum + seats[v]!.stake, 0n);
  const corruptSeats = [...corrupt].filter((v) => v < authorities).length;
  const aboveBounds = 3 * corruptSeats > authorities && 3n * held > total;
  const scenario = {
    ...base,
    plan: {
      ...base.plan,
      seats,
      params: { ...base.plan.params, epochLength: every(1_000), checkpointInterval: every(100) },
    },
    twins: corrupt,
    faults: [
      { kind: "partition" as const, from: 1, to: PARTITION, groups: [[...left, ...corrupt], [...right]] },
    ],
    stabilization: 1,
    safetyOnly: true,
    blocks: 0,
    epochs: 0,
  };
  const society = { scenario, corrupt, left, right };
  const { succeeded, failures } = playFork(
    { society, promised: !aboveBounds, behaviours: everyCorrupt(society, twin) },
    modules,
    PARTITION,
  );
  return {
    authorityShare: corruptSeats / authorities,
    stakeShare: Number(held) / Number(total),
    succeeded,
    aboveBounds,
    failures,
  };
}
