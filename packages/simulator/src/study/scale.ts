import { type Interval, mean, meanInterval } from "../statistics.ts";
import { measureScale, type Preset, type Scale } from "../wan/index.ts";
import type { Done, Job, Json, Study } from "./study.ts";

export interface ScaleStudyOptions {
  /** Sizes of networks, ascending. */
  readonly validators: readonly number[];
  /** Blocks measured in a run. */
  readonly blocks: number;
  /** Runs of each size. */
  readonly runs: number;
  readonly place: Preset;
}

const optionsOf = (study: Study): ScaleStudyOptions => study.options as unknown as ScaleStudyOptions;

const keyOf = (validators: number, run: number): string => `scale / ${validators} / ${run}`;

export function scaleJobs(study: Study): Job[] {
  const { validators, blocks, runs, place } = optionsOf(study);
  return validators.flatMap((size) =>
    Array.from({ length: runs }, (_, run) => ({
      key: keyOf(size, run),
      kind: "scale",
      input: { seed: `${study.seed} ${run}`, place, validators: size, blocks },
    })),
  );
}

export const runScale = (input: Json): Json => ({
  ...measureScale(input as unknown as Parameters<typeof measureScale>[0]),
});

export type ScaleFigure = keyof Scale;

export interface SizeResult {
  readonly validators: number;
  readonly runs: number;
  /** Means over the runs. */
  readonly figures: Readonly<Record<ScaleFigure, Interval>>;
}

export interface ScaleResults {
  readonly sizes: readonly SizeResult[];
  /** Power of the number of validators with which a figure grows: least squares of logarithms over the sizes. */
  readonly exponents: Readonly<Partial<Record<ScaleFigure, number>>>;
  readonly unfinished: number;
}

/** Slope of the line through points, by least squares; null for fewer than two. */
export function slope(points: readonly (readonly [number, number])[]): number | null {
  if (points.length < 2) return null;
  const x = mean(points.map(([each]) => each));
  const y = mean(points.map(([, each]) => each));
  const over = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0);
  return over / points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
}

/** Figures that votes through aggregators decide: smaller networks send them to everybody. */
const AGGREGATED_ABOVE = 100;

export function scaleResults(study: Study, results: ReadonlyMap<string, Done>): ScaleResults {
  const { validators, runs } = optionsOf(study);
  let unfinished = 0;
  const sizes = validators.flatMap((size): SizeResult[] => {
    const own: Scale[] = [];
    for (let run = 0; run < runs; run++) {
      const done = results.get(keyOf(size, run));
      if (done === undefined) unfinished++;
      else own.push(done.result as unknown as Scale);
    }
    if (own.length === 0) return [];
    const names = Object.keys(own[0]!) as ScaleFigure[];
    const figures = Object.fromEntries(
      names.map((name) => [name, meanInterval(own.map((each) => each[name]))]),
    ) as Record<ScaleFigure, Interval>;
    return [{ validators: size, runs: own.length, figures }];
  });
  const large = sizes.filter((each) => each.validators > AGGREGATED_ABOVE);
  const exponents: Partial<Record<ScaleFigure, number>> = {};
  for (const name of Object.keys(large[0]?.figures ?? {}) as ScaleFigure[]) {
    const points = large.filter(({ figures }) => figures[name].value > 0);
    const found = slope(
      points.map((each) => [Math.log(each.validators), Math.log(each.figures[name].value)] as const),
    );
    if (found !== null) exponents[name] = found;
  }
  return { sizes, exponents, unfinished };
}
