import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Mode } from "@aitbc-hybrid/protocol";
import { type Costs, FREE } from "../../src/wan/costs.ts";
import { fastLatency, leaderCrash } from "../../src/wan/measure.ts";
import { IDEAL_LINE, quantile, type WanOptions, WanWorld } from "../../src/wan/world.ts";

/** Messages take `way` ms between any two nodes; nothing else takes any time. */
const ideal = (mode: Mode, way: number, options: Partial<WanOptions> = {}): WanWorld =>
  new WanWorld({
    seed: "ideal",
    mode,
    authorities: 4,
    stakers: 3,
    place: way,
    line: IDEAL_LINE,
    costs: FREE,
    clockError: 0,
    ...options,
  });

/** Lowest and highest of the latencies of blocks 1 to 10. */
function bounds(world: WanWorld): readonly [number, number] {
  world.runTo(10, 120_000);
  assert.deepEqual(world.surprises, []);
  const all = world.latencies(1, 10);
  assert.equal(all.length, 10 * world.nodes.length);
  return [all[0]!, all.at(-1)!];
}

describe("with equal ways, a block is final everywhere after exactly three of them", () => {
  for (const mode of ["fast", "balanced", "secure"] as const) {
    for (const way of [1, 40, 90])
      test(`${mode}, ${way} ms`, () => assert.deepEqual(bounds(ideal(mode, way)), [3 * way, 3 * way]));
  }
});

test("a durable write adds three times its duration: of the proposal, the NOTARIZE and, with N, the FINALIZE", () => {
  const costs: Costs = { ...FREE, flush: () => 7 };
  assert.deepEqual(bounds(ideal("balanced", 40, { costs })), [3 * 40 + 3 * 7, 3 * 40 + 3 * 7]);
});

test("batches that arrive late make voters wait for them: not before a quorum holds them are they ordered", () => {
  const line = { ...IDEAL_LINE, bandwidth: 100e6 };
  const world = ideal("balanced", 40, { line, bytesPerBlock: 1_000_000 });
  world.runTo(10, 120_000);
  const ordered = [...world.blocks.values()].slice(3, 10).map(({ bytes }) => bytes);
  const mean = ordered.reduce((sum, bytes) => sum + bytes, 0) / ordered.length;
  assert.ok(Math.abs(mean - 1e6) < 0.2e6, `${mean}`);
});

test("in one term blocks follow each other at the block time while a quorum answers within `ahead` of them", () => {
  const world = ideal("fast", 90, { authorities: 7, stakers: 0 });
  world.runTo(16, 60_000);
  const blocks = [...world.blocks.values()];
  for (const [at, block] of blocks.entries()) {
    const before = blocks[at - 1];
    if (before !== undefined && block.leader === before.leader && block.view % 8 !== 1)
      assert.equal(block.made - before.made, 100);
  }
});

test("one seed gives one run", () => {
  const run = () => fastLatency({ seeds: ["same"], place: "eu", blocks: 5 });
  assert.deepEqual(run(), run());
});

test("Europe is faster than both sides of the Atlantic, and these than the globe", () => {
  const [eu, usEu, global] = (["eu", "usEu", "global"] as const).map(
    (place) => fastLatency({ seeds: ["order"], place, blocks: 10 }).p50,
  ) as [number, number, number];
  assert.ok(eu < usEu && usEu < global, `${eu} ${usEu} ${global}`);
});

test("after a leader's death Fast is final again as soon as 2Δ and the next leader's block allow", () => {
  const { p95 } = leaderCrash({ seed: "death", place: "eu", crashes: 3 });
  assert.ok(p95 > 200 && p95 < 400, `${p95}`);
});

test("a quantile is a value that the share of all lies at or below", () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  assert.deepEqual([quantile(values, 0.5), quantile(values, 0.95), quantile(values, 0)], [5, 10, 1]);
  assert.throws(() => quantile([], 0.5), RangeError);
});
