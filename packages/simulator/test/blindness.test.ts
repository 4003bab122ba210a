import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as unbroken from "@aitbc-hybrid/protocol";
import { type Rules, runParallel, runScenario } from "../src/index.ts";
import { inAnothersName } from "./support/forged.ts";
import { withMutant } from "./support/mutant.ts";
import { MUTATIONS, NEGLECTED, RETURNING_REGISTRY, UNVERIFIED_LATE_VOTES } from "./support/mutations.ts";
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

  for (const [mutation, schedule] of [
    [RETURNING_REGISTRY, turns],
    [UNVERIFIED_LATE_VOTES, inAnothersName],
  ] as const)
    it(`notices in a directed schedule: ${mutation.name}`, async () => {
      assert.deepEqual(runScenario(schedule(), { rules: unbroken }).failures, []);
      const result = await withMutant(mutation, async (url) => {
        const rules = (await import(url)) as Rules;
        return runScenario(schedule(), { rules });
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
