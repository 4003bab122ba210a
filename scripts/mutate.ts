/**
 * Takes safety-relevant checks away one at a time, each in a copy of the sources, and runs the test named for it: a
 * mutant is killed if that test fails. The rest are survivors: it passes; it fails without the change too, which proves
 * nothing; the change does not compile, or to no other code, or to more than a chain accepts; the file does not run any
 * more, so that no test failed. A run is over with the first test that fails.
 *
 *     npm run mutate -- contracts|protocol|clients|model [--json] [--only TEXT] [--list] [--workers N] [--fresh]
 *
 * --only takes those whose name, file or test contains the text; --workers says how many run side by side (as many as
 * there are cores). A test that does not end kills too: one that goes beyond its own time, or a file that takes ten
 * times as long as without the change and at least three minutes, if it does so twice.
 *
 * The lists are test/mutants/*.ts, packages/protocol/test/mutants/*.ts, packages/node/test/mutants/*.ts and
 * packages/protocol/model/*.ts. Outcomes are kept in cache/mutants: a run that was interrupted goes on where it stopped,
 * as far as nothing changed that they rest on; --fresh forgets them, and so does a run of a whole suite once it
 * ends. With --json the last line of stdout is {suite, mutants, killed, hung, survivors}; the exit code is 0 only if
 * none survives.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { CompileAnswer, CompileRequest } from "./mutating/compile.ts";
import { hashOfShared, Ledger } from "./mutating/ledger.ts";
import { faultOf, type Judgement, judge, limitOf, type Run, type Verdict } from "./mutating/verdict.ts";
import type { ReportLine } from "./reporter.ts";

const root = join(import.meta.dirname, "..");

/** What tests depend on, and a copy consists of beside the artifacts. */
const SOURCES = [
  "contracts",
  "test",
  "tasks",
  "deploy",
  "packages",
  "vectors",
  "scripts",
  "hardhat.config.ts",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.base.json",
];

/** Without the records of the builds: the chain of the tests would read them to explain reverts of other code. */
const BUILT = ["artifacts/contracts", "artifacts/test", "artifacts/@openzeppelin", "typechain", "docs"];

/** A test that takes longer as things are is no use. */
const LONGEST_UNCHANGED_SECONDS = 600;

/** An entry of a list; test/mutants/mutant.ts says what its fields mean. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly opens: string;
  readonly test: string;
}

interface Suite {
  /** Folder whose files export `mutants`. */
  readonly folder: string;
  /** Whether changes are compiled. */
  readonly compiled: boolean;
  /** Arguments of Node that run a test. */
  argv(test: string): readonly string[];
  /** What a run said, from its output or the message it sent. */
  read(output: string, message: unknown, test: string): Verdict | null;
}

const NODE_TESTS = {
  compiled: false,
  argv: (test) => [
    "--test",
    "--test-reporter=./scripts/reporter.ts",
    "--test-reporter-destination=stdout",
    test,
  ],
  read: readReport,
} satisfies Omit<Suite, "folder">;

const SUITES: Readonly<Record<string, Suite>> = {
  contracts: {
    folder: "test/mutants",
    compiled: true,
    argv: (test) => ["scripts/mutating/mocha.ts", test, "--bail"],
    read: (_output, message) => (message as Verdict | undefined) ?? null,
  },
  protocol: { folder: "packages/protocol/test/mutants", ...NODE_TESTS },
  clients: { folder: "packages/node/test/mutants", ...NODE_TESTS },
  // A test is a run of the model, named after the file.
  model: {
    folder: "packages/protocol/model",
    compiled: false,
    argv: (test) => ["scripts/model.ts", "--json", "--samples", "1500", test.split("#")[1] ?? ""],
    read: readModel,
  },
};

/** What scripts/reporter.ts wrote about one file. A file that cannot be loaded fails as a test of its own name. */
export function readReport(output: string, _message: unknown, test: string): Verdict | null {
  const lines = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as ReportLine);
  const failures = lines.filter((line) => line.kind === "fail");
  const passed = lines.filter((line) => line.kind === "pass").length;
  if (failures.some(({ name }) => resolve(name) === resolve(test) || name.endsWith(test))) return null;
  return {
    passed,
    failures: failures.map(({ name, error }) => ({ test: name, message: error, late: false })),
  };
}

