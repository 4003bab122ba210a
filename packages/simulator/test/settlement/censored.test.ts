import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as rules from "@aitbc-hybrid/protocol";
import { type Scenario, World } from "../../src/index.ts";
import { operatorOf } from "../../src/settlement/index.ts";
import { recoveryScenario } from "../support/recovery.ts";

const AUTHORITIES = 4;
const STAKERS = 5;

/** A world whose makers of settlement blocks leave out whatever the operators of these validators send. */
function censored(scenario: Scenario, validators: readonly number[]): { world: World; leftOut: Set<string> } {
  const world = new World({ scenario }, { rules });
  const operators = new Set(validators.map(operatorOf));
  const leftOut = new Set<string>();
  world.settlement.censors = (what, from) => {
    if (!operators.has(from)) return false;
    leftOut.add(what);
    return true;
  };
  world.begin();
  return { world, leftOut };
}

const authorities = Array.from({ length: AUTHORITIES }, (_, validator) => validator);
const stakers = Array.from({ length: STAKERS }, (_, staker) => AUTHORITIES + staker);

describe("a settlement chain that leaves out one class", () => {
  for (const mode of ["fast", "balanced", "secure"] as const)
    for (const [name, validators] of Object.entries({ authorities, stakers }))
      it(`${mode}: the others post what ${name} cannot`, () => {
        const scenario = {
          ...recoveryScenario(`censored ${name} ${mode}`, { mode, epochLength: 6 }),
          stabilization: 1,
          epochs: 4,
        };
        const { world, leftOut } = censored(scenario, validators);
        assert.deepEqual(world.finish().failures, []);
        assert.deepEqual([...leftOut], ["checkpoint"]);
        assert.equal(world.settlement.recoveries!.activations.length, 0);
      });

  for (const mode of ["fast", "balanced"] as const)
    it(`${mode}: a recovery needs no RESTART of authorities, and goes on without those that it did not hear`, () => {
      const base = recoveryScenario(`unheard authorities ${mode}`, { mode });
      const gone = new Map([
        [0, 700],
        [1, 720],
      ]);
      const { world, leftOut } = censored({ ...base, gone }, authorities);
      const { recoveries } = world.settlement;
      const isRecovered = (): boolean => recoveries!.activations.length > 0;
      assert.ok(world.until(isRecovered, world.queue.now + 20_000) && isRecovered(), "a recovery");
      assert.deepEqual(world.finish().failures, []);
      assert.ok(leftOut.has("restart"));
      const registry = world.contracts.registry(recoveries!.activations[0]!.registry)!;
      assert.deepEqual([...registry.suspended], authorities);
    });
});
