/**
 * Plays random histories on the contracts as deployed and checks after every call what must always hold
 * (docs/security/invariants.md says what and how).
 *
 *     npm run invariants -- [--profile test|nightly] [--seed S] [--runs N] [--steps N] [--json]
 *
 * Run n of a campaign has seed S + n: the one that a failure names fails again with `--seed S --runs 1` and the same
 * steps. With --json the last line of stdout is {calls, failures, actions}; the exit code is 0 only if nothing failed
 * and each of the actions that matter succeeded in a fifth of its tries.
 */
import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const PLAYER = join(root, "test", "invariants", "play.ts");
const PROGRESS_MS = 15_000;
const SEED = 20_261_121;
/** Runs that a player gets at a time: so that none is left alone with the rest. */
const PORTION = 16;

export const PROFILES = {
  test: { runs: 8, steps: 200 },
  nightly: { runs: 320, steps: 400 },
} as const;

/** Actions that a campaign without is blind. */
export const MATTER = [
  "deposit",
  "delegate",
  "undelegate",
  "cancel",
  "redelegate",
  "slash",
  "convict",
  "group",
  "seal",
  "accrue",
  "claim",
  "compound",
  "jail",
  "unjail",
  "rotate",
  "exit",
] as const;

export interface Tally {
  readonly tries: number;
  readonly successes: number;
}

export interface Report {
  readonly calls: number;
  readonly actions: Readonly<Record<string, Tally>>;
  readonly failures: readonly string[];
}

/** What several parts of a campaign did. */
export function add(reports: readonly Report[]): Report {
  const actions: Record<string, Tally> = {};
  for (const report of reports) {
    for (const [name, { tries, successes }] of Object.entries(report.actions)) {
      const sum = actions[name] ?? { tries: 0, successes: 0 };
      actions[name] = { tries: sum.tries + tries, successes: sum.successes + successes };
    }
  }
  return {
    calls: reports.reduce((sum, { calls }) => sum + calls, 0),
    actions,
    failures: reports.flatMap(({ failures }) => failures),
  };
}

/** What a campaign did not really try: actions that matter and succeeded in less than a fifth of their tries. */
export function blindTo({ actions }: Report): string[] {
  return MATTER.filter((name) => {
    const { tries, successes } = actions[name] ?? { tries: 0, successes: 0 };
    return successes * 5 < Math.max(1, tries);
  });
}

export interface Options {
  readonly seed: number;
  readonly runs: number;
  readonly steps: number;
  readonly json: boolean;
}

/** Reads the arguments; undefined if they make no sense. */
export function optionsOf(argv: readonly string[]): Options | undefined {
  const textOf = (name: string): string | undefined =>
    argv.includes(name) ? (argv[argv.indexOf(name) + 1] ?? "") : undefined;
  const profile = textOf("--profile") ?? "test";
  if (!Object.hasOwn(PROFILES, profile)) return undefined;
  const { runs, steps } = PROFILES[profile as keyof typeof PROFILES];
  const known = ["--profile", "--seed", "--runs", "--steps"];
  const rest = argv.filter((text, at) => !known.includes(text) && !known.includes(argv[at - 1] ?? ""));
  const options = {
    seed: Number(textOf("--seed") ?? SEED),
    runs: Number(textOf("--runs") ?? runs),
    steps: Number(textOf("--steps") ?? steps),
    json: argv.includes("--json"),
  };
  const numbers = [options.seed, options.runs, options.steps];
  const sensible = numbers.every((number) => Number.isSafeInteger(number) && number >= 1);
  return sensible && rest.every((text) => text === "--json") ? options : undefined;
}

const players = new Set<ChildProcess>();

/** Plays runs in a process of their own; `told` sees the report after each. */
function play(seed: number, runs: number, steps: number, told: (report: Report) => void): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = fork(PLAYER, [seed, runs, steps].map(String), {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    players.add(child);
    let last: Report = { calls: 0, actions: {}, failures: [] };
    let error = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      error = (error + text).slice(-4_000);
    });
    child.on("message", (report: Report) => {
      last = report;
      told(report);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      players.delete(child);
      if (code === 0) resolve(last);
      else reject(new Error(`A player ended with ${code} (seeds ${seed} to ${seed + runs - 1}):\n${error}`));
    });
  });
}

async function main(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) {
    console.error(
      "Usage: npm run invariants -- [--profile test|nightly] [--seed S] [--runs N] [--steps N] [--json]",
    );
    return 2;
  }
  const { seed, runs, steps, json } = options;
  const workers = availableParallelism();
  const portion = Math.max(1, Math.min(PORTION, Math.ceil(runs / workers)));
  console.error(
    `${runs} runs of ${steps} actions, seeds ${seed} to ${seed + runs - 1}, ${workers} at a time`,
  );
  const done: Report[] = [];
  const present = new Map<number, Report>();
  let next = 0;
  let told = 0;
  const tell = (): void => {
    if (Date.now() - told < PROGRESS_MS) return;
    told = Date.now();
    const { calls, failures } = add([...done, ...present.values()]);
    console.error(`  ${calls} calls, ${failures.length} failures`);
  };
  const work = async (): Promise<void> => {
    for (let first = next; first < runs; first = next) {
      next = first + portion;
      const report = await play(seed + first, Math.min(portion, runs - first), steps, (part) => {
        present.set(first, part);
        tell();
      });
      present.delete(first);
      done.push(report);
      for (const text of report.failures) console.error(`FAIL ${text}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  const report = add(done);
  for (const [name, { tries, successes }] of Object.entries(report.actions).sort())
    console.error(`  ${name}: ${successes} of ${tries}`);
  const blind = blindTo(report);
  for (const name of blind) console.error(`FAIL ${name} hardly ever succeeds`);
  const { calls, actions } = report;
  const failures = report.failures.length + blind.length;
  console.error(`${calls} successful calls, ${failures} failures (--seed ${seed})`);
  if (json) console.log(JSON.stringify({ calls, failures, actions }));
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      for (const child of players) child.kill("SIGKILL");
      process.exit(130);
    });
  }
  process.exitCode = await main(process.argv.slice(2));
}
