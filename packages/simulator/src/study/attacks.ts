import { ATTACKS, type AttackCase, caseName, type Outcome } from "../attacks/index.ts";
import { type Interval, mean, wilson } from "../statistics.ts";
import type { Done, Job, Json, Study, StudyModules } from "./study.ts";

export interface AttackStudyOptions {
  /** Names of attacks; empty: all. */
  readonly attacks: readonly string[];
  /** Modes; empty: all. */
  readonly modes: readonly string[];
  /** Only the two levels at the bound, or every level. */
  readonly levels: "bounds" | "sweep";
  /** Runs of each level. */
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

function levelsOf({ safe, broken, most }: AttackCase, levels: AttackStudyOptions["levels"]): number[] {
  if (levels === "bounds")
    return [safe, broken ?? most].filter((level, at, all) => all.indexOf(level) === at);
  return Array.from({ length: most }, (_, at) => at + 1);
}

const optionsOf = (study: Study): AttackStudyOptions => study.options as unknown as AttackStudyOptions;

/** Every run of the study. */
export function attackJobs(study: Study): Job[] {
  const options = optionsOf(study);
  return chosen(options).flatMap(({ name, of }) =>
    levelsOf(of, options.levels).flatMap((level) =>
      Array.from({ length: options.runs }, (_, run) => ({
        key: `${name} / ${level} / ${run}`,
        kind: "attack",
        input: { name, level, seed: `${study.seed} ${run}` },
      })),
    ),
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
  readonly scale: number;
  readonly safe: number;
  readonly broken: number | null;
  readonly levels: readonly LevelResult[];
  /** Shares between which it begins to succeed: the last level without any success and the first with nothing else. */
  readonly threshold: { readonly neverUpTo: number | null; readonly alwaysFrom: number | null };
  /** True if it never succeeded where it must not, always where it must, and broke no promise. */
  readonly asExpected: boolean;
  readonly complete: boolean;
}

/** Sums the results up, by case and level. */
export function attackResults(study: Study, results: ReadonlyMap<string, Done>): CaseResult[] {
  const options = optionsOf(study);
  return chosen(options).map(({ name, attack, of }): CaseResult => {
    let complete = true;
    const levels = levelsOf(of, options.levels).flatMap((level): LevelResult[] => {
      const outcomes: Outcome[] = [];
      for (let run = 0; run < options.runs; run++) {
        const done = results.get(`${name} / ${level} / ${run}`);
        if (done === undefined) complete = false;
        else outcomes.push(done.result as unknown as Outcome);
      }
      if (outcomes.length === 0) return [];
      const names = [...new Set(outcomes.flatMap(({ measures }) => Object.keys(measures)))].sort();
      const succeeded = outcomes.filter((outcome) => outcome.succeeded).length;
      return [
        {
          level,
          share: level / of.scale,
          runs: outcomes.length,
          succeeded,
          success: wilson(succeeded, outcomes.length),
          measures: Object.fromEntries(
            names.map((measure) => [measure, mean(outcomes.map(({ measures }) => measures[measure] ?? 0))]),
          ),
          failures: [...new Set(outcomes.flatMap(({ failures }) => failures))],
        },
      ];
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
      scale: of.scale,
      safe: of.safe,
      broken: of.broken,
      levels,
      threshold: { neverUpTo: never?.share ?? null, alwaysFrom: always?.share ?? null },
      asExpected,
      complete,
    };
  });
}
