import { ATTACKS, type AttackCase, caseName, type Outcome } from "../attacks/index.ts";
import { type Interval, mean, wilson } from "../statistics.ts";
import type { Done, Job, Json, Study, StudyModules } from "./study.ts";
import { type Run, type Search, search, type Threshold, thresholdOf } from "./threshold.ts";

export interface AttackStudyOptions {
  /** Names of attacks; empty: all. */
  readonly attacks: readonly string[];
  /** Modes; empty: all. */
  readonly modes: readonly string[];
  /** Only the two levels at the bound, or every level, or those that a search for the threshold asks for. */
  readonly levels: "bounds" | "sweep" | "threshold";
  /** Runs of each level; a search plays some levels more often. */
  readonly runs: number;
}

/** One case of the study: its index in the library is fixed by its name. */
interface Chosen {
  readonly name: string;
  readonly attack: (typeof ATTACKS)[number];
  readonly of: AttackCase;
}

function chosen({ attacks, modes }: AttackStudyOptions): readonly Chosen[] {
  return ATTACKS.filter(({ name }) => attacks.length === 0 || attacks.includes(name)).flatMap((attack) =>
    attack.cases
      .filter(({ mode }) => modes.length === 0 || modes.includes(mode))
      .map((of) => ({ name: caseName(attack, of), attack, of })),
  );
}

const optionsOf = (study: Study): AttackStudyOptions => study.options as unknown as AttackStudyOptions;

const keyOf = (name: string, { level, run }: Run): string => `${name} / ${level} / ${run}`;

/** Runs of a case that can be named from the results so far. */
function searchOf(
  { name, of }: Chosen,
  { levels, runs }: AttackStudyOptions,
  results: ReadonlyMap<string, Done>,
): Search {
  const outcomeOf = (level: number, run: number): boolean | undefined =>
    (results.get(keyOf(name, { level, run }))?.result as unknown as Outcome | undefined)?.succeeded;
  if (levels === "threshold") return search(of, runs, outcomeOf);
  const { safe, broken, most } = of;
  const all =
    levels === "bounds"
      ? new Set([safe, broken ?? most])
      : new Set(Array.from({ length: most }, (_, at) => at + 1));
  const asked = [...all].flatMap((level) => Array.from({ length: runs }, (_, run) => ({ level, run })));
  return { asked, finished: asked.every(({ level, run }) => outcomeOf(level, run) !== undefined) };
}

/** Every run of the study that can be named from the results so far. */
export function attackJobs(study: Study, results: ReadonlyMap<string, Done>): Job[] {
  const options = optionsOf(study);
  return chosen(options).flatMap((each, line) =>
    searchOf(each, options, results).asked.map(({ level, run }) => ({
      key: keyOf(each.name, { level, run }),
      kind: "attack",
      input: { name: each.name, level, seed: `${study.seed} ${run}` },
      ...(options.levels === "threshold" ? { line } : {}),
    })),
  );
}

/** Plays one run. */
export function runAttack(input: Json, modules: StudyModules): Json {
  const { name, level, seed } = input as {
    readonly name: string;
    readonly level: number;
    readonly seed: string;
  };
  for (const attack of ATTACKS)
    for (const of of attack.cases)
      if (caseName(attack, of) === name) return { ...of.play(level, seed, modules) } as unknown as Json;
  throw new Error(`there is no attack "${name}"`);
}

/** What the runs of one level showed. */
export interface LevelResult {
  readonly level: number;
  readonly share: number;
  readonly runs: number;
  readonly succeeded: number;
  readonly success: Interval;
  /** Means of what the attack measures. */
  readonly measures: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

export interface CaseResult {
  readonly attack: string;
  readonly name: string;
  readonly idea: string;
  readonly successMeans: string;
  readonly mode: string;
  readonly resource: string;
  readonly given: string;
  readonly bound: string;
  readonly scale: number;
  readonly safe: number;
  readonly broken: number | null;
  readonly levels: readonly LevelResult[];
  /** Levels between which it begins to succeed: the last one without any success and the first with nothing else. */
  readonly seen: { readonly neverUpTo: number | null; readonly alwaysFrom: number | null };
  /** Level from which more than half of the runs succeed. */
  readonly threshold: Threshold;
  /** True if it never succeeded where it must not, always where it must, and broke no promise. */
  readonly asExpected: boolean;
  readonly complete: boolean;
}

/** Sums the results up, by case and level. */
export function attackResults(study: Study, results: ReadonlyMap<string, Done>): CaseResult[] {
  const options = optionsOf(study);
  return chosen(options).map((each): CaseResult => {
    const { name, attack, of } = each;
    const { asked, finished } = searchOf(each, options, results);
    const outcomesOf = new Map<number, Outcome[]>();
    for (const run of asked) {
      const done = results.get(keyOf(name, run));
      if (done === undefined) continue;
      const known = outcomesOf.get(run.level) ?? [];
      outcomesOf.set(run.level, known);
      known.push(done.result as unknown as Outcome);
    }
    const ascending = [...outcomesOf].sort(([a], [b]) => a - b);
    const levels = ascending.map(([level, outcomes]): LevelResult => {
      const names = [...new Set(outcomes.flatMap(({ measures }) => Object.keys(measures)))].sort();
      const succeeded = outcomes.filter((outcome) => outcome.succeeded).length;
      return {
        level,
        share: level / of.scale,
        runs: outcomes.length,
        succeeded,
        success: wilson(succeeded, outcomes.length),
        measures: Object.fromEntries(
          names.map((measure) => [measure, mean(outcomes.map(({ measures }) => measures[measure] ?? 0))]),
        ),
        failures: [...new Set(outcomes.flatMap(({ failures }) => failures))],
      };
    });
    const firstSuccess = levels.findIndex((each) => each.succeeded > 0);
    const never = (firstSuccess === -1 ? levels : levels.slice(0, firstSuccess)).at(-1);
    const lastFailure = levels.findLastIndex((each) => each.succeeded < each.runs);
    const always = levels[lastFailure + 1];
    const asExpected = levels.every(
      (each) =>
        (each.level > of.safe || (each.succeeded === 0 && each.failures.length === 0)) &&
        (of.broken === null || each.level < of.broken || each.succeeded === each.runs),
    );
    return {
      attack: attack.name,
      name,
      idea: attack.idea,
      successMeans: attack.success,
      mode: of.mode,
      resource: of.resource,
      given: of.given,
      bound: of.bound,
      scale: of.scale,
      safe: of.safe,
      broken: of.broken,
      levels,
      seen: { neverUpTo: never?.level ?? null, alwaysFrom: always?.level ?? null },
      threshold: thresholdOf(levels),
      asExpected,
      complete: finished,
    };
  });
}
