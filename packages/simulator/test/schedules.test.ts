import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import * as rules from "@aitbc-hybrid/protocol";
import { randomScenario, runParallel, runScenario, type Summary } from "../src/index.ts";
import { BRANCHES } from "./support/drills.ts";
import { leaseScenario } from "./support/lease.ts";

const SCHEDULES = 1000;

/** Names of the rules' branches, as the reducer's source reports them. */
function branches(): string[] {
  const source = join(import.meta.dirname, "../../protocol/src");
  const names = new Set<string>();
  for (const file of readdirSync(source, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    for (const [, call] of readFileSync(join(source, file), "utf8").matchAll(/\.trace\(([^;]*)\);/g))
      for (const [, name] of call!.matchAll(/"([^"]+)"/g)) names.add(name!);
  }
  return [...names].sort();
}

describe(`${SCHEDULES} random schedules`, () => {
  let summary: Summary;
  before(async () => {
    summary = await runParallel({ first: 1, count: SCHEDULES, threads: 2 });
  });

  it("agree, sign nothing slashable, and finalize new blocks after stabilization", () => {
    const told = summary.failed.map(
      ({ seed, failures }) =>
        `seed ${seed} (node packages/simulator/src/replay.ts --seed ${seed}):\n  ${failures.join("\n  ")}`,
    );
    assert.deepEqual(told, []);
    assert.equal(summary.runs, SCHEDULES);
  });

  it("reach every branch of the rules", () => {
    const listed = branches();
    // No random schedule runs out of a lease: without recovery, which comes later, it might never go on.
    const counts: Record<string, number> = { ...summary.rules };
    for (let seed = 0; seed < 8; seed++) {
      const { counts: leases } = runScenario({ scenario: leaseScenario(seed) }, { rules });
      for (const [name, count] of leases.rules) counts[name] = (counts[name] ?? 0) + count;
    }
    assert.ok(listed.length >= 10, `only ${listed.length} branches are named in the rules`);
    assert.deepEqual(
      // Recovery's own are reached by its drills.
      listed.filter((name) => (counts[name] ?? 0) === 0 && !BRANCHES.includes(name)),
      [],
    );
  });

  it("finalize, back, hand over and carry over, in plenty", () => {
    assert.ok(summary.finalBlocks > 8 * SCHEDULES, `${summary.finalBlocks} final blocks`);
    assert.ok(summary.epochs > 2 * SCHEDULES, `${summary.epochs} epochs`);
    assert.ok(summary.handOvers > SCHEDULES / 10, `${summary.handOvers} hand-overs`);
    assert.ok(summary.carriedOver > SCHEDULES / 20, `${summary.carriedOver} carried over`);
    assert.ok(summary.accepted > 2 * SCHEDULES, `${summary.accepted} accepted checkpoints`);
  });

  it("contain every kind of fault and adversary", () => {
    const rare = Object.entries(summary.features).filter(([, count]) => count < SCHEDULES / 50);
    assert.deepEqual(rare, []);
    assert.ok(Object.keys(summary.features).length >= 20);
  });
});

describe("one seed", () => {
  it("gives one history, whatever else it is", () => {
    const traces = new Set<string>();
    for (let seed = 1; seed <= 12; seed++) {
      const once = runScenario({ scenario: randomScenario(`${seed}`) }, { rules });
      const again = runScenario({ scenario: randomScenario(`${seed}`) }, { rules });
      assert.equal(once.trace, again.trace, `seed ${seed}`);
      assert.deepEqual(once.heights, again.heights);
      traces.add(once.trace);
    }
    assert.equal(traces.size, 12);
  });
});
