/**
 * Writes traces of the Quint model's view rules for the reducer to follow (packages/simulator/test/model.test.ts): runs
 * the model and keeps what its nodes do in the first epoch.
 *
 *     node scripts/traces.ts [--count N] [--seed S]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const QUINT = join(root, "node_modules", "@informalsystems", "quint", "dist", "src", "cli.js");
const MODEL = join("packages", "protocol", "model", "hybrid.qnt");
const FILE = join(root, "packages", "simulator", "test", "support", "traces.txt");
/** Instances with terms of one view and one corrupt quarter of the stake. */
const INSTANCES = ["balanced", "secure"];
const STEPS = 90;

interface Vote {
  readonly d: { readonly e: number };
  readonly v: number;
  readonly h: number;
  readonly pv: number;
}

interface Node {
  readonly d: { readonly e: number };
  readonly view: number;
  readonly notarized: readonly Vote[];
  readonly finalized: readonly Vote[];
  readonly nullified: readonly { readonly d: { readonly e: number }; readonly u: number }[];
}

interface State {
  readonly nodes: ReadonlyMap<number, Node>;
  readonly blocks: readonly { readonly d: { readonly e: number }; readonly parent: number }[];
}

/** Numbers, sets and maps out of the trace format's wrappings. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const wrapped = value as Record<string, unknown>;
  if ("#bigint" in wrapped) return Number(wrapped["#bigint"]);
  if ("#set" in wrapped) return plain(wrapped["#set"]);
  if ("#map" in wrapped) return new Map(plain(wrapped["#map"]) as [unknown, unknown][]);
  return Object.fromEntries(Object.entries(wrapped).map(([key, of]) => [key, plain(of)]));
}

/**
 * What happened between two states, in the first epoch: `P1<0` proposes block 1 on 0; node 2 `E2:3` enters view 3,
 * `X2:3` nullifies it, `N2:3.1.0` and `F2:3.1.0` vote for block 1 in view 3 with parent view 0.
 */
export function between(before: State, after: State): string[] {
  const actions: string[] = [];
  after.blocks.forEach(({ d, parent }, block) => {
    if (block >= before.blocks.length && d.e === 0) actions.push(`P${block}<${parent}`);
  });
  for (const [node, now] of after.nodes) {
    const then = before.nodes.get(node)!;
    if (now.d.e > 0) continue;
    const isNew = <T>(of: readonly T[], item: T): boolean =>
      !of.some((each) => JSON.stringify(each) === JSON.stringify(item));
    if (now.view !== then.view) actions.push(`E${node}:${now.view}`);
    for (const x of now.notarized)
      if (isNew(then.notarized, x)) actions.push(`N${node}:${x.v}.${x.h}.${x.pv}`);
    for (const x of now.finalized)
      if (isNew(then.finalized, x)) actions.push(`F${node}:${x.v}.${x.h}.${x.pv}`);
    for (const x of now.nullified) if (isNew(then.nullified, x)) actions.push(`X${node}:${x.u}`);
  }
  return actions;
}

function tracesOf(instance: string, count: number, seed: number): string[] {
  const folder = mkdtempSync(join(tmpdir(), "traces-"));
  try {
    const run = [
      "run",
      MODEL,
      `--main=${instance}`,
      "--step=viewStep",
      "--backend=typescript",
      "--verbosity=1",
    ];
    const many = [
      `--max-steps=${STEPS}`,
      `--max-samples=${2 * count}`,
      `--n-traces=${count}`,
      `--seed=${seed}`,
    ];
    const out = `--out-itf=${join(folder, "{seq}.json")}`;
    const done = spawnSync(process.execPath, [QUINT, ...run, ...many, out], { cwd: root, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`Quint ends with ${done.status}:\n${done.stdout}${done.stderr}`);
    return readdirSync(folder)
      .sort()
      .map((name) => {
        const { states } = JSON.parse(readFileSync(join(folder, name), "utf8")) as { states: object[] };
        const list = states.map((state) => {
          const of = (name: string): unknown =>
            plain(Object.entries(state).find(([key]) => key.endsWith(`::${name}`))?.[1]);
          return { nodes: of("nodes"), blocks: of("blocks") } as State;
        });
        const actions = list.flatMap((state, at) => (at === 0 ? [] : between(list[at - 1]!, state)));
        return `${instance} ${actions.join(" ")}`;
      });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { count: { type: "string", default: "40" }, seed: { type: "string", default: "20261121" } },
  });
  const traces = INSTANCES.flatMap((name) => tracesOf(name, Number(values.count), Number(values.seed)));
  writeFileSync(FILE, `${[...new Set(traces)].join("\n")}\n`);
  console.error(`${new Set(traces).size} traces`);
}
