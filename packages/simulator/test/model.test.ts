import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import type { Mode } from "@aitbc-hybrid/protocol";
import { follow, type ModelAction, type Reducer, smallSetup } from "../src/index.ts";
import { withMutant } from "./support/mutant.ts";

/** `node scripts/traces.ts` writes them, and says how they read. */
const FILE = join(import.meta.dirname, "support", "traces.txt");

function actionOf(text: string): ModelAction {
  const [first = 0, second = 0, block = 0, parentView = 0] = text.slice(1).split(/[<:.]/).map(Number);
  switch (text[0]) {
    case "P":
      return { do: "propose", block: first, parent: second };
    case "E":
      return { do: "enter", node: first, view: second };
    case "X":
      return { do: "nullify", node: first, view: second };
    default:
      return { do: text[0] === "N" ? "notarize" : "finalize", node: first, view: second, block, parentView };
  }
}

/** The model's first registry: three honest stakers of four, the authority corrupt; epochs of two blocks. */
const setupOf = (mode: Mode) =>
  smallSetup({
    mode,
    authorities: 1,
    stakes: [0n, 1n, 1n, 1n, 1n],
    corrupt: [0, 4],
    leaders: [4],
    views: 4,
    epochLength: 2,
  });

function followAll(reducer?: Reducer) {
  const sum = { traces: 0, matched: 0, ahead: 0, final: 0, differences: [] as string[] };
  for (const line of readFileSync(FILE, "utf8").trim().split("\n")) {
    const [mode = "", ...actions] = line.split(" ");
    const followed = follow(
      setupOf(mode as Mode),
      actions.filter((text) => text !== "").map(actionOf),
      reducer,
    );
    sum.traces++;
    sum.matched += followed.matched;
    sum.ahead += followed.ahead;
    sum.final += followed.final;
    for (const text of followed.differences) sum.differences.push(`trace ${sum.traces}: ${text}`);
  }
  return sum;
}

describe("traces of the Quint model", () => {
  let all: ReturnType<typeof followAll>;
  before(() => {
    all = followAll();
  });

  it("are followed by the reducer: the same views, votes and final blocks", () => {
    assert.deepEqual(all.differences, []);
    assert.ok(all.traces >= 50, `${all.traces} traces`);
    assert.ok(all.matched > 10 * all.traces, `${all.matched} actions`);
    assert.ok(all.final > all.traces / 2, `${all.final} final blocks`);
  });

  it("seldom act in a view that the reducer has left", () => assert.ok(all.ahead * 10 < all.matched));

  it("are not followed by a reducer that notarizes over no gap", async () => {
    const mutation = {
      name: "rule 3: no gaps",
      file: "view/rules.ts",
      from: "  if (gap === null) return true;\n",
      to: "  if (gap === null && parentView === view - 1) return true;\n",
    };
    const broken = await withMutant(mutation, async (url) => followAll((await import(url)) as Reducer));
    assert.notEqual(broken.differences.length, 0);
  });
});
