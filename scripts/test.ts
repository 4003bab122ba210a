/**
 * Runs everything that can fail, says what it is doing, and ends with one plain line `N passed, N failed`.
 *
 *     npm test [-- --only protocol,contracts] [-- --list]
 *
 * A suite passes only if it found tests and all of them ran and passed. Suites run side by side as far as the
 * machine allows; those that start whole networks of processes run alone, at the end. What takes longest, of suites and
 * of files, begins first, so that no core is idle at the end.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { runSteps, steps } from "./check.ts";
import { filesBelow } from "./files.ts";
import type { ReportLine } from "./reporter.ts";

const root = join(import.meta.dirname, "..");

/** A suite that takes longer hangs: it is stopped and has failed. */
const LONGEST_SUITE_MS = 40 * 60_000;
const PROGRESS_MS = 10_000;

/** Suites whose tests start many processes. */
const ALONE = new Set(["devnet"]);

/** Suites whose tests wait for the clock of the protocol rather than for a core: several of their files run at a time. */
const WAITING = new Set(["devnet", "node"]);

/** Suites by how long they take. */
const LONG_FIRST = [
  "check",
  "simulator",
  "contracts",
  "model",
  "node",
  "scripts",
  "cli",
  "proofs",
  "protocol",
];

/** Files that take longest in suites that run several at a time. */
const LONG_FILES = [
  ...["network", "lease", "withheld", "recovery", "group", "leak"],
  ...["aggregation", "cluster", "join", "contradiction", "light", "main"],
];

/** How many files are told at the end. */
const SLOWEST = 12;

/** Suites that read or write artifacts/ and typechain/ may not overlap. */
const ARTIFACTS = "artifacts";

export interface Tally {
  passed: number;
  /** One text for each failure, to be printed in full. */
  failures: string[];
}

interface Suite {
  readonly name: string;
  readonly alone: boolean;
  readonly shares?: string;
  run(tally: Tally, options: SuiteOptions): Promise<void>;
}

interface SuiteOptions {
  /** How many test files of one suite may run at a time. */
  readonly concurrency: number;
  /** Told of every test file how long it took, its process and imports among it. */
  readonly took?: (file: string, ms: number) => void;
}

/** Where a name stands in a list; after all of it if it does not. */
const rankIn = (list: readonly string[], name: string): number =>
  list.includes(name) ? list.indexOf(name) : list.length;

const running = new Set<number>();

/** Sends `signal` to the process groups of all programs that are running. */
function stopAll(signal: NodeJS.Signals): void {
  for (const pid of running) {
    try {
      process.kill(-pid, signal);
    } catch {
      // It ended in the meantime.
    }
  }
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly error: string;
}

/** Runs this Node with `argv`; `line` sees each line of stdout as it comes. */
function runNode(argv: readonly string[], line: (text: string) => void): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, argv, {
      cwd: root,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, NODE_TEST_CONTEXT: undefined },
    });
    const pid = child.pid;
    if (pid !== undefined) running.add(pid);
    let output = "";
    let error = "";
    let rest = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    }, LONGEST_SUITE_MS);
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) line(text);
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      error += chunk;
    });
    const end = (code: number | null): void => {
      clearTimeout(timer);
      if (pid !== undefined) running.delete(pid);
      if (late) error += `\nstopped after ${LONGEST_SUITE_MS / 60_000} minutes`;
      resolve({ code, output: stripVTControlCharacters(output), error: stripVTControlCharacters(error) });
    };
    child.on("error", (reason) => {
      error += reason.message;
      end(null);
    });
    child.on("close", (code) => end(code));
  });
}

/** Test files below `folder`, run by `node --test`. */
export function nodeSuite(name: string, folder: string): Suite {
  return {
    name,
    alone: ALONE.has(name),
    async run(tally, { concurrency, took = () => {} }) {
      const rank = (file: string): number => rankIn(LONG_FILES, basename(file, ".test.ts"));
      const files = filesBelow(folder, (file) => file.endsWith(".test.ts"))
        .map((file) => relative(root, file))
        .sort((a, b) => rank(a) - rank(b));
      if (files.length === 0) return;
      const prints = new Map<string, string>();
      const failed: Extract<ReportLine, { kind: "fail" }>[] = [];
      const take = (text: string): void => {
        if (!text.startsWith("{")) return;
        const line = JSON.parse(text) as ReportLine;
        switch (line.kind) {
          case "pass":
            tally.passed++;
            break;
          case "fail":
            failed.push(line);
            tally.failures.push("");
            break;
          case "skip":
            tally.failures.push(
              `${line.where}: ${line.name}\nwas skipped; a test that does not run proves nothing`,
            );
            break;
          case "empty":
            tally.failures.push(`${line.where}\nholds no test`);
            break;
          case "file":
            took(line.where, line.ms);
            break;
          case "print":
            prints.set(line.where, (prints.get(line.where) ?? "") + line.text);
        }
      };
      const argv = [
        "--test",
        `--test-concurrency=${concurrency}`,
        "--test-reporter=./scripts/reporter.ts",
        "--test-reporter-destination=stdout",
        ...files,
      ];
      const { code, error } = await runNode(argv, take);
      tally.failures = tally.failures.filter((text) => text !== "");
      const told = new Set<string>();
      for (const { name: test, where, error: why } of failed) {
        const file = where.replace(/:\d+$/, "");
        const printed = told.has(file) ? undefined : prints.get(file);
        told.add(file);
        tally.failures.push(
          `${where}: ${test}\n${why}${printed === undefined ? "" : `\nIt printed:\n${printed}`}`,
        );
      }
      if (code !== 0 && tally.failures.length === 0)
        tally.failures.push(`node --test ended with code ${code}\n${error}`);
    },
  };
}

