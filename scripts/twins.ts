/**
 * Runs Twins: keys that run twice, each copy honest, in networks that are cut differently in every view, under the
 * unchanged reducer (docs/verification.md says what a schedule is and what is checked).
 *
 *     npm run twins -- [--schedules N] [--profile ci|nightly] [--seed S] [--shard I/N] [--threads N] [--progress FILE] [--json]
 *
 * Schedule n has seed S + n, so that ranges of seeds are shards: `--shard 2/4` runs the second quarter. With --progress an
 * interrupted run, called again, goes on where FILE says that it came to. With --json the last line of stdout is {schedules, disagreements, disagreementsAboveBounds:
 * {fast, balanced, secure}, unconvicted, stalled}; the exit code is 0 only if nothing disagreed below the fault bounds,
 * every mode disagreed above them, each time with enough convicted, and nothing stalled.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { type TwinsProgress, type TwinsSummary, twinsParallel } from "@aitbc-hybrid/simulator";

const PROGRESS_MS = 10_000;

export const PROFILES = {
  ci: 100_000,
  nightly: 1_000_000,
} as const;

export interface Options {
  readonly first: number;
  readonly count: number;
  readonly threads: number;
  readonly json: boolean;
  /** Where the run keeps how far it came; null: nowhere. */
  readonly progress: string | null;
}

/** Reads the arguments; undefined if they make no sense. */
export function optionsOf(argv: readonly string[]): Options | undefined {
  const textOf = (name: string): string | undefined =>
    argv.includes(name) ? (argv[argv.indexOf(name) + 1] ?? "") : undefined;
  const profile = textOf("--profile") ?? "ci";
  if (!Object.hasOwn(PROFILES, profile)) return undefined;
  const known = ["--profile", "--seed", "--schedules", "--shard", "--threads", "--progress"];
  const rest = argv.filter((text, at) => !known.includes(text) && !known.includes(argv[at - 1] ?? ""));
  const schedules = Number(textOf("--schedules") ?? PROFILES[profile as keyof typeof PROFILES]);
  const seed = Number(textOf("--seed") ?? 1);
  const threads = Number(textOf("--threads") ?? availableParallelism());
  const [shard = 0, shards = 0] = (textOf("--shard") ?? "1/1").split("/").map(Number);
  const whole = [schedules, seed, threads, shard, shards].every((n) => Number.isSafeInteger(n) && n >= 1);
  if (!whole || shard > shards || !rest.every((text) => text === "--json")) return undefined;
  const from = Math.floor((schedules * (shard - 1)) / shards);
  const to = Math.floor((schedules * shard) / shards);
  const progress = textOf("--progress") ?? null;
  if (progress === "") return undefined;
  return { first: seed + from, count: to - from, threads, json: argv.includes("--json"), progress };
}

/** What is wrong with a campaign; empty if nothing is. */
export function faultsOf(summary: TwinsSummary): string[] {
  const faults: string[] = [];
  const { disagreements, disagreementsAboveBounds, unconvicted, stalled, slashable } = summary;
  if (disagreements > 0) faults.push(`${disagreements} runs disagreed below the fault bounds`);
  for (const [mode, count] of Object.entries(disagreementsAboveBounds))
    if (count === 0) faults.push(`${mode}: nothing disagreed above the fault bounds`);
  if (unconvicted > 0) faults.push(`${unconvicted} runs disagreed, and too few were convicted`);
  if (stalled > 0) faults.push(`${stalled} runs made no progress after the network healed`);
  if (slashable > 0) faults.push(`${slashable} runs had an honest key that could be slashed`);
  return faults;
}

/** The figures that --json prints. */
export function figuresOf(summary: TwinsSummary) {
  const { schedules, disagreements, disagreementsAboveBounds, unconvicted, stalled } = summary;
  return { schedules, disagreements, disagreementsAboveBounds, unconvicted, stalled };
}

/** What a file of progress holds. */
interface Kept extends TwinsProgress {
  readonly first: number;
  readonly count: number;
}

/**
 * How far the run of these seeds came that FILE is of; undefined if there is no such file.
 * @throws Error if the file is of another run
 */
export function progressIn(file: string, { first, count }: Options): TwinsProgress | undefined {
  if (!existsSync(file)) return undefined;
  const kept = JSON.parse(readFileSync(file, "utf8")) as Kept;
  if (kept.first !== first || kept.count !== count)
    throw new Error(`${file} is of ${kept.count} schedules from seed ${kept.first} on`);
  return kept;
}

/** Replaces the file in one step: an interrupted run leaves the old one or the new one. */
export function keepProgress(file: string, { first, count }: Options, { sum, done }: TwinsProgress): void {
  const kept: Kept = { first, count, sum, done };
  writeFileSync(`${file}.new`, JSON.stringify(kept));
  renameSync(`${file}.new`, file);
}

async function main(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) {
    console.error(
      "Usage: npm run twins -- [--schedules N] [--profile ci|nightly] [--seed S] [--shard I/N] [--threads N] [--progress FILE] [--json]",
    );
    return 2;
  }
  const { first, count, threads, json, progress } = options;
  const started = performance.now();
  const from = progress === null ? undefined : progressIn(progress, options);
  const before = from?.sum.schedules ?? 0;
  console.error(`${count} schedules, seeds ${first} to ${first + count - 1}, ${threads} threads`);
  if (before > 0) console.error(`  ${before} of them are done already`);
  let last = started;
  let reached = from;
  const stop = (): void => {
    if (progress !== null && reached !== undefined) keepProgress(progress, options, reached);
    const how = progress === null ? "nothing is kept without --progress FILE" : "the same command goes on";
    console.error(`stopped after ${reached?.sum.schedules ?? 0} schedules; ${how}`);
    process.exit(130);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const told = new Set<string>();
  const summary = await twinsParallel({
    first,
    count,
    threads,
    ...(from === undefined ? {} : { from }),
    told: (far) => {
      reached = far;
      const { sum } = far;
      for (const text of sum.failed) {
        if (!told.has(text)) console.error(`FAIL ${text}`);
        told.add(text);
      }
      const now = performance.now();
      if (now - last < PROGRESS_MS) return;
      last = now;
      if (progress !== null) keepProgress(progress, options, far);
      const rate = (1000 * (sum.schedules - before)) / (now - started);
      const left = Math.ceil((count - sum.schedules) / rate);
      console.error(`  ${sum.schedules} of ${count} schedules, ${Math.round(rate)} a second, ${left} s left`);
    },
  });
  if (progress !== null) rmSync(progress, { force: true });
  for (const [kind, runs] of Object.entries(summary.kinds).sort()) console.error(`  ${kind}: ${runs}`);
  const faults = faultsOf(summary);
  for (const text of faults) console.error(`FAIL ${text}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.error(`${summary.schedules} schedules, ${summary.steps} steps in ${seconds} s`);
  if (json) console.log(JSON.stringify(figuresOf(summary)));
  return faults.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
