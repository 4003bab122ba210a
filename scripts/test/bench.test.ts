import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Figure, line, load, measure, names } from "../bench.ts";

describe("a report", () => {
  const benchmark = (figures: Record<string, Figure>) => ({ description: "", run: async () => figures });

  test("says what was measured, where, on which commit and how to repeat it", async () => {
    const report = await measure("planted", benchmark({ time: { value: 1.5, unit: "ms" } }), ["--long"]);
    assert.deepEqual(report.figures, { time: { value: 1.5, unit: "ms" } });
    assert.equal(report.command, "npm run bench -- planted --long");
    assert.equal(report.machine.node, process.version);
    assert.ok(report.machine.cores > 0 && report.machine.memory > 0);
    assert.ok(report.commit === null || /^[0-9a-f]{40}$/.test(report.commit));
    assert.ok(!Number.isNaN(Date.parse(report.at)));
  });

  test("has its figures' values in front, grouped where their names have a dot", async () => {
    const figures = {
      "eu.p50": { value: 1, unit: "ms" },
      "eu.p95": { value: 2, unit: "ms" },
      name: { value: 3, unit: "" },
    };
    const { eu, name, figures: all } = line(await measure("planted", benchmark(figures), []));
    assert.deepEqual({ eu, name, all }, { eu: { p50: 1, p95: 2 }, name: "planted", all: figures });
  });

  test("is refused when nothing or no number was measured", async () => {
    await assert.rejects(measure("planted", benchmark({}), []), /measured nothing/);
    const broken = benchmark({ time: { value: Number.NaN, unit: "ms" } });
    await assert.rejects(measure("planted", broken, []), /not a number/);
  });
});

test("every benchmark loads and says what it measures", async () => {
  for (const name of names()) assert.notEqual((await load(name)).description, "", name);
});