/** Reads the counts that `hardhat test` prints at its end. */
export function readHardhatCounts(output: string): { passed: number; failed: number; pending: number } {
  const count = (word: string): number =>
    Number(new RegExp(`^(\\d+) ${word}\\b`, "m").exec(output)?.[1] ?? 0);
  return { passed: count("passing"), failed: count("failing"), pending: count("pending") + count("skipped") };
}

/** What Hardhat prints without the tests that passed: its totals and all failures, or everything if it got not so far. */
export function withoutPassed(output: string): string {
  const totals = /^ *\d+ passing\b/m.exec(output);
  return output.slice(totals?.index ?? 0).trim();
}

const hardhat = join(root, "node_modules", "hardhat", "dist", "src", "cli.js");

const contracts: Suite = {
  name: "contracts",
  alone: false,
  shares: ARTIFACTS,
  async run(tally) {
    const { code, output, error } = await runNode([hardhat, "test"], (text) => {
      if (/^\s*✔ /.test(text)) tally.passed++;
    });
    const counts = readHardhatCounts(output);
    tally.passed = counts.passed;
    const all = `${withoutPassed(output)}\n${error.trim()}`;
    for (let i = 0; i < counts.failed; i++) tally.failures.push(i === 0 ? all : "(see above)");
    for (let i = 0; i < counts.pending; i++)
      tally.failures.push(`a contract test was skipped\n${i === 0 ? all : ""}`);
    if (code !== 0 && counts.failed === 0)
      tally.failures.push(`hardhat test ended with code ${code}\n${all}`);
  },
};

const check: Suite = {
  name: "check",
  alone: false,
  shares: ARTIFACTS,
  async run(tally) {
    await runSteps(steps, ({ step, passed, output }) => {
      if (passed) tally.passed++;
      else tally.failures.push(`${step.name}: not true that ${step.about}\n${output}`);
    });
  },
};

const codegen: Suite = {
  name: "codegen",
  alone: false,
  shares: ARTIFACTS,
  async run(tally) {
    const { code, output, error } = await runNode(["scripts/codegen.ts", "--check"], () => {});
    if (code === 0) tally.passed++;
    else tally.failures.push(`the generated files are not what the contracts give\n${output}${error}`);
  },
};

const proofs: Suite = {
  name: "proofs",
  alone: false,
  async run(tally) {
    const { code, output, error } = await runNode(["scripts/prove.ts", "--json"], () => {});
    if (code === 0) tally.passed += (JSON.parse(output) as { safe: number }).safe;
    else tally.failures.push(`the model checker does not show everything\n${error}`);
  },
};

const model: Suite = {
  name: "model",
  alone: false,
  async run(tally) {
    const { code, output, error } = await runNode(["scripts/model.ts", "--json"], () => {});
    if (code === 0) tally.passed += (JSON.parse(output) as { runs: number }).runs;
    else tally.failures.push(`the model does not hold, or its runs are blind\n${error}`);
  },
};

/** All suites of this checkout, in the order in which they begin. */
export function allSuites(): Suite[] {
  const packages = readdirSync(join(root, "packages")).filter((name) =>
    existsSync(join(root, "packages", name, "test")),
  );
  return [
    check,
    ...packages.map((name) =>
      // The contracts themselves have the name to themselves.
      nodeSuite(name === contracts.name ? "contracts-package" : name, join(root, "packages", name, "test")),
    ),
    contracts,
    proofs,
    model,
    codegen,
    nodeSuite("scripts", join(root, "scripts", "test")),
  ].sort((a, b) => rankIn(LONG_FIRST, a.name) - rankIn(LONG_FIRST, b.name));
}

interface Outcome {
  readonly suite: Suite;
  readonly tally: Tally;
  readonly seconds: number;
}

