/**
 * Takes safety-relevant checks away one at a time, each in a copy of the sources, and runs the test named for it: a
 * mutant is killed if that test fails. A test that fails without the change too proves nothing, and neither does a
 * change that does not compile; both count as survivors. --only takes those whose name or file contains the text.
 *
 *     npm run mutate -- contracts|protocol|model [--json] [--only TEXT] [--list]
 *
 * The lists are test/mutants/*.ts, packages/protocol/test/mutants/*.ts and packages/protocol/model/*.ts. With --json the last line of stdout is
 * {suite, mutants, killed, survivors}; the exit code is 0 only if none survives.
 */
import { spawn } from "node:child_process";
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
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "..");

/** What a copy consists of: sources, and what building them left behind, so that only changes are built again. */
const COPIED = [
  "contracts",
  "test",
  "tasks",
  "deploy",
  "packages",
  "vectors",
  "scripts",
  "docs",
  "artifacts",
  "cache",
  "typechain",
  "hardhat.config.ts",
  "package.json",
  "tsconfig.json",
  "tsconfig.base.json",
];

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
  /** Command that builds the changed sources; none if they run as they are. */
  readonly build: readonly string[] | null;
  /** Command that runs a test file. */
  run(test: string): readonly string[];
}

const HARDHAT = "node_modules/hardhat/dist/src/cli.js";

const SUITES: Readonly<Record<string, Suite>> = {
  contracts: {
    folder: "test/mutants",
    build: [HARDHAT, "build"],
    run: (test) => [HARDHAT, "test", test.endsWith(".sol") ? "solidity" : "mocha", test],
  },
  protocol: {
    folder: "packages/protocol/test/mutants",
    build: null,
    run: (test) => ["--test", test],
  },
  // A test is a run of the model, named after the file.
  model: {
    folder: "packages/protocol/model",
    build: null,
    run: (test) => ["scripts/model.ts", "--samples", "4000", test.split("#")[1] ?? ""],
  },
};

export type Outcome = "killed" | "survived" | "test fails anyway" | "does not build";

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
  for (const name of COPIED) {
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

/** Runs this Node in `cwd`; whether it ended well. */
function succeeds(argv: readonly string[], cwd: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, argv, {
      cwd,
      detached: true,
      stdio: "ignore",
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    });
    const { pid } = child;
    if (pid !== undefined) running.add(pid);
    const end = (good: boolean): void => {
      if (pid !== undefined) running.delete(pid);
      resolve(good);
    };
    child.on("error", () => end(false));
    child.on("close", (code) => end(code === 0));
  });
}

/** Applies one mutant in `folder`, runs its test and undoes it. */
async function judge(suite: Suite, mutant: Mutant, folder: string): Promise<Outcome> {
  const path = join(folder, mutant.file);
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text.replace(mutant.find, () => mutant.replace),
  );
  try {
    if (suite.build !== null && !(await succeeds(suite.build, folder))) return "does not build";
    return (await succeeds(suite.run(mutant.test), folder)) ? "survived" : "killed";
  } finally {
    writeFileSync(path, text);
  }
}

/** Takes work from `queue` until it is empty. */
async function drain<T>(queue: T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
}

async function judgeAll(suite: Suite, mutants: readonly Mutant[]): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const broken = new Set<string>();
  const tests = [...new Set(mutants.map((mutant) => mutant.test))];
  // Those of one test follow each other: a copy rebuilds less between neighbours.
  const queue = [...mutants].sort((a, b) => a.file.localeCompare(b.file) || a.test.localeCompare(b.test));
  const folders = Array.from({ length: Math.min(availableParallelism(), mutants.length) }, copy);
  const clean = (): void => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", clean);
  try {
    console.error(`Running ${tests.length} test files unchanged ...`);
    await Promise.all(
      folders.map((folder) =>
        drain(tests, async (test) => {
          if (!(await succeeds(suite.run(test), folder))) broken.add(test);
        }),
      ),
    );
    let done = 0;
    await Promise.all(
      folders.map((folder) =>
        drain(queue, async (mutant) => {
          const outcome = broken.has(mutant.test) ? "test fails anyway" : await judge(suite, mutant, folder);
          outcomes.set(mutant.name, outcome);
          console.error(`${++done}/${mutants.length} ${outcome.padEnd(17)} ${mutant.name}`);
        }),
      ),
    );
  } finally {
    clean();
    process.off("exit", clean);
  }
  return outcomes;
}

async function main(argv: readonly string[]): Promise<number> {
  const [name = ""] = argv;
  const suite = SUITES[name];
  const at = argv.indexOf("--only");
  const rest = argv.slice(1).filter((text, i) => !["--json", "--list", "--only"].includes(text) && i !== at);
  if (suite === undefined || rest.length > 0 || (at !== -1 && argv[at + 1] === undefined)) {
    console.error(
      `Usage: npm run mutate -- ${Object.keys(SUITES).join("|")} [--json] [--only TEXT] [--list]`,
    );
    return 2;
  }
  const wanted = at === -1 ? "" : (argv[at + 1] ?? "").toLowerCase();
  const all = await mutantsOf(name);
  const mutants = all.filter(({ name: title, file }) => `${title} ${file}`.toLowerCase().includes(wanted));
  if (argv.includes("--list")) {
    for (const { name: title, file, opens, test } of mutants)
      console.log(`${title}\n  ${file}: ${opens} (${test})`);
    return 0;
  }
  const faults = faultsOf(mutants);
  if (faults.length > 0 || mutants.length === 0) {
    console.error(faults.length > 0 ? faults.join("\n") : "No mutant is called like that.");
    return 1;
  }
  const outcomes = await judgeAll(suite, mutants);
  const survivors = mutants.filter((mutant) => outcomes.get(mutant.name) !== "killed");
  for (const { name: title, file, test } of survivors) {
    console.error(`${outcomes.get(title)}: ${title} (${file}, ${test})`);
  }
  const killed = mutants.length - survivors.length;
  console.error(`${killed} of ${mutants.length} mutants killed`);
  if (argv.includes("--json")) {
    const names = survivors.map((mutant) => mutant.name);
    console.log(JSON.stringify({ suite: name, mutants: mutants.length, killed, survivors: names }));
  }
  return survivors.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      for (const pid of running) process.kill(-pid, "SIGKILL");
      process.exit(130);
    });
  }
  process.exitCode = await main(process.argv.slice(2));
}
