/**
 * Runs the Quint model of the protocol (packages/protocol/model) through Quint's simulator: thousands of random traces in
 * which no invariant may break, and in which every rule must have been used; above the fault bounds it must break.
 *
 *     npm run model [-- --samples N] [--seed S] [--json] [RUN...]
 *
 * A RUN is module/step or module/step/init, as test/mutants name it. With --json the last line of stdout is {runs,
 * traces, rules, failures, broken}, broken being runs in which an invariant broke that must hold; the exit code is 0 only if nothing failed.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

const root = join(import.meta.dirname, "..");
const MODEL = join(root, "packages", "protocol", "model", "hybrid.qnt");
const QUINT = join(root, "node_modules", "@informalsystems", "quint", "dist", "src", "cli.js");
const STEPS = 80;
/** Seeds are fixed, so that a run that passes once passes always. */
const SEED = 20_261_121;

interface Run {
  readonly name: string;
  /** Part of all traces that this run gets. */
  readonly share: number;
  /** Rules that must have been used in some trace, as the model's `fired` names them. */
  readonly rules: readonly string[];
  /** True above the fault bounds, where an invariant must break. */
  readonly breaks?: boolean;
  /** What must hold; `safe` if nothing is said. */
  readonly invariant?: string;
}

const VIEW_RULES = [
  "propose",
  "enter",
  "notarize",
  "finalize",
  "finalize late",
  "nullify",
  "checkpoint",
  "epoch",
];
const RECOVERY_RULES = ["open", "grace over", "restart", "activate", "resume", "post"];

const RUNS: readonly Run[] = [
  { name: "balanced/viewStep", share: 3, rules: [...VIEW_RULES, "notarize over a gap", "notarize again"] },
  { name: "balanced/step", share: 3, rules: [...VIEW_RULES, ...RECOVERY_RULES, "accept"] },
  { name: "balanced/leakStep", share: 2, rules: ["outage", "settlement lease over", "leak", "activate"] },
  { name: "balanced/leakStep/opened", share: 1, rules: ["outage", "settlement lease over", "activate"] },
  { name: "balanced/leakStep/outlasted", share: 1, rules: ["leak", "activate"] },
  { name: "balanced/leakStep/unaccepted", share: 1, rules: ["leak", "accept", "activate"] },
  { name: "secure/step", share: 2, rules: RECOVERY_RULES },
  { name: "authorities/viewStep", share: 3, rules: VIEW_RULES },
  { name: "fast/viewStep", share: 2, rules: VIEW_RULES },
  { name: "fast/step", share: 2, rules: ["open", "lapse", "lease ends", "grace over", "restart"] },
  { name: "terms/viewStep", share: 2, rules: VIEW_RULES },
  { name: "apart/step/opened", share: 1, rules: ["post", "restart", "activate", "resume"] },
  { name: "apart/step", share: 2, rules: ["lapse", "lease ends", "post", "restart", "activate"] },
  { name: "short/step", share: 1, rules: ["activate", "epoch"] },
  { name: "short/step/boundary", share: 1, rules: ["activate"] },
  { name: "short/step/passed", share: 1, rules: ["restart", "checkpoint"] },
  { name: "short/viewStep", share: 1, rules: ["epoch"] },
  { name: "fast/leakStep/unheard", share: 1, rules: ["leak", "activate", "checkpoint"] },
  {
    name: "forged/step",
    share: 1,
    rules: [...VIEW_RULES, "lapse", "open", "restart", "activate"],
    invariant: "stakeHolds",
  },
  { name: "above/step", share: 1, rules: [...VIEW_RULES, ...RECOVERY_RULES], invariant: "honest" },
  { name: "above/viewStep", share: 1, rules: [], breaks: true },
];

export interface Result {
  readonly traces: number;
  readonly broken: boolean;
  /** How many traces used each rule. */
  readonly used: ReadonlyMap<string, number>;
}

