import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Mode } from "@aitbc-hybrid/protocol";
import * as rules from "@aitbc-hybrid/protocol";
import { beyondScenario, classScenario, runScenario } from "../src/index.ts";

describe("above the fault bounds", () => {
  for (const mode of ["fast", "balanced", "secure"] satisfies Mode[]) {
    it(`${mode}: twins of more than a third of each class make honest nodes disagree, and are convicted`, () => {
      for (let seed = 1; seed <= 5; seed++) {
        const scenario = beyondScenario(`${seed}`, mode);
        const result = runScenario({ scenario }, { rules });
        const replay = `node packages/simulator/src/replay.ts --beyond ${mode} --seed ${seed}`;
        assert.notEqual(result.disagreements.length, 0, `no disagreement: ${replay}`);
        assert.deepEqual(result.failures, [], replay);
        assert.ok(result.convicted?.enough, `too few convicted (${result.convicted?.validators}): ${replay}`);
        for (const validator of result.convicted?.validators ?? [])
          assert.ok(scenario.twins.has(validator), `honest ${validator} convicted: ${replay}`);
      }
    });
  }

  for (const mode of ["fast", "balanced", "secure"] satisfies Mode[]) {
    it(`${mode}: when honest nodes disagree within an epoch, their own evidence convicts a third`, () => {
      for (let seed = 1; seed <= 8; seed++) {
        const scenario = beyondScenario(`${seed}`, mode, 1000);
        const result = runScenario({ scenario }, { rules });
        assert.notEqual(result.disagreements.length, 0, `seed ${seed}`);
        assert.deepEqual(result.failures, [], `seed ${seed}`);
        const accused = result.convicted?.accused ?? [];
        assert.ok(result.convicted?.accusedEnough, `seed ${seed}: too few accused (${accused})`);
        for (const validator of accused) assert.ok(scenario.twins.has(validator), `honest ${validator}`);
      }
    });
  }

  for (const corrupted of ["authorities", "stakers"] as const) {
    it(`balanced: twins of all ${corrupted} alone contradict nothing`, () => {
      for (let seed = 1; seed <= 10; seed++) {
        const result = runScenario({ scenario: classScenario(`${seed}`, corrupted) }, { rules });
        assert.deepEqual(result.failures, [], `seed ${seed}`);
        assert.deepEqual(result.disagreements, []);
        assert.ok(result.steps > 500);
      }
    });
  }
});
