import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import {
  type AgentOptions,
  ATTACKS,
  type AttackStudyOptions,
  ECONOMY,
  Journal,
  JournalError,
  type Json,
  jobsOf,
  jobsOfStudy,
  type MonteCarloOptions,
  PRESETS,
  type Preset,
  reportOf,
  runJobs,
  type ScaleStudyOptions,
  type Shard,
  type Study,
} from "@aitbc-hybrid/simulator";
import { Command } from "commander";
import { EXIT, UsageError } from "../errors.ts";
import { print, type Run } from "./command.ts";

interface Common {
  readonly seed: string;
  readonly out: string;
  readonly threads: string;
  readonly shard: string;
  readonly json?: boolean;
}

interface AttackOptions extends Common {
  readonly mode?: string[];
  readonly levels: string;
  readonly runs: string;
}

/** `sim`: the researcher's instruments. `version` is what reports say made them. */
export function simCommand(run: Run, version: string): Command {
  const command = new Command("sim")
    .description(
      "the protocol in a simulator: attacks and where they begin to succeed, coalitions, the market of stake",
    )
    .addHelpText(
      "after",
      "\nResults are appended to --out run by run: the same command goes on where it was interrupted. With --shard i/n a\n" +
        "study is split over machines; `sim merge` puts their folders together. Reports are the same bytes for the same seed.",
    );
  command.addCommand(listCommand(run));
  command.addCommand(attacksCommand(run, version));
  command.addCommand(monteCarloCommand(run, version));
  command.addCommand(agentsCommand(run, version));
  command.addCommand(scaleCommand(run, version));
  command.addCommand(mergeCommand(run, version));
  command.addCommand(reportCommand(run, version));
  return command;
}

/** Options of every command that does jobs. */
const withCommon = (command: Command): Command =>
  command
    .option("--seed <text>", "seed of everything drawn", "1")
    .option("--out <folder>", "folder of results and report", "sim-results")
    .option("--threads <n>", "worker threads", String(availableParallelism()))
    .option("--shard <i/n>", "do only the i-th of n parts", "1/1")
    .option("--json", "one JSON object on stdout");

function whole(text: string, field: string, least: number): number {
  if (!/^\d+$/.test(text) || Number(text) < least)
    throw new UsageError(`${field} is "${text}": give a whole number from ${least} up`);
  return Number(text);
}

function shardOf(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (index === undefined || shard.index < 1 || shard.index > shard.count)
    throw new UsageError(`--shard is "${text}": give i/n with i from 1 to n, such as 2/8`);
  return shard;
}

function listCommand(run: Run): Command {
  return new Command("list")
    .description("every attack, with the shares at which it must fail and must succeed")
    .option("--json", "one JSON object on stdout")
    .action(
      run(async (options: { json?: boolean }) => {
        const attacks = ATTACKS.map(({ name, idea, success, cases }) => ({
          name,
          idea,
          success,
          cases: cases.map(({ mode, resource, given, scale, safe, broken }) => ({
            mode,
            resource,
            given,
            scale,
            safe,
            broken,
          })),
        }));
        print(options.json ?? false, { attacks }, () =>
          attacks
            .map(({ name, idea, cases }) =>
              [
                name,
                `  ${idea}`,
                ...cases.map(
                  ({ mode, resource, given, scale, safe, broken }) =>
                    `  ${mode}: ${resource}${given === "" ? "" : ` (${given})`}: must fail up to ${safe}/${scale}, ` +
                    (broken === null ? "never succeeds" : `must succeed from ${broken}/${scale}`),
                ),
              ].join("\n"),
            )
            .join("\n\n"),
        );
        return EXIT.ok;
      }),
    );
}

const MODES = ["fast", "balanced", "secure"];
/** 21 authorities and the three stakers that Secure needs. */
const LEAST_VALIDATORS = 24;

const isLevels = (text: string): text is AttackStudyOptions["levels"] =>
  ["bounds", "sweep", "threshold"].includes(text);