export async function runSuite(suite: Suite, options: SuiteOptions, tally: Tally): Promise<Outcome> {
  const begin = performance.now();
  try {
    await suite.run(tally, options);
  } catch (error) {
    tally.failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  if (tally.passed === 0 && tally.failures.length === 0) tally.failures.push(`${suite.name} holds no tests`);
  return { suite, tally, seconds: (performance.now() - begin) / 1000 };
}

/** Runs the suites, as many side by side as there are slots, those marked `alone` one by one afterwards. */
async function runSuites(
  suites: readonly Suite[],
  took: (file: string, ms: number) => void,
): Promise<Outcome[]> {
  const cores = availableParallelism();
  const slots = Math.max(1, Math.min(4, cores));
  const waiting = suites.filter((suite) => !suite.alone);
  const under = new Map<Suite, { tally: Tally; begin: number }>();
  const outcomes: Outcome[] = [];

  const perform = async (suite: Suite): Promise<void> => {
    const concurrency = WAITING.has(suite.name) ? slots : Math.max(1, Math.floor(cores / slots));
    const tally: Tally = { passed: 0, failures: [] };
    under.set(suite, { tally, begin: performance.now() });
    console.log(`...  ${suite.name}`);
    const outcome = await runSuite(suite, { concurrency, took }, tally);
    under.delete(suite);
    outcomes.push(outcome);
    const failed = tally.failures.length;
    const counts = failed === 0 ? `${tally.passed} passed` : `${tally.passed} passed, ${failed} failed`;
    console.log(
      `${failed === 0 ? "ok  " : "FAIL"} ${suite.name}: ${counts}, ${outcome.seconds.toFixed(1)} s`,
    );
    for (const text of tally.failures) if (text !== "(see above)") console.log(indent(text));
  };

  const progress = setInterval(() => {
    const list = [...under].map(([suite, { tally, begin }]) => {
      const seconds = Math.round((performance.now() - begin) / 1000);
      return `${suite.name} (${tally.passed + tally.failures.length} tests so far, ${seconds} s)`;
    });
    if (list.length > 0) console.log(`     still running: ${list.join(", ")}`);
  }, PROGRESS_MS);

  const next = (): Suite | undefined => {
    const busy = new Set([...under.keys()].map((suite) => suite.shares).filter((name) => name !== undefined));
    const at = waiting.findIndex((suite) => suite.shares === undefined || !busy.has(suite.shares));
    return at === -1 ? undefined : waiting.splice(at, 1)[0];
  };
  // A suite that must wait for another is left to the worker that runs the other: no worker sits idle for it.
  const worker = async (): Promise<void> => {
    for (let suite = next(); suite !== undefined; suite = next()) {
      await perform(suite);
    }
  };
  try {
    await Promise.all(Array.from({ length: slots }, worker));
    for (const suite of suites) if (suite.alone) await perform(suite);
  } finally {
    clearInterval(progress);
  }
  return outcomes;
}

const indent = (text: string): string =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `     ${line}`)
    .join("\n");

function parse(argv: readonly string[], suites: readonly Suite[]): Suite[] | number {
  if (argv.includes("--list")) {
    for (const suite of suites) console.log(suite.name);
    return 0;
  }
  const at = argv.indexOf("--only");
  if (argv.length > 0 && at === -1) {
    console.error(`Unknown arguments: ${argv.join(" ")}. Use --only NAME,NAME or --list.`);
    return 2;
  }
  if (at === -1) return [...suites];
  const names = (argv[at + 1] ?? "").split(",").filter((name) => name !== "");
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0 || names.length === 0) {
    console.error(
      `No suite is called ${unknown.join(", ") || "that"}. There are: ${suites.map((s) => s.name).join(", ")}.`,
    );
    return 2;
  }
  return suites.filter((suite) => names.includes(suite.name));
}

async function main(): Promise<number> {
  const chosen = parse(process.argv.slice(2), allSuites());
  if (typeof chosen === "number") return chosen;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      stopAll("SIGTERM");
      console.log(`stopped by ${signal}`);
      setTimeout(() => {
        stopAll("SIGKILL");
        process.kill(process.pid, signal);
      }, 2000);
    });
  }
  const begin = performance.now();
  const files: { readonly file: string; readonly ms: number }[] = [];
  const outcomes = await runSuites(chosen, (file, ms) => files.push({ file, ms }));

  console.log(`\n${"suite".padEnd(14)}${"passed".padStart(8)}${"failed".padStart(8)}${"time".padStart(10)}`);
  for (const suite of chosen) {
    const outcome = outcomes.find((one) => one.suite === suite);
    if (outcome === undefined) continue;
    const { tally, seconds } = outcome;
    const figures = [String(tally.passed).padStart(8), String(tally.failures.length).padStart(8)].join("");
    console.log(`${suite.name.padEnd(14)}${figures}${`${seconds.toFixed(1)} s`.padStart(10)}`);
  }
  const slowest = files.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST);
  if (slowest.length > 0) console.log("\nslowest files");
  for (const { file, ms } of slowest) console.log(`${`${(ms / 1000).toFixed(1)} s`.padStart(9)}  ${file}`);
  const passed = outcomes.reduce((sum, { tally }) => sum + tally.passed, 0);
  const failed = outcomes.reduce((sum, { tally }) => sum + tally.failures.length, 0);
  console.log(`\n${Math.round((performance.now() - begin) / 1000)} s in all`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
