/**
 * Runs Twins: keys that run twice, each copy honest, in networks that are cut differently in every view, under the
 * unchanged reducer (docs/verification.md says what a schedule is and what is checked).
 *
 *     npm run twins -- [--schedules N] [--profile ci|nightly] [--seed S] [--shard I/N] [--threads N] [--json]
 *
 * Schedule n has seed S + n, so that ranges of seeds are shards: `--shard 2/4` runs the second quarter. An interrupted
 * run says where to go on. With --json the last line of stdout is {schedules, disagreements, disagreementsAboveBounds:
 * {fast, balanced, secure}, unconvicted, stalled}; the exit code is 0 only if nothing disagreed below the fault bounds,
 * every mode disagreed above them, each time with enough convicted, and nothing stalled.
 */
import { availableParallelism } from "node:os";
import { type TwinsSummary, twinsParallel } from "@aitbc-hybrid/simulator";

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
}

/** Reads the arguments; undefined if they make no sense. */
export function optionsOf(argv: readonly string[]): Options | undefined {
  const textOf = (name: string): string | undefined =>
    argv.includes(name) ? (argv[argv.indexOf(name) + 1] ?? "") : undefined;
  const profile = textOf("--profile") ?? "ci";
  if (!Object.hasOwn(PROFILES, profile)) return undefined;
  const known = ["--profile", "--seed", "--schedules", "--shard", "--threads"];
  const rest = argv.filter((text, at) => !known.includes(text) && !known.includes(argv[at - 1] ?? ""));
  const schedules = Number(textOf("--schedules") ?? PROFILES[profile as keyof typeof PROFILES]);
  const seed = Number(textOf("--seed") ?? 1);
  const threads = Number(textOf("--threads") ?? availableParallelism());
  const [shard = 0, shards = 0] = (textOf("--shard") ?? "1/1").split("/").map(Number);
  const whole = [schedules, seed, threads, shard, shards].every((n) => Number.isSafeInteger(n) && n >= 1);
  if (!whole || shard > shards || !rest.every((text) => text === "--json")) return undefined;
  const from = Math.floor((schedules * (shard - 1)) / shards);
  const to = Math.floor((schedules * shard) / shards);
  return { first: seed + from, count: to - from, threads, json: argv.includes("--json") };
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

async function main(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) {
    console.error(
      "Usage: npm run twins -- [--schedules N] [--profile ci|nightly] [--seed S] [--shard I/N] [--threads N] [--json]",
    );
    return 2;
  }
  const { first, count, threads, json } = options;
  const started = performance.now();
  console.error(`${count} schedules, seeds ${first} to ${first + count - 1}, ${threads} threads`);
  let last = started;
  let next = first;
  const stop = (): void => {
    console.error(`stopped; go on with --seed ${next} --schedules ${first + count - next}`);
    process.exit(130);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const told = new Set<string>();
  const summary = await twinsParallel({
    first,
    count,
    threads,
    told: (sum, below) => {
      next = below;
      for (const text of sum.failed) {
        if (!told.has(text)) console.error(`FAIL ${text}`);
        told.add(text);
      }
      const now = performance.now();
      if (now - last < PROGRESS_MS) return;
      last = now;
      const rate = (1000 * sum.schedules) / (now - started);
      const left = Math.ceil((count - sum.schedules) / rate);
      console.error(`  ${sum.schedules} of ${count} schedules, ${Math.round(rate)} a second, ${left} s left`);
    },
  });
  for (const [kind, runs] of Object.entries(summary.kinds).sort()) console.error(`  ${kind}: ${runs}`);
  const faults = faultsOf(summary);
  for (const text of faults) console.error(`FAIL ${text}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.error(`${summary.schedules} schedules, ${summary.steps} steps in ${seconds} s`);
  if (json) console.log(JSON.stringify(figuresOf(summary)));
  return faults.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
