import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as rules from "@aitbc-hybrid/protocol";
import { MODES, type Mode, type Params } from "@aitbc-hybrid/protocol";
import { calmScenario, type Scenario, World } from "../src/index.ts";
import type { Shell } from "../src/shell/index.ts";

const AUTHORITIES = 4;
const STAKERS = 5;
const EPOCH = 4;

/** Thresholds that want `to` whatever is measured, once the chain runs. */
function wanting(to: Mode): Partial<Params> {
  const measured = { fastExitAvailability: 0, fastEntryAvailability: 0, secureAvailability: 0 };
  if (to === "fast")
    return { ...measured, modeFloor: 0, fastEntryLoad: 500_000_000, fastExitLoad: 1_000_000_000 };
  return { ...measured, modeFloor: to === "secure" ? 2 : 0, fastEntryLoad: 0, fastExitLoad: 1 };
}

function switching(from: Mode, to: Mode, name: string): Scenario {
  const base = calmScenario(`${from} to ${to}: ${name}`, {
    mode: from,
    authorities: AUTHORITIES,
    stakers: STAKERS,
    termViews: 2,
  });
  const plan = { ...base.plan, params: { ...base.plan.params, residency: 1, ...wanting(to) } };
  return { ...base, plan, switching: true, loads: [0.5], stabilization: 1, blocks: 2 * EPOCH, epochs: 2 };
}

const nodes = Array.from({ length: AUTHORITIES + STAKERS }, (_, i) => i);
const epochOf = (shell: Shell): number => shell.view()?.epoch ?? -1;
const heightOf = (shell: Shell): number => shell.view()?.finalHeight ?? 0;

/** What happens at the boundary after which the mode is another, and for how long, ms. */
const FAULTS: Readonly<Record<string, { before?: (world: World) => void; at: (world: World) => number }>> = {
  "the leader crashes at the boundary": {
    at(world) {
      const view = world.honest.find((shell) => shell.up)!.view()!;
      world.crash([view.leader!], 900);
      return 900;
    },
  },
  "a partition across the boundary": {
    at(world) {
      const peers = world.network.peers;
      // Authorities and stakers on both sides: neither side has a quorum of any mode.
      world.network.partition([peers.filter((_, at) => at % 2 === 0), peers.filter((_, at) => at % 2 === 1)]);
      return 1_200;
    },
  },
  "a late joiner": {
    before(world) {
      // A staker that is away from the beginning until after the switch.
      world.crash([nodes.at(-1)!], 60_000);
    },
    at: () => 1_500,
  },
  "everybody restarts from the log": {
    at(world) {
      world.crash(nodes, 60);
      return 400;
    },
  },
  "a settlement outage": {
    at(world) {
      world.settlement.stop(world.queue.now + 1_500);
      return 1_500;
    },
  },
  "a settlement reorganization before finality": {
    at(world) {
      for (let times = 0; times < 8; times++)
        world.queue.after(1 + 37 * times, () => world.settlement.reorganize());
      return 400;
    },
  },
};

describe("switching modes at a troubled boundary", () => {
  for (const from of MODES)
    for (const to of MODES)
      for (const [name, fault] of Object.entries(from === to ? {} : FAULTS))
        it(`${from} to ${to}: ${name}`, () => {
          const world = new World({ scenario: switching(from, to, name) }, { rules });
          world.begin();
          world.until(() => world.honest.every((shell) => shell.up));
          fault.before?.(world);
          const present = () => world.honest.filter((shell) => shell.up);
          // The last block of epoch 1 is the next: readiness was carried, the switch is due.
          const due = 2 * EPOCH - 1;
          assert.ok(world.until(() => present().some((shell) => heightOf(shell) >= due)));
          assert.ok(present().every((shell) => epochOf(shell) <= 1));
          const end = world.queue.now + fault.at(world);
          world.until(() => world.queue.now >= end);
          const result = world.finish();
          assert.deepEqual(result.failures, []);
          const { modes } = result.counts;
          assert.deepEqual(modes.slice(0, 2), [from, from]);
          assert.equal(modes.at(-1), to);
          const first = modes.indexOf(to);
          assert.deepEqual(
            modes,
            modes.map((_, epoch) => (epoch < first ? from : to)),
          );
          // What was ready before the trouble takes effect in spite of it.
          assert.equal(first, 2);
        });
});
