/**
 * Runs a benchmark of bench/ and says on what machine, commit and command its figures were measured.
 *
 *     npm run bench -- --list
 *     npm run bench -- NAME [--json] [arguments of the benchmark...]
 *
 * A file bench/NAME.ts exports `description` and `run(arguments)`. With --json the last line of stdout is one
 * object: {key: value, ..., name, figures: {key: {value, unit}}, machine, commit, dirty, command, at}, where a figure
 * called "a.b" stands as {a: {b: value}} at the front.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export interface Figure {
  readonly value: number;
  /** A unit as a reader writes it: "ms", "1/s", "gas". */
  readonly unit: string;
}

export interface Benchmark {
  /** One line for --list: what is measured, under which conditions. */
  readonly description: string;
  /** Measures; may print its progress to stderr, nothing to stdout. */
  run(argv: readonly string[]): Promise<Record<string, Figure>>;
}

const root = join(import.meta.dirname, "..");
const folder = join(root, "bench");

/** Names of all benchmarks, sorted. */
export function names(): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => entry.name.slice(0, -".ts".length))
    .sort();
}

/** The benchmark in bench/NAME.ts. */
export async function load(name: string): Promise<Benchmark> {
  const module = (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as Partial<Benchmark>;
  if (typeof module.run !== "function" || typeof module.description !== "string") {
    throw new Error(`bench/${name}.ts does not export a description and a function run`);
  }
  return module as Benchmark;
}

function git(...argv: string[]): string | null {
  const done = spawnSync("git", argv, { cwd: root, encoding: "utf8" });
  return done.status === 0 ? done.stdout.trim() : null;
}

/** The limit that a container sets, if it is below the machine's memory. */
function memory(): number {
  const file = "/sys/fs/cgroup/memory.max";
  const limit = existsSync(file) ? Number(readFileSync(file, "utf8")) : Number.NaN;
  return Number.isSafeInteger(limit) && limit < totalmem() ? limit : totalmem();
}

/** Where the figures were measured. Memory in bytes. */
export function machine(): { cpu: string; cores: number; memory: number; node: string; os: string } {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memory: memory(),
    node: process.version,
    os: `${type()} ${release()}`,
  };
}

const shown = (value: number): string =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(4)));

export interface Report {
  readonly name: string;
  readonly figures: Readonly<Record<string, Figure>>;
  readonly machine: ReturnType<typeof machine>;
  /** null outside a git checkout */
  readonly commit: string | null;
  /** Whether the checkout had changes that no commit holds; null outside a git checkout. */
  readonly dirty: boolean | null;
  /** What to type to measure it again. */
  readonly command: string;
  /** When it began, ISO 8601. */
  readonly at: string;
}

/**
 * Runs one benchmark.
 * @throws Error if it measures nothing, or something that is not a number with a unit
 */
export async function measure(name: string, benchmark: Benchmark, argv: readonly string[]): Promise<Report> {
  const at = new Date().toISOString();
  const figures = await benchmark.run(argv);
  if (Object.keys(figures).length === 0) throw new Error("the benchmark measured nothing");
  for (const [key, { value, unit }] of Object.entries(figures)) {
    if (!Number.isFinite(value) || typeof unit !== "string") {
      throw new Error(`the figure ${key} is not a number with a unit`);
    }
  }
  const status = git("status", "--porcelain");
  return {
    name,
    figures,
    machine: machine(),
    commit: git("rev-parse", "HEAD"),
    dirty: status === null ? null : status !== "",
    command: ["npm run bench --", name, ...argv].join(" "),
    at,
  };
}

/** A report as one object, with the figures' values in front: "a.b" becomes {a: {b}}. */
export function line(report: Report): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, { value }] of Object.entries(report.figures)) {
    const path = key.split(".");
    let at = values;
    for (const part of path.slice(0, -1)) {
      at[part] ??= {};
      at = at[part] as Record<string, unknown>;
    }
    at[path.at(-1)!] = value;
  }
  return { ...values, ...report };
}

async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  const [name, ...rest] = argv.filter((word) => word !== "--json");
  const known = names();
  if (name === undefined || name === "--list") {
    for (const one of known) console.log(`${one.padEnd(10)} ${(await load(one)).description}`);
    return name === undefined ? 2 : 0;
  }
  if (!known.includes(name)) {
    console.error(`No benchmark is called ${name}. There are: ${known.join(", ") || "none"}.`);
    return 2;
  }
  const benchmark = await load(name);
  console.error(benchmark.description);
  const report = await measure(name, benchmark, rest);
  const print = json ? console.error : console.log;
  const width = Math.max(...Object.keys(report.figures).map((key) => key.length));
  for (const [key, { value, unit }] of Object.entries(report.figures)) {
    print(`${key.padEnd(width)}  ${shown(value)} ${unit}`);
  }
  const { cpu, cores, node, os } = report.machine;
  const commit = `commit ${report.commit?.slice(0, 10) ?? "unknown"}${report.dirty ? " with changes" : ""}`;
  print(`${cores} x ${cpu}, Node ${node}, ${os}, ${commit}`);
  if (json) console.log(JSON.stringify(line(report)));
  return 0;
}

if (import.meta.main) {
  // Benchmarks may leave worker threads and sockets behind; what was measured is complete by then.
  process.exit(await main(process.argv.slice(2)));
}
