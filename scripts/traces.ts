/**
 * Writes traces of the Quint model for the reducer to follow (packages/simulator/test/model.test.ts): runs the model and
 * keeps what its nodes and its settlement chain do, in all epochs and incarnations.
 *
 *     node scripts/traces.ts [--seed S]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { actionText, type ModelAction } from "@aitbc-hybrid/simulator";

const root = join(import.meta.dirname, "..");
const QUINT = join(root, "node_modules", "@informalsystems", "quint", "dist", "src", "cli.js");
const MODEL = join("packages", "protocol", "model", "hybrid.qnt");
const FILE = join(root, "packages", "simulator", "test", "support", "traces.txt");

interface Run {
  readonly instance: string;
  readonly step: string;
  readonly steps: number;
  readonly count: number;
}

/** What the traces are taken from. */
const RUNS: readonly Run[] = [
  { instance: "balanced", step: "viewStep", steps: 110, count: 30 },
  { instance: "secure", step: "viewStep", steps: 110, count: 30 },
  { instance: "fast", step: "viewStep", steps: 110, count: 30 },
  { instance: "terms", step: "viewStep", steps: 130, count: 30 },
  { instance: "short", step: "viewStep", steps: 120, count: 30 },
  { instance: "balanced", step: "step", steps: 120, count: 30 },
  { instance: "short", step: "step", steps: 120, count: 30 },
  { instance: "balanced", step: "leakStep", steps: 140, count: 30 },
  { instance: "fast", step: "step", steps: 140, count: 30 },
  { instance: "apart", step: "step", steps: 110, count: 30 },
];

interface Domain {
  readonly e: number;
  readonly i: number;
}

interface Vote {
  readonly d: Domain;
  readonly v: number;
  readonly h: number;
  readonly pv: number;
}

interface Node {
  readonly d: Domain;
  readonly view: number;
  readonly notarized: readonly Vote[];
  readonly finalized: readonly Vote[];
  readonly nullified: readonly { readonly d: Domain; readonly u: number }[];
  readonly checkpoints: readonly { readonly d: Domain; readonly h: number }[];
  readonly restarts: readonly { readonly d: Domain; readonly v: number; readonly h: number }[];
  readonly lapsed: boolean;
  readonly cut: boolean;
}

/** The model's variables that {@link between} reads. */
interface State {
  readonly nodes: ReadonlyMap<number, Node>;
  readonly blocks: readonly { readonly parent: number }[];
  readonly roots: ReadonlyMap<Domain, number>;
  readonly now: Domain;
  readonly accepted: number;
  readonly recovery: {
    readonly open: boolean;
    readonly over: boolean;
    readonly posted: number;
    readonly postedView: number;
  };
  readonly leaked: readonly number[];
}

const VARIABLES = ["nodes", "blocks", "roots", "now", "accepted", "recovery", "leaked"] as const;

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

const added = <T>(then: readonly T[], now: readonly T[]): T[] => {
  const known = new Set(then.map((item) => JSON.stringify(item)));
  return now.filter((item) => !known.has(JSON.stringify(item)));
};

const isSame = (a: Domain, b: Domain): boolean => a.e === b.e && a.i === b.i;

/** What a node did between two states; `roots` are the later ones'. */
function ofNode(node: number, then: Node, now: Node, roots: State["roots"]): ModelAction[] {
  const actions: ModelAction[] = [];
  if (!isSame(then.d, now.d)) {
    const block = [...roots].find(([domain]) => isSame(domain, now.d))![1];
    actions.push(now.d.i === then.d.i ? { do: "begin", node, block } : { do: "resume", node });
  } else if (now.view !== then.view) actions.push({ do: "enter", node, view: now.view });
  for (const { v, h, pv } of added(then.notarized, now.notarized))
    actions.push({ do: "notarize", node, view: v, block: h, parentView: pv });
  for (const { v, h, pv } of added(then.finalized, now.finalized))
    actions.push({ do: "finalize", node, view: v, block: h, parentView: pv });
  for (const { u } of added(then.nullified, now.nullified)) actions.push({ do: "nullify", node, view: u });
  for (const { h } of added(then.checkpoints, now.checkpoints))
    actions.push({ do: "checkpoint", node, block: h });
  for (const { v, h } of added(then.restarts, now.restarts))
    actions.push({ do: "restart", node, view: v, block: h });
  if (now.lapsed && !then.lapsed) actions.push({ do: "lapse", node });
  if (now.cut && !then.cut) actions.push({ do: "cut", node });
  return actions;
}

/** What the settlement chain did between two states. */
function ofSettlement(before: State, after: State): ModelAction[] {
  const [then, now] = [before.recovery, after.recovery];
  if (after.now.i !== before.now.i) {
    // The point recovered at is what everybody signed RESTART for.
    const restarts = [...before.nodes.values()].flatMap(({ restarts }) => restarts);
    const { v } = restarts.find(({ d, h }) => isSame(d, before.now) && h === after.accepted)!;
    return [{ do: "activate", view: v, block: after.accepted }];
  }
  if (after.accepted !== before.accepted) return [{ do: "accept", block: after.accepted }];
  if (now.open && !then.open) return [{ do: "open" }];
  if (now.over && !then.over) return [{ do: "grace" }];
  if (now.postedView !== then.postedView) return [{ do: "post", view: now.postedView, block: now.posted }];
  return added(before.leaked, after.leaked).map((node) => ({ do: "leak", node }));
}

/** What happened between two states of the model. */
export function between(before: State, after: State): ModelAction[] {
  const actions: ModelAction[] = [];
  after.blocks.forEach(({ parent }, block) => {
    if (block >= before.blocks.length) actions.push({ do: "propose", block, parent });
  });
  for (const [node, now] of after.nodes)
    actions.push(...ofNode(node, before.nodes.get(node)!, now, after.roots));
  return [...actions, ...ofSettlement(before, after)];
}

function tracesOf({ instance, step, steps, count }: Run, seed: number): string[] {
  const folder = mkdtempSync(join(tmpdir(), "traces-"));
  try {
    const run = ["run", MODEL, `--main=${instance}`, `--step=${step}`];
    const how = ["--backend=typescript", "--verbosity=1", `--max-steps=${steps}`, `--seed=${seed}`];
    const many = [`--max-samples=${2 * count}`, `--n-traces=${count}`];
    const out = `--out-itf=${join(folder, "{seq}.json")}`;
    const done = spawnSync(process.execPath, [QUINT, ...run, ...how, ...many, out], {
      cwd: root,
      encoding: "utf8",
    });
    if (done.status !== 0) throw new Error(`Quint ends with ${done.status}:\n${done.stdout}${done.stderr}`);
    return readdirSync(folder)
      .sort()
      .map((name) => {
        const { states } = JSON.parse(readFileSync(join(folder, name), "utf8")) as { states: object[] };
        const list = states.map((state) => {
          const of = (variable: string): unknown =>
            plain(Object.entries(state).find(([key]) => key.endsWith(`::${variable}`))?.[1]);
          return Object.fromEntries(VARIABLES.map((name) => [name, of(name)])) as unknown as State;
        });
        const actions = list.flatMap((state, at) => (at === 0 ? [] : between(list[at - 1]!, state)));
        return [instance, ...actions.map(actionText)].join(" ");
      });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seed: { type: "string", default: "20261121" } } });
  const traces = RUNS.flatMap((run) => tracesOf(run, Number(values.seed)));
  writeFileSync(FILE, `${[...new Set(traces)].join("\n")}\n`);
  console.error(`${new Set(traces).size} traces`);
}