function readModel(output: string, _message: unknown, test: string): Verdict | null {
  const line = output
    .trim()
    .split("\n")
    .findLast((text) => text.startsWith("{"));
  if (line === undefined) return null;
  const { runs, failures, broken } = JSON.parse(line) as { runs: number; failures: number; broken: number };
  // A rule that is used no more shows nothing.
  if (failures > 0 && broken === 0) return null;
  const name = test.split("#")[1] ?? "";
  return {
    passed: runs - failures,
    failures: failures === 0 ? [] : [{ test: name, message: "an invariant breaks", late: false }],
  };
}

/** All mutants of a suite, in the order of their files. */
export async function mutantsOf(suite: string): Promise<Mutant[]> {
  const folder = join(root, SUITES[suite]?.folder ?? "");
  const list: Mutant[] = [];
  if (!existsSync(folder)) return list;
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith(".ts") || name === "mutant.ts") continue;
    const module = (await import(pathToFileURL(join(folder, name)).href)) as { mutants: readonly Mutant[] };
    list.push(...module.mutants);
  }
  return list;
}

/** What is wrong with a list: a text that does not stand in its file once, a missing test, a name used twice. */
export function faultsOf(mutants: readonly Mutant[], base = root): string[] {
  const faults: string[] = [];
  const names = new Set<string>();
  for (const { name, file, find, replace, test } of mutants) {
    if (names.has(name)) faults.push(`two mutants are called "${name}"`);
    names.add(name);
    if (find === replace) faults.push(`${name}: changes nothing`);
    if (!existsSync(join(base, test.split("#")[0] ?? ""))) faults.push(`${name}: there is no ${test}`);
    const places = existsSync(join(base, file))
      ? readFileSync(join(base, file), "utf8").split(find).length - 1
      : 0;
    if (places !== 1) faults.push(`${name}: its text stands ${places} times in ${file}, not once`);
  }
  return faults;
}

/** A copy of the repository that shares its installed packages; our own packages are those of the copy. */
function copy(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "mutants-")));
  for (const name of [...SOURCES, ...BUILT]) {
    if (!existsSync(join(root, name))) continue;
    cpSync(join(root, name), join(folder, name), {
      recursive: true,
      filter: (path) => !path.endsWith("/node_modules"),
    });
  }
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@aitbc-hybrid"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== "@aitbc-hybrid") symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  for (const name of readdirSync(join(root, "packages"))) {
    symlinkSync(join(folder, "packages", name), join(modules, "@aitbc-hybrid", name));
    const own = join(root, "packages", name, "node_modules");
    if (existsSync(own)) symlinkSync(own, join(folder, "packages", name, "node_modules"));
  }
  return folder;
}

const running = new Set<number>();

function stop(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended in the meantime.
  }
}

/** Starts this Node in a process group of its own, with a channel for messages. */
function start(argv: readonly string[], cwd: string): ChildProcess {
  const child = spawn(process.execPath, argv, {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: "1", FORCE_COLOR: undefined },
  });
  const { pid } = child;
  if (pid !== undefined) {
    running.add(pid);
    child.on("close", () => running.delete(pid));
  }
  return child;
}

/** One worker: a copy of the repository, and a compiler that stays warm if the suite needs one. */
class Worker {
  readonly folder = copy();
  readonly #suite: Suite;
  #compiler: ChildProcess | undefined;

  constructor(suite: Suite) {
    this.#suite = suite;
  }

