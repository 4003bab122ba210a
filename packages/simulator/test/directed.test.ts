import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Message } from "@aitbc-hybrid/protocol";
import * as rules from "@aitbc-hybrid/protocol";
import {
  type Behaviour,
  behaviour,
  calmScenario,
  type RunResult,
  type Scenario,
  World,
  type WorldOptions,
} from "../src/index.ts";
import { WORLD_START } from "../src/scenario.ts";
import { leaseScenario } from "./support/lease.ts";
import { turns } from "./support/turns.ts";

const modules = { rules };

function run(
  scenario: Scenario,
  options: Omit<WorldOptions, "scenario"> = {},
  prepare?: (world: World) => void,
): RunResult {
  const world = new World({ scenario, ...options }, modules);
  prepare?.(world);
  const result = world.run();
  assert.deepEqual(result.failures, [], `seed ${scenario.seed}`);
  return result;
}

const taken = (result: RunResult, rule: RegExp): number => {
  let times = 0;
  for (const [name, count] of result.counts.rules) if (rule.test(name)) times += count;
  return times;
};

const elapsed = (world: World): number => world.queue.now - WORLD_START;

const isFinalize = (message: Message): boolean =>
  (message.type === "vote" && message.vote.kind === "finalize") ||
  (message.type === "certificate" && message.certificate.kind === "finalize");

describe("directed schedules", () => {
  for (const mode of ["fast", "balanced", "secure"] as const) {
    it(`${mode}: without faults every epoch is handed over, and no view is skipped`, () => {
      const stakers = mode === "secure" ? 4 : 3;
      const base = calmScenario("calm", { mode, stakers, termViews: mode === "fast" ? 3 : 1 });
      const result = run({ ...base, blocks: 24, epochs: 5 });
      assert.ok(result.counts.handOvers >= 1);
      assert.ok(result.accepted >= 5);
      assert.equal(taken(result, /nullif/), 0);
    });
  }

  it("a leader equivocates at the last block of an epoch, in every epoch it leads it", () => {
    let equivocated = 0;
    for (let seed = 0; seed < 6; seed++) {
      const inner = behaviour("equivocating");
      const atLastBlock: Behaviour = {
        outgoing(wire, to, message) {
          const last = message.type === "proposal" && message.proposal.block.body.commitment !== null;
          if (!last) return [message];
          const sent = inner.outgoing?.(wire, to, message) ?? [message];
          if (sent[0] !== message) equivocated++;
          return sent;
        },
      };
      const base = calmScenario(`last ${seed}`, {});
      run({ ...base, blocks: 12, epochs: 3 }, { behaviours: new Map([[0, atLastBlock]]) });
    }
    assert.ok(equivocated > 0);
  });

  it("every message of a second is lost and all nodes restart, twice", () => {
    for (let seed = 0; seed < 4; seed++) {
      const base = calmScenario(`restart ${seed}`, { stakers: 3 });
      const nodes = Array.from({ length: base.pool }, (_, i) => i);
      const scenario: Scenario = {
        ...base,
        stabilization: 1500,
        faults: [
          { kind: "crash", at: 700, nodes, down: 50 },
          { kind: "crash", at: 1100, nodes, down: 50 },
        ],
      };
      run(scenario, {}, (world) => {
        world.network.filter = () => elapsed(world) < 300 || elapsed(world) > 1400;
      });
    }
  });

  it("one node, or all, die at each of the first writes of a node", () => {
    for (let write = 1; write <= 40; write++) {
      const base = calmScenario(`write ${write}`, {});
      const others = write % 2 === 0 ? [0, 1, 2, 3] : [];
      const faults = [{ kind: "crashAtWrite", node: write % 4, others, write, down: 100 }] as const;
      run({ ...base, stabilization: 2500, faults, blocks: 2, epochs: 0 });
    }
  });

  it("FINALIZE votes and F of a while are lost: a later block makes the earlier final", () => {
    const base = calmScenario("late", { stakers: 3 });
    run({ ...base, stabilization: 900 }, {}, (world) => {
      world.network.filter = (_from, _to, message) => elapsed(world) > 900 || !isFinalize(message);
    });
  });

  it("the last block of an epoch is certified but not finalized: it is proposed again, not built upon", () => {
    const base = calmScenario("again", { stakers: 3 });
    const result = run({ ...base, stabilization: 2500, epochs: 2 }, {}, (world) => {
      world.network.filter = (_from, _to, message) => elapsed(world) > 2000 || !isFinalize(message);
    });
    assert.ok(taken(result, /re-?propos|last block/i) > 0);
  });

  it("some nodes see N, the others time out: N and X of one view", () => {
    let both = 0;
    for (let seed = 0; seed < 6; seed++) {
      const base = calmScenario(`both ${seed}`, {});
      const result = run({ ...base, stabilization: 1200 }, {}, (world) => {
        // NOTARIZE votes reach one node only, and what it makes of them stays with it for a while.
        world.network.filter = (from, to, message) => {
          if (elapsed(world) > 1000) return true;
          if (message.type === "vote" && message.vote.kind === "notarize") return to === "v1";
          if (message.type === "certificate" && message.certificate.kind === "notarize") return from !== "v1";
          return true;
        };
      });
      both += taken(result, /N and X/);
    }
    assert.ok(both > 0);
  });

  it("no candidate is sealed in time: the registry is carried over, epoch after epoch", () => {
    const base = calmScenario("carried", { stakers: 3 });
    const late = run({ ...base, blocks: 20, epochs: 5, settlement: { ...base.settlement, sealChance: 0 } });
    assert.ok(late.counts.carriedOver >= 2);
    assert.equal(late.counts.handOvers, 0);
    const inTime = run({ ...base, blocks: 20, epochs: 5 });
    assert.ok(inTime.counts.handOvers >= 1);
  });

  it("the contracts seal three registries by turns: each is read again when it returns", () => {
    const { scenario, ...options } = turns();
    const result = run(scenario, options);
    assert.ok(result.counts.handOvers >= 5);
  });

  it("the settlement chain stops for the whole run: nothing waits for it", () => {
    const base = calmScenario("outage", { stakers: 3 });
    const outages = [{ from: WORLD_START + 100, to: WORLD_START + 3_600_000, nodes: null }];
    const result = run({ ...base, blocks: 16, epochs: 3, settlement: { ...base.settlement, outages } });
    assert.ok(result.elapsed < 60_000);
  });

  it("the settlement chain stops for longer than a lease: blocks stop, and go on when it is back", () => {
    let during = 0;
    const result = run(leaseScenario(0), {}, (world) => {
      // The lease ends at 1.9 s at the latest; a second later nothing moves.
      world.queue.at(WORLD_START + 2900, () => (during = world.oracles.chain.size));
      world.queue.at(WORLD_START + 3900, () => assert.equal(world.oracles.chain.size, during));
    });
    assert.ok(during > 2);
    assert.ok(taken(result, /past a lease/) > 0);
  });

  it("a partition without a quorum on either side heals, with and without notice", () => {
    for (const reconnect of [true, false]) {
      const base = calmScenario(`partition ${reconnect}`, { stakers: 4 });
      const groups = [
        [0, 1, 4, 5],
        [2, 3, 6, 7],
      ];
      run({
        ...base,
        reconnect,
        stabilization: 2000,
        faults: [{ kind: "partition", from: 200, to: 1900, groups }],
      });
    }
  });
});