function attacksCommand(run: Run, version: string): Command {
  return withCommon(
    new Command("attacks")
      .description("play attacks below and above their bounds and report the thresholds measured")
      .argument("[names...]", "attacks (see `sim list`); none: all")
      .option("--mode <mode...>", "only these modes: fast, balanced, secure")
      .option(
        "--levels <which>",
        '"bounds" for the two shares at the bound, "sweep" for every share, "threshold" for a search by bisection',
        "bounds",
      )
      .option(
        "--runs <n>",
        "runs of every share; a search plays up to four times as many where it matters",
        "5",
      ),
  )
    .addHelpText(
      "after",
      "\nExamples:\n  aitbc-hybrid sim attacks\n  aitbc-hybrid sim attacks --levels threshold --out thresholds\n  aitbc-hybrid sim attacks silent-leader eclipse --levels sweep --runs 20 --out eclipse\n" +
        "  aitbc-hybrid sim attacks --levels sweep --shard 2/8 --out part2 --json\n" +
        "\nExit code 1 means: an attack succeeded where it must fail, or failed where it must succeed.",
    )
    .action(
      run(async (names: string[], options: AttackOptions) => {
        const known = ATTACKS.map(({ name }) => name);
        for (const name of names)
          if (!known.includes(name))
            throw new UsageError(`there is no attack "${name}": give one of ${known.join(", ")}`);
        for (const mode of options.mode ?? [])
          if (!MODES.includes(mode))
            throw new UsageError(`--mode is "${mode}": give fast, balanced or secure`);
        if (!isLevels(options.levels))
          throw new UsageError(`--levels is "${options.levels}": give bounds, sweep or threshold`);
        const chosen: AttackStudyOptions = {
          attacks: known.filter((name) => names.includes(name)),
          modes: MODES.filter((mode) => options.mode?.includes(mode)),
          levels: options.levels,
          runs: whole(options.runs, "--runs", 1),
        };
        return study(
          { kind: "attacks", seed: options.seed, options: { ...chosen } as Json },
          options,
          version,
        );
      }),
    );
}

interface MonteCarloFlags extends Common {
  readonly mode: string[];
  readonly draws: string;
  readonly plays: string;
  readonly authorities: string;
  readonly stakers: string;
  readonly pareto: string;
}

function monteCarloCommand(run: Run, version: string): Command {
  return withCommon(
    new Command("montecarlo")
      .description("how often random coalitions can fork, stop or forge, by stake and authority share")
      .option("--mode <mode...>", "modes: fast, balanced, secure", MODES)
      .option("--draws <n>", "coalitions drawn for each point", "2000")
      .option("--plays <n>", "coalitions played on the reducer for each field of a grid; 0: none", "8")
      .option("--authorities <n>", "authorities drawn from", "21")
      .option("--stakers <n>", "stakers drawn from", "79")
      .option(
        "--pareto <exponent>",
        "inequality of stakes: the exponent of their distribution; 0: all equal",
        "1.4",
      ),
  )
    .addHelpText(
      "after",
      "\nExample:\n  aitbc-hybrid sim montecarlo --mode balanced --draws 20000 --plays 40 --out coalitions\n" +
        "\nExit code 1 means: a coalition within the bounds forked.",
    )
    .action(
      run(async (options: MonteCarloFlags) => {
        for (const mode of options.mode)
          if (!MODES.includes(mode))
            throw new UsageError(`--mode is "${mode}": give fast, balanced or secure`);
        const chosen: MonteCarloOptions = {
          modes: MODES.filter((mode) => options.mode.includes(mode)),
          draws: whole(options.draws, "--draws", 1),
          plays: whole(options.plays, "--plays", 0),
          authorities: whole(options.authorities, "--authorities", 1),
          stakers: whole(options.stakers, "--stakers", 3),
          pareto: decimal(options.pareto, "--pareto"),
        };
        return study(
          { kind: "montecarlo", seed: options.seed, options: { ...chosen } as Json },
          options,
          version,
        );
      }),
    );
}

interface AgentFlags extends Common {
  readonly runs: string;
  readonly sweep?: boolean;
  readonly set?: string[];
}

