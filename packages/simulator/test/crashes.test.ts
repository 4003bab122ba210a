import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as rules from "@aitbc-hybrid/protocol";
import { calmScenario, type Scenario, World } from "../src/index.ts";

/** Two epochs of four blocks, their ends and the hand-over between them. */
const WRITES = 48;
const STABLE = 1200;

interface Crash {
  readonly node: number;
  readonly write: number;
  readonly all: boolean;
}

/**
 * One run in which power fails at a write: the record is torn or kept, what was sent before it was durable would show.
 * The oracles see that no key contradicts itself, nothing final is lost, and new blocks are final afterwards.
 */
function crashAt(base: Scenario, { node, write, all }: Crash): void {
  const nodes = Array.from({ length: base.pool }, (_, i) => i);
  const faults = [{ kind: "crashAtWrite", node, others: all ? nodes : [], write, down: 80 }] as const;
  const world = new World({ scenario: { ...base, stabilization: STABLE, faults, blocks: 2 } }, { rules });
  const { failures } = world.run();
  const where = `node ${node}${all ? " and all others" : ""}, write ${write}`;
  assert.deepEqual(failures, [], where);
  assert.equal(world.shells[node]!.crashAtWrite, null, `${where}: there was no such write`);
}

describe("power fails at each durable write", () => {
  for (const mode of ["fast", "balanced", "secure"] as const) {
    for (const all of [false, true]) {
      it(`${mode}: of ${all ? "one node, for all nodes" : "one node"}`, () => {
        for (let write = 1; write <= WRITES; write++) {
          const stakers = mode === "secure" ? 4 : 3;
          const base = calmScenario(`${mode} ${write}`, {
            mode,
            stakers,
            termViews: mode === "fast" ? 2 : 1,
          });
          crashAt({ ...base, epochs: 0 }, { node: write % 4, write, all });
        }
      });
    }
  }
});