  /** Runs a test as the copy stands; after `limit` seconds it is stopped. */
  run(test: string, limit: number): Promise<Run> {
    const begin = performance.now();
    return new Promise((done, fail) => {
      const child = start(this.#suite.argv(test), this.folder);
      let hung = false;
      let output = "";
      let errors = "";
      let message: unknown;
      const timer = setTimeout(() => {
        hung = true;
        if (child.pid !== undefined) stop(child.pid);
      }, limit * 1000);
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        errors += text;
      });
      child.on("message", (sent) => {
        message = sent;
      });
      child.on("error", fail);
      child.on("close", () => {
        clearTimeout(timer);
        const verdict = hung ? null : this.#suite.read(output, message, test);
        done({ verdict, hung, printed: output + errors, seconds: (performance.now() - begin) / 1000 });
      });
    });
  }

  /** Applies one mutant, runs its test and undoes it. */
  async judge(mutant: Mutant, limit: number): Promise<Judgement> {
    const path = join(this.folder, mutant.file);
    const before: Record<string, string> = { [path]: readFileSync(path, "utf8") };
    const text = (before[path] ?? "").replace(mutant.find, () => mutant.replace);
    try {
      if (this.#suite.compiled) {
        const answer = await this.#compile({ file: mutant.file, text });
        if (!answer.built) return { outcome: "does not build", why: answer.why, hung: false };
        Object.assign(before, answer.before);
      }
      writeFileSync(path, text);
      const first = judge(await this.run(mutant.test, limit), false);
      return first === "again" ? (judge(await this.run(mutant.test, limit), true) as Judgement) : first;
    } finally {
      for (const [name, content] of Object.entries(before)) writeFileSync(name, content);
    }
  }

  #compile(request: CompileRequest): Promise<CompileAnswer> {
    this.#compiler ??= start([join(root, "scripts", "mutating", "compile.ts")], this.folder);
    const compiler = this.#compiler;
    return new Promise((done, fail) => {
      const ended = (): void => fail(new Error("the compiler ended"));
      compiler.once("close", ended);
      compiler.once("message", (answer) => {
        compiler.off("close", ended);
        done(answer as CompileAnswer);
      });
      compiler.send(request);
    });
  }

  close(): void {
    this.#compiler?.disconnect();
  }
}

/** Takes work from `queue` until it is empty. */
async function drain<T>(queue: T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
}

/** What the run of a test rests on, with the change if there is one, as a hash. */
function inputsOf(shared: string, test: string, mutant?: Mutant): string {
  const text = readFileSync(join(root, test.split("#")[0] ?? ""), "utf8");
  return createHash("sha256")
    .update(JSON.stringify([shared, mutant, text]))
    .digest("hex");
}