function agentsCommand(run: Run, version: string): Command {
  return withCommon(
    new Command("agents")
      .description("rational validators and delegators: stake distribution, yield, security budget, cartels")
      .option("--runs <n>", "markets played for each set of assumptions", "10")
      .option("--sweep", "move every assumption to both ends of its range (tornado plots)")
      .option("--set <name=value...>", "assumptions that differ from the usual ones"),
  )
    .addHelpText(
      "after",
      "\nExamples:\n  aitbc-hybrid sim agents --sweep --out market\n  aitbc-hybrid sim agents --set commissionMax=0.05 days=1460\n" +
        `\nAssumptions and their usual values:\n${Object.entries(ECONOMY)
          .map(([name, value]) => `  ${name} ${value}`)
          .join("\n")}`,
    )
    .action(
      run(async (options: AgentFlags) => {
        const set: Record<string, number> = {};
        for (const given of options.set ?? []) {
          const [name = "", value = ""] = given.split("=");
          if (typeof (ECONOMY as unknown as Record<string, unknown>)[name] !== "number")
            throw new UsageError(`--set is "${given}": there is no assumption "${name}" (see --help)`);
          set[name] = decimal(value, `--set ${name}`);
        }
        const chosen: AgentOptions = {
          runs: whole(options.runs, "--runs", 1),
          sweep: options.sweep ?? false,
          set,
        };
        return study(
          { kind: "agents", seed: options.seed, options: { ...chosen } as Json },
          options,
          version,
        );
      }),
    );
}

interface ScaleFlags extends Common {
  readonly validators: string[];
  readonly blocks: string;
  readonly runs: string;
  readonly place: string;
}

const PLACES = Object.keys(PRESETS);
const isPlace = (text: string): text is Preset => PLACES.includes(text);

function scaleCommand(run: Run, version: string): Command {
  return withCommon(
    new Command("scale")
      .description("finality, vote traffic and certificates of Secure as the number of validators grows")
      .option("--validators <n...>", "sizes of networks, 21 of them authorities", ["100", "300", "1000"])
      .option("--blocks <n>", "blocks measured in a run", "5")
      .option("--runs <n>", "runs of every size", "1")
      .option("--place <preset>", `where they stand: ${PLACES.join(", ")}`, "global"),
  )
    .addHelpText(
      "after",
      "\nExamples:\n  aitbc-hybrid sim scale --runs 3 --out scale\n" +
        "  aitbc-hybrid sim scale --validators 100 300 1000 3000 10000 --threads 1 --out outlook\n" +
        "\nThe protocol seats 1,000 at most; above that the cap is lifted for an outlook. 10,000 take 5 GB of memory.\n" +
        "How long each run took stands in runs.jsonl (seconds), not in the report.",
    )
    .action(
      run(async (options: ScaleFlags) => {
        const { place } = options;
        if (!isPlace(place)) throw new UsageError(`--place is "${place}": give one of ${PLACES.join(", ")}`);
        const sizes = options.validators.map((each) => whole(each, "--validators", LEAST_VALIDATORS));
        const chosen: ScaleStudyOptions = {
          validators: [...new Set(sizes)].sort((a, b) => a - b),
          blocks: whole(options.blocks, "--blocks", 1),
          runs: whole(options.runs, "--runs", 1),
          place,
        };
        return study(
          { kind: "scale", seed: options.seed, options: { ...chosen } as unknown as Json },
          options,
          version,
        );
      }),
    );
}

function decimal(text: string, field: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`${field} is "${text}": give a number such as 0.05`);
  return Number(text);
}

function mergeCommand(run: Run, version: string): Command {
  return new Command("merge")
    .description("put the results of shards together and write their report")
    .argument("<folders...>", "folders that shards wrote")
    .option("--out <folder>", "folder of the whole", "sim-results")
    .option("--json", "one JSON object on stdout")
    .addHelpText("after", "\nExample:\n  aitbc-hybrid sim merge part1 part2 part3 --out whole")
    .action(
      run(async (folders: string[], options: { out: string; json?: boolean }) => {
        const parts = reading(() => folders.map((folder) => Journal.existing(resolve(folder))));
        const journal = reading(() => Journal.open(resolve(options.out), parts[0]!.study));
        reading(() => {
          for (const part of parts) journal.merge(part);
        });
        return finish(journal, options, version);
      }),
    );
}

function reportCommand(run: Run, version: string): Command {
  return new Command("report")
    .description("write the report of what a folder holds again")
    .argument("<folder>", "folder of results")
    .option("--json", "one JSON object on stdout")
    .action(
      run(async (folder: string, options: { json?: boolean }) =>
        finish(
          reading(() => Journal.existing(resolve(folder))),
          options,
          version,
        ),
      ),
    );
}

