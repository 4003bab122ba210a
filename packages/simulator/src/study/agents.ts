import {
  DEFAULTS,
  type EconomyOptions,
  FIGURES,
  type Life,
  RANGES,
  simulateEconomy,
} from "../agents/index.ts";
import { type Interval, meanInterval } from "../statistics.ts";
import type { Done, Job, Json, Study } from "./study.ts";

export interface AgentOptions {
  readonly runs: number;
  /** Every assumption is moved to both ends of its range. */
  readonly sweep: boolean;
  /** Assumptions that differ from the usual ones. */
  readonly set: Readonly<Record<string, number>>;
}

type Figure = (typeof FIGURES)[number];

const optionsOf = (study: Study): AgentOptions => study.options as unknown as AgentOptions;

/** A market of the study: the base, or one assumption moved. */
interface Variant {
  readonly name: string;
  readonly options: EconomyOptions;
}

const baseOf = ({ set }: AgentOptions): EconomyOptions => ({ ...DEFAULTS, ...set });

function variants(options: AgentOptions): readonly Variant[] {
  const base = baseOf(options);
  const moved = options.sweep
    ? RANGES.flatMap(({ name, low, high }) => [
        { name: `${name} low`, options: { ...base, [name]: low } },
        { name: `${name} high`, options: { ...base, [name]: high } },
      ])
    : [];
  return [{ name: "base", options: base }, ...moved];
}

const keyOf = (variant: string, run: number): string => `market / ${variant} / ${run}`;

export function agentJobs(study: Study): Job[] {
  const options = optionsOf(study);
  return variants(options).flatMap((variant) =>
    Array.from({ length: options.runs }, (_, run) => ({
      key: keyOf(variant.name, run),
      kind: "market",
      // The same seed in every variant: what differs is the assumption alone.
      input: { options: { ...variant.options }, seed: `${study.seed} ${run}` },
    })),
  );
}

export function runMarket(input: Json): Json {
  const { options, seed } = input as unknown as { readonly options: EconomyOptions; readonly seed: string };
  return simulateEconomy(options, seed) as unknown as Json;
}

export interface AgentResults {
  readonly base: EconomyOptions;
  /** Figures of the base over time, means over the runs. */
  readonly series: readonly { readonly day: number; readonly figures: Readonly<Record<Figure, Interval>> }[];
  /** Final figures by variant, means over the runs. */
  readonly final: ReadonlyMap<string, Readonly<Record<Figure, Interval>>>;
  /** Stakes at the end of the base's first run. */
  readonly stakes: readonly number[];
  readonly unfinished: number;
}

export function agentResults(study: Study, results: ReadonlyMap<string, Done>): AgentResults {
  const options = optionsOf(study);
  let unfinished = 0;
  const lives = new Map<string, Life[]>();
  for (const { name } of variants(options)) {
    const own: Life[] = [];
    for (let run = 0; run < options.runs; run++) {
      const done = results.get(keyOf(name, run));
      if (done === undefined) unfinished++;
      else own.push(done.result as unknown as Life);
    }
    lives.set(name, own);
  }
  const over = (of: readonly Life["days"][number][]): Record<Figure, Interval> =>
    Object.fromEntries(
      FIGURES.map((figure) => [figure, meanInterval(of.map((day) => day[figure]))]),
    ) as Record<Figure, Interval>;
  const base = lives.get("base")!;
  const series = (base[0]?.days ?? []).map(({ day }, at) => ({
    day,
    figures: over(base.flatMap(({ days }) => days[at] ?? [])),
  }));
  const final = new Map(
    [...lives]
      .filter(([, own]) => own.length > 0)
      .map(([name, own]) => [name, over(own.map(({ days }) => days.at(-1)!))]),
  );
  return { base: baseOf(options), series, final, stakes: base[0]?.stakes ?? [], unfinished };
}
