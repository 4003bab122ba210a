import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as unbroken from "@aitbc-hybrid/protocol";
import { type Rules, runCampaign, runScenario } from "../src/index.ts";
import { inAnothersName } from "./support/forged.ts";
import { withMutant } from "./support/mutant.ts";
import { MUTATIONS, NEGLECTED, RETURNING_REGISTRY, UNVERIFIED_LATE_VOTES } from "./support/mutations.ts";
import { turns } from "./support/turns.ts";

/** Schedules in which a broken rule has to show. */
const SCHEDULES = 400;

const search = { first: 1, count: SCHEDULES, mostFailures: 1 };

const load = async (url: string): Promise<Rules> => (await import(url)) as Rules;

describe("the harness is not blind", () => {
  for (const mutation of MUTATIONS) {
    it(`notices: ${mutation.name}`, async () => {
      const summary = await withMutant(mutation, async (url) =>
        runCampaign(search, { rules: await load(url) }),
      );
      assert.notEqual(summary.failed.length, 0, `${summary.runs} schedules passed`);
    });
  }

  for (const [mutation, schedule] of [
    [RETURNING_REGISTRY, turns],
    [UNVERIFIED_LATE_VOTES, inAnothersName],
  ] as const)
    it(`notices in a directed schedule: ${mutation.name}`, async () => {
      assert.deepEqual(runScenario(schedule(), { rules: unbroken }).failures, []);
      const result = await withMutant(mutation, async (url) =>
        runScenario(schedule(), { rules: await load(url) }),
      );
      assert.notEqual(result.failures.length, 0);
    });

  for (const { name, faults } of NEGLECTED) {
    it(`notices: ${name}`, () => {
      const summary = runCampaign({ ...search, faults }, { rules: unbroken });
      assert.notEqual(summary.failed.length, 0, `${summary.runs} schedules passed`);
    });
  }
});