/** What is wrong with a folder is the user's to put right. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof JournalError) throw new UsageError(error.message);
    throw error;
  }
}

/** The command that makes a study, without what does not change its results. */
function commandOf({ kind, seed, options }: Study): string {
  const words = ["aitbc-hybrid", "sim", kind];
  const { attacks = [], ...flags } = options as { readonly attacks?: readonly string[] } & Record<
    string,
    Json
  >;
  words.push(...attacks);
  for (const [name, value] of Object.entries(flags)) {
    const flag = `--${({ modes: "mode" })[name] ?? name}`;
    if (Array.isArray(value)) {
      if (value.length > 0) words.push(flag, ...value.map(String));
    } else if (typeof value === "boolean") {
      if (value) words.push(flag);
    } else if (value !== null && typeof value === "object") {
      const given = Object.entries(value).map(([key, held]) => `${key}=${held}`);
      if (given.length > 0) words.push(flag, ...given);
    } else words.push(flag, String(value));
  }
  words.push("--seed", /^[\w.-]+$/.test(seed) ? seed : JSON.stringify(seed));
  return words.join(" ");
}

/** Does the jobs of a study that are not done, then reports. */
async function study(of: Study, options: Common, version: string): Promise<number> {
  const shard = shardOf(options.shard);
  const threads = whole(options.threads, "--threads", 1);
  const journal = reading(() => Journal.open(resolve(options.out), of));
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const progress = new Progress();
  try {
    // What is done may name further jobs.
    for (;;) {
      const own = jobsOf(jobsOfStudy(of, journal.results), shard);
      const todo = own.filter(({ key }) => !journal.results.has(key));
      progress.expect(own.length, own.length - todo.length);
      if (todo.length === 0) break;
      const ended = await runJobs(todo, {
        threads,
        signal: abort.signal,
        onDone: (done) => {
          journal.append(done, shard);
          progress.step();
        },
      });
      if (!ended) {
        progress.end();
        process.stderr.write("interrupted: what is done is kept, the same command goes on from there\n");
        return EXIT.interrupted;
      }
    }
    progress.end();
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
  return finish(journal, options, version, shard);
}

const EVERY_MS = 1_000;

/** How far a study is, on stderr. */
class Progress {
  readonly #started = performance.now();
  #total = 0;
  /** Done before this process began; null until it is known. */
  #before: number | null = null;
  #done = 0;
  #told = 0;

  /** Says how many there are, as far as is known, and how many of them are done. */
  expect(total: number, done: number): void {
    this.#total = total;
    this.#done = done;
    if (this.#before !== null) return;
    this.#before = done;
    if (done > 0) process.stderr.write(`${done} of ${total} runs are done already\n`);
  }

  step(): void {
    this.#done++;
    const now = performance.now();
    if (now - this.#told < EVERY_MS && this.#done < this.#total) return;
    this.#told = now;
    const rate = (this.#done - (this.#before ?? 0)) / (now - this.#started);
    const left = Math.ceil((this.#total - this.#done) / rate / 1_000);
    const line = `${this.#done}/${this.#total} runs, about ${left} s left`;
    process.stderr.write(process.stderr.isTTY ? `\r${line}\x1b[K` : `${line}\n`);
  }

  end(): void {
    if (process.stderr.isTTY && this.#told > 0) process.stderr.write("\n");
  }
}

function finish(
  journal: Journal,
  options: { readonly json?: boolean },
  version: string,
  shard: Shard = { index: 1, count: 1 },
): number {
  const { study: of, results } = journal;
  const report = reportOf(of, results, { command: commandOf(of), seed: of.seed, version });
  const files =
    shard.count > 1
      ? []
      : [
          journal.write("report.html", report.html),
          journal.write("results.csv", report.csv),
          journal.write("results.json", `${JSON.stringify({ study: of, results: report.data }, null, 2)}\n`),
        ];
  const told = { study: of, runs: results.size, unfinished: report.unfinished, failed: report.failed, files };
  print(options.json ?? false, told, () =>
    [
      `${results.size} runs`,
      ...(report.unfinished > 0 && shard.count === 1 ? [`${report.unfinished} parts are unfinished`] : []),
      ...report.failed.map((name) => `not as expected: ${name}`),
      ...files.map((file) => `wrote ${file}`),
    ].join("\n"),
  );
  return report.failed.length === 0 ? EXIT.ok : EXIT.failed;
}