async function judgeAll(
  suite: Suite,
  mutants: readonly Mutant[],
  ledger: Ledger,
  count: number,
): Promise<Map<string, Judgement>> {
  const found = new Map<string, Judgement>();
  const shared = hashOfShared(root, SOURCES);
  for (const mutant of mutants) {
    const known = ledger.find(mutant.name, inputsOf(shared, mutant.test, mutant))?.judgement;
    if (known?.outcome === "killed") found.set(mutant.name, known);
  }
  if (found.size > 0)
    console.error(`${found.size} were killed in a run that was interrupted (--fresh forgets it).`);
  // Those of one file follow each other.
  const queue = mutants
    .filter(({ name }) => !found.has(name))
    .sort((a, b) => a.test.localeCompare(b.test) || a.file.localeCompare(b.file));
  const workers = Array.from({ length: Math.min(count, queue.length) }, () => new Worker(suite));
  const clean = (): void => {
    for (const { folder } of workers) rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", clean);
  try {
    /** Of each test without a change: its fault, or how long it takes. */
    const unchanged = new Map<string, string | number>();
    const unknown: string[] = [];
    for (const test of new Set(queue.map((mutant) => mutant.test))) {
      const seconds = ledger.find(test, inputsOf(shared, test))?.seconds;
      if (seconds === undefined) unknown.push(test);
      else unchanged.set(test, seconds);
    }
    console.error(`Running ${unknown.length} tests unchanged ...`);
    await Promise.all(
      workers.map((worker) =>
        drain(unknown, async (test) => {
          const run = await worker.run(test, LONGEST_UNCHANGED_SECONDS);
          const fault = faultOf(run);
          unchanged.set(test, fault ?? run.seconds);
          if (fault === null) ledger.keep(test, { inputs: inputsOf(shared, test), seconds: run.seconds });
          else console.error(`${test} fails unchanged: ${fault}`);
        }),
      ),
    );
    await Promise.all(
      workers.map((worker) =>
        drain(queue, async (mutant) => {
          const begin = performance.now();
          const usual = unchanged.get(mutant.test);
          const judgement: Judgement =
            typeof usual === "number"
              ? await worker.judge(mutant, limitOf(usual))
              : { outcome: "test fails anyway", why: usual ?? "", hung: false };
          found.set(mutant.name, judgement);
          ledger.keep(mutant.name, { inputs: inputsOf(shared, mutant.test, mutant), judgement });
          const seconds = ((performance.now() - begin) / 1000).toFixed(1);
          const what = judgement.hung ? "killed (hangs)" : judgement.outcome;
          console.error(`${found.size}/${mutants.length} ${what.padEnd(17)} ${mutant.name} (${seconds} s)`);
        }),
      ),
    );
  } finally {
    for (const worker of workers) worker.close();
    clean();
    process.off("exit", clean);
  }
  return found;
}

const USAGE = `Usage: npm run mutate -- ${Object.keys(SUITES).join("|")} [--json] [--only TEXT] [--list] [--workers N] [--fresh]

contracts  checks of the contracts, each with the attack that it prevents
protocol   rules of the reducer
clients    what light clients and joining nodes check of what others tell them
model      rules of the Quint model

--only TEXT  those whose name, file or test contains the text
--list       says what they are and runs nothing
--workers N  how many run side by side
--fresh      forgets what an interrupted run found
--json       ends with one JSON object`;

interface Options {
  readonly suite: string;
  readonly only: string;
  readonly workers: number;
  readonly flags: ReadonlySet<string>;
}

/** The options that `argv` gives, or null if it says something else. */
export function optionsOf(argv: readonly string[]): Options | null {
  const [suite = "", ...rest] = argv;
  const flags = new Set<string>();
  let only = "";
  let workers = availableParallelism();
  for (let i = 0; i < rest.length; i++) {
    const text = rest[i] ?? "";
    if (["--json", "--list", "--fresh"].includes(text)) flags.add(text);
    else if (text === "--only" && rest[i + 1] !== undefined) only = (rest[++i] ?? "").toLowerCase();
    else if (text === "--workers" && /^[1-9]\d?$/.test(rest[i + 1] ?? "")) workers = Number(rest[++i]);
    else return null;
  }
  return Object.hasOwn(SUITES, suite) ? { suite, only, workers, flags } : null;
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const options = optionsOf(argv);
  const suite = SUITES[options?.suite ?? ""];
  if (options === null || suite === undefined) {
    console.error(USAGE);
    return 2;
  }
  const all = await mutantsOf(options.suite);
  const mutants = all.filter(({ name, file, test }) =>
    `${name} ${file} ${test}`.toLowerCase().includes(options.only),
  );
  if (options.flags.has("--list")) {
    for (const { name, file, opens, test } of mutants) console.log(`${name}\n  ${file}: ${opens} (${test})`);
    return 0;
  }
  const faults = faultsOf(mutants);
  if (faults.length > 0 || mutants.length === 0) {
    console.error(faults.length > 0 ? faults.join("\n") : "No mutant is called like that.");
    return 1;
  }
  const file = join(root, "cache", "mutants", `${options.suite}.json`);
  const ledger = new Ledger(file, options.flags.has("--fresh"));
  const found = await judgeAll(suite, mutants, ledger, options.workers);
  if (mutants.length === all.length) ledger.forget();
  const survivors = mutants.filter(({ name }) => found.get(name)?.outcome !== "killed");
  for (const { name, file: changed, test } of survivors) {
    const { outcome, why } = found.get(name) ?? {};
    console.error(
      `${outcome}: ${name} (${changed}, ${test})${why ? `\n  ${why.split("\n").join("\n  ")}` : ""}`,
    );
  }
  const killed = mutants.length - survivors.length;
  const hung = mutants.filter(({ name }) => found.get(name)?.hung).map(({ name }) => name);
  for (const name of hung) console.error(`killed because its test does not end: ${name}`);
  console.error(`${killed} of ${mutants.length} mutants killed`);
  if (options.flags.has("--json")) {
    const names = survivors.map(({ name }) => name);
    console.log(
      JSON.stringify({ suite: options.suite, mutants: mutants.length, killed, hung, survivors: names }),
    );
  }
  return survivors.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      for (const pid of running) stop(pid);
      process.exit(130);
    });
  }
  process.exitCode = await main(process.argv.slice(2));
}
