import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { actionText, follow, INSTANCES, type ModelAction, type Reducer, readAction } from "../src/index.ts";
import { type Mutation, withMutant } from "./support/mutant.ts";

/** `node scripts/traces.ts` writes them. */
const FILE = join(import.meta.dirname, "support", "traces.txt");

const TRACES = readFileSync(FILE, "utf8")
  .trim()
  .split("\n")
  .map((line) => {
    const [instance = "", ...actions] = line.split(" ");
    return { instance, actions: actions.filter((text) => text !== "").map(readAction) };
  });

type Sums = Record<
  | "matched"
  | "final"
  | "epochs"
  | "laterEpochs"
  | "recoveries"
  | "leaks"
  | "left"
  | "ahead"
  | "over"
  | "other",
  number
>;

function followAll(): Sums & { readonly differences: readonly string[] } {
  const sums: Sums = {
    matched: 0,
    final: 0,
    epochs: 0,
    laterEpochs: 0,
    recoveries: 0,
    leaks: 0,
    left: 0,
    ahead: 0,
    over: 0,
    other: 0,
  };
  const differences: string[] = [];
  TRACES.forEach(({ instance, actions }, at) => {
    const { differences: different, narrower, ...counts } = follow(INSTANCES[instance]!, actions);
    for (const [name, count] of Object.entries({ ...counts, ...narrower })) sums[name as keyof Sums] += count;
    for (const text of different) differences.push(`trace ${at + 1} (${instance}): ${text}`);
  });
  return { ...sums, differences };
}

/** The first trace of these instances that a broken reducer does not follow; null: it follows all of them. */
function lost(instances: readonly string[], reducer: Reducer): string | null {
  for (const { instance, actions } of TRACES) {
    if (!instances.includes(instance)) continue;
    const [difference] = follow(INSTANCES[instance]!, actions, reducer).differences;
    if (difference !== undefined) return difference;
  }
  return null;
}

const BROKEN: readonly (Mutation & { readonly instances: readonly string[] })[] = [
  {
    name: "notarizes over no gap (rule 3)",
    instances: ["balanced"],
    file: "view/rules.ts",
    from: "  if (gap === null) return true;\n",
    to: "  if (gap === null && parentView === view - 1) return true;\n",
  },
  {
    name: "waits for N in a term's later views (rule 3)",
    instances: ["fast", "terms"],
    file: "view/rules.ts",
    from: "    if (d.s.own.get(parentView)?.notarize?.blockHash === parentHash) return true;\n",
    to: "",
  },
  {
    name: "never leaves its registry (section 1)",
    instances: ["short"],
    file: "epoch/start.ts",
    from: "    registry: commitment.registryNext,\n",
    to: "    registry: context.start.registry,\n",
  },
  {
    name: "votes past a lease (section 6)",
    instances: ["fast", "apart"],
    file: "view/lease.ts",
    from: "  if (end >= d.s.now + d.epoch.params.drift) {\n",
    to: "  if (end >= 0) {\n",
  },
  {
    name: "keeps its mode after a recovery (section 6, 4)",
    instances: ["short"],
    file: "epoch/start.ts",
    from: '    mode: "secure",\n',
    to: "    mode: context.start.mode,\n",
  },
];

describe("traces of the Quint model", () => {
  let all: ReturnType<typeof followAll>;
  before(() => {
    all = followAll();
  });

  it("are followed by the reducer: the same views, votes, checkpoints, RESTARTs, epochs and final blocks", () => {
    assert.deepEqual(all.differences, []);
    assert.ok(TRACES.length >= 300, `${TRACES.length} traces`);
    assert.ok(all.matched > 20 * TRACES.length, `${all.matched} actions`);
    assert.ok(all.final > TRACES.length, `${all.final} final blocks`);
  });

  it("lead through terms, epochs, recoveries and a leak", () => {
    const done = new Set(TRACES.flatMap(({ actions }) => actions.map((action) => action.do)));
    assert.equal(done.size, 17);
    const { epochs, laterEpochs, recoveries, leaks } = all;
    const least = { epochs: 100, laterEpochs: 20, recoveries: 100, leaks: 1 };
    for (const [name, count] of Object.entries({ epochs, laterEpochs, recoveries, leaks }))
      assert.ok(count >= least[name as keyof typeof least], `${name}: ${count}`);
  });

  it("seldom act where the reducer's rules are the narrower ones", () => {
    const { left, ahead, over, other } = all;
    assert.ok((left + ahead + over + other) * 10 < all.matched, JSON.stringify({ left, ahead, over, other }));
  });

  for (const { instances, ...mutation } of BROKEN)
    it(`are not followed by a reducer that ${mutation.name}`, async () => {
      const difference = await withMutant(mutation, async (url) =>
        lost(instances, (await import(url)) as Reducer),
      );
      assert.notEqual(difference, null);
    });

  it("read as they were written", () => {
    const actions: readonly ModelAction[] = [
      { do: "propose", block: 3, parent: 1 },
      { do: "notarize", node: 2, view: 4, block: 3, parentView: 0 },
      { do: "restart", node: 0, view: 0, block: 0 },
      { do: "grace" },
    ];
    assert.deepEqual(actions.map(actionText), ["P3<1", "N2:4.3.0", "S0:0.0", "G"]);
    assert.deepEqual(actions.map(actionText).map(readAction), actions);
    for (const wrong of ["Q1", "N1:2", "E1:x"]) assert.throws(() => readAction(wrong), RangeError);
  });
});