/** What Quint printed about a run. */
export function readResult(output: string): Result {
  const used = new Map<string, number>();
  let traces = 0;
  for (const [, rule = "", count, of] of output.matchAll(
    /fired\.contains\("([^"]+)"\) was witnessed in (\d+) trace\(s\) out of (\d+) explored/g,
  )) {
    used.set(rule, Number(count));
    traces = Number(of);
  }
  const broken = /Invariant violated/.test(output);
  if (!broken && !/No violation found/.test(output))
    throw new Error(`Quint says neither:\n${output.slice(-2000)}`);
  return { traces, broken, used };
}

const running = new Set<number>();

function quint(run: Run, samples: number, seed: number): Promise<string> {
  const [module = "", step = "", init = "init"] = run.name.split("/");
  // One witness more than rules, so that the number of traces is always told.
  const witnesses = ["propose", ...run.rules].map((rule) => `fired.contains("${rule}")`);
  const argv = [
    "run",
    relative(root, MODEL),
    `--main=${module}`,
    `--init=${init}`,
    `--step=${step}`,
    "--backend=typescript",
    `--max-steps=${STEPS}`,
    `--max-samples=${samples}`,
    `--seed=${seed}`,
    `--invariant=${run.invariant ?? "safe"}`,
    "--verbosity=1",
    "--witnesses",
    ...witnesses,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [QUINT, ...argv], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    if (child.pid !== undefined) running.add(child.pid);
    let output = "";
    const take = (text: string): void => {
      output += text;
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", reject);
    child.on("close", () => {
      if (child.pid !== undefined) running.delete(child.pid);
      resolve(stripVTControlCharacters(output));
    });
  });
}

/** What is wrong with a run's result; empty if nothing is. */
export function faultsOf(run: Run, result: Result): string[] {
  if (run.breaks) return result.broken ? [] : [`${run.name}: nothing breaks above the fault bounds`];
  if (result.broken) return [`${run.name}: an invariant breaks`];
  return run.rules
    .filter((rule) => (result.used.get(rule) ?? 0) === 0)
    .map((rule) => `${run.name}: no trace used "${rule}"`);
}

function numberOf(argv: readonly string[], name: string, otherwise: number): number {
  const at = argv.indexOf(name);
  return at === -1 ? otherwise : Number(argv[at + 1]);
}

async function main(argv: readonly string[]): Promise<number> {
  const samples = numberOf(argv, "--samples", 2400);
  const seed = numberOf(argv, "--seed", SEED);
  const names = argv.filter(
    (text, at) => !text.startsWith("--") && !/^--(samples|seed)$/.test(argv[at - 1] ?? ""),
  );
  const unknown = names.filter((name) => !RUNS.some((run) => run.name === name));
  if (!Number.isSafeInteger(samples) || samples < 1 || !Number.isSafeInteger(seed) || unknown.length > 0) {
    console.error(
      `Usage: npm run model -- [--samples N] [--seed S] [--json] [${RUNS.map((run) => run.name).join(" | ")}]`,
    );
    return 2;
  }
  const chosen = RUNS.filter((run) => names.length === 0 || names.includes(run.name));
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  const queue = [...chosen];
  const rules = new Set<string>();
  const failures: string[] = [];
  let traces = 0;
  let broken = 0;
  const worker = async (): Promise<void> => {
    for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
      const begin = performance.now();
      const result = readResult(await quint(run, Math.ceil((samples * run.share) / shares), seed));
      traces += result.traces;
      if (result.broken && !run.breaks) broken++;
      for (const [rule, count] of result.used) if (count > 0) rules.add(rule);
      const faults = faultsOf(run, result);
      failures.push(...faults);
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      console.error(
        `${faults.length === 0 ? "ok  " : "FAIL"} ${run.name}: ${result.traces} traces, ${seconds} s`,
      );
      for (const text of faults) console.error(`     ${text} (--seed ${seed})`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  console.error(`${traces} traces, ${rules.size} rules used, ${failures.length} failures`);
  if (argv.includes("--json")) {
    console.log(
      JSON.stringify({ runs: chosen.length, traces, rules: rules.size, failures: failures.length, broken }),
    );
  }
  return failures.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      for (const pid of running) process.kill(pid, "SIGKILL");
      process.exit(130);
    });
  }
  process.exitCode = await main(process.argv.slice(2));
}
