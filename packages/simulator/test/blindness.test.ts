import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Rules, runParallel, runScenario } from "../src/index.ts";
import { withMutant } from "./support/mutant.ts";
import { MUTATIONS, NEGLECTED, RETURNING_REGISTRY } from "./support/mutations.ts";
import { turns } from "./support/turns.ts";

/** Schedules in which a broken rule has to show. */
const SCHEDULES = 400;

const search = { first: 1, count: SCHEDULES, threads: 2, mostFailures: 1 };

describe("the harness is not blind", () => {
  for (const mutation of MUTATIONS) {
    it(`notices: ${mutation.name}`, async () => {
      const summary = await withMutant(mutation, (rules) => runParallel({ ...search, rules }));
      assert.notEqual(summary.failed.length, 0, `${summary.runs} schedules passed`);
    });
  }

  it(`notices in a directed schedule: ${RETURNING_REGISTRY.name}`, async () => {
    const result = await withMutant(RETURNING_REGISTRY, async (url) => {
      const rules = (await import(url)) as Rules;
      return runScenario(turns(), { rules });
    });
    assert.notEqual(result.failures.length, 0);
  });

  for (const { name, faults } of NEGLECTED) {
    it(`notices: ${name}`, async () => {
      const summary = await runParallel({ ...search, faults });
      assert.notEqual(summary.failed.length, 0, `${summary.runs} schedules passed`);
    });
  }
});
