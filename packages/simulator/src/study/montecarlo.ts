import { type DrawResult, drawCoalitions, type PlayedResult, playCoalition } from "../montecarlo/index.ts";
import { type Interval, sum, wilson } from "../statistics.ts";
import type { Done, Job, Json, Study, StudyModules } from "./study.ts";

export interface MonteCarloOptions {
  readonly modes: readonly string[];
  /** Coalitions drawn for each point, and played on the reducer for each field of the grid. */
  readonly draws: number;
  readonly plays: number;
  readonly authorities: number;
  readonly stakers: number;
  readonly pareto: number;
}

/** Probabilities of corruption that are tried, of authorities and of stakers. */
export const PROBABILITIES = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8] as const;
/** Of them, those at which coalitions are played. */
export const PLAYED = [0.1, 0.25, 0.4, 0.55, 0.7] as const;

const optionsOf = (study: Study): MonteCarloOptions => study.options as unknown as MonteCarloOptions;

const drawKey = (mode: string, a: number, s: number): string => `draws / ${mode} / ${a} / ${s}`;
const playKey = (a: number, s: number, run: number): string => `played / ${a} / ${s} / ${run}`;

/** Points of a mode: Fast knows no stake. */
const pointsOf = (mode: string): readonly (readonly [number, number])[] =>
  mode === "fast"
    ? PROBABILITIES.map((a) => [a, 0] as const)
    : PROBABILITIES.flatMap((a) => PROBABILITIES.map((s) => [a, s] as const));

export function monteCarloJobs(study: Study): Job[] {
  const { modes, draws, plays, authorities, stakers, pareto } = optionsOf(study);
  const drawn = modes.flatMap((mode) =>
    pointsOf(mode).map(([a, s]) => ({
      key: drawKey(mode, a, s),
      kind: "draws",
      input: {
        mode,
        authorities,
        stakers,
        paretoExponent: pareto,
        corruptAuthority: a,
        corruptStaker: s,
        draws,
        seed: `${study.seed} ${mode} ${a} ${s}`,
      },
    })),
  );
  const played = PLAYED.flatMap((a) =>
    PLAYED.flatMap((s) =>
      Array.from({ length: plays }, (_, run) => ({
        key: playKey(a, s, run),
        kind: "played",
        input: { corruptAuthority: a, corruptStaker: s, seed: `${study.seed} ${a} ${s} ${run}` },
      })),
    ),
  );
  return [...drawn, ...played];
}

export function runDraws(input: Json): Json {
  const { seed, ...options } = input as unknown as Parameters<typeof drawCoalitions>[0] & {
    readonly seed: string;
  };
  return { ...drawCoalitions(options, seed) };
}

export function runPlayed(input: Json, modules: StudyModules): Json {
  const { seed, ...options } = input as unknown as Parameters<typeof playCoalition>[0] & {
    readonly seed: string;
  };
  return { ...playCoalition(options, seed, modules) };
}

export const BREACHES = ["fork", "stall", "forge"] as const;
export type Breach = (typeof BREACHES)[number];

export interface PointResult {
  readonly mode: string;
  readonly corruptAuthority: number;
  readonly corruptStaker: number;
  readonly draws: number;
  readonly breaches: Readonly<Record<Breach, Interval>>;
}

/** Coalitions that were played, in fields of what they really held. */
export interface FieldResult {
  /** Sixths: 0 stands for a share below 1/6. */
  readonly authorities: number;
  readonly stake: number;
  readonly runs: number;
  readonly succeeded: number;
  readonly success: Interval;
}

export interface MonteCarloResult {
  readonly points: readonly PointResult[];
  readonly fields: readonly FieldResult[];
  readonly played: number;
  /** Forks by coalitions within the bounds, and what oracles found there: there must be none. */
  readonly breaches: readonly string[];
  readonly unfinished: number;
}

/** Fields of a share: sixths, so that a third is an edge. */
export const FIELDS = 6;
/** An exact third lies in the field below it: it is within the bound. */
export const fieldOf = (share: number): number =>
  Math.max(0, Math.min(FIELDS, Math.ceil(share * FIELDS - 1e-9)) - 1);

export function monteCarloResults(study: Study, results: ReadonlyMap<string, Done>): MonteCarloResult {
  const { modes, plays } = optionsOf(study);
  let unfinished = 0;
  const points = modes.flatMap((mode) =>
    pointsOf(mode).flatMap(([a, s]): PointResult[] => {
      const done = results.get(drawKey(mode, a, s));
      if (done === undefined) {
        unfinished++;
        return [];
      }
      const { draws, fork, stall, forge } = done.result as unknown as DrawResult;
      const breaches = {
        fork: wilson(fork, draws),
        stall: wilson(stall, draws),
        forge: wilson(forge, draws),
      };
      return [{ mode, corruptAuthority: a, corruptStaker: s, draws, breaches }];
    }),
  );
  const runs: PlayedResult[] = [];
  for (const a of PLAYED)
    for (const s of PLAYED)
      for (let run = 0; run < plays; run++) {
        const done = results.get(playKey(a, s, run));
        if (done === undefined) unfinished++;
        else runs.push(done.result as unknown as PlayedResult);
      }
  const fields: FieldResult[] = [];
  for (let authorities = 0; authorities < FIELDS; authorities++)
    for (let stake = 0; stake < FIELDS; stake++) {
      const own = runs.filter(
        (run) => fieldOf(run.authorityShare) === authorities && fieldOf(run.stakeShare) === stake,
      );
      const succeeded = sum(own.map((run) => (run.succeeded ? 1 : 0)));
      fields.push({
        authorities,
        stake,
        runs: own.length,
        succeeded,
        success: wilson(succeeded, own.length),
      });
    }
  const breaches = runs.flatMap(({ aboveBounds, succeeded, failures }) =>
    aboveBounds ? [] : [...(succeeded ? ["a coalition within the bounds forked"] : []), ...failures],
  );
  return { points, fields, played: runs.length, breaches: [...new Set(breaches)], unfinished };
}
