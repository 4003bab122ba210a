import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as rules from "@aitbc-hybrid/protocol";
import { calmScenario, randomScenario, runScenario, World } from "../../src/index.ts";
import { sealRegistry } from "../../src/settlement/index.ts";
import { recoveryScenario } from "../support/recovery.ts";

const names = (world: World): Map<string, number> => {
  const tally = new Map<string, number>();
  for (const { call, refused } of world.settlement.history) {
    const name = refused === null ? call.what : `${call.what}: ${refused}`;
    tally.set(name, (tally.get(name) ?? 0) + 1);
  }
  return tally;
};

describe("the settlement chain", () => {
  it("begins with the registry that the schedule plans", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const scenario = randomScenario(`${seed}`);
      const world = new World({ scenario }, { rules });
      assert.equal(world.genesis.snapshotHash, sealRegistry(scenario.plan, world.keyring).root, `${seed}`);
    }
  });

  it("seals, pays and hands over as the contracts do, and refuses who comes second", () => {
    const scenario = { ...calmScenario("paid", { stakers: 4 }), blocks: 40, epochs: 9 };
    const world = new World({ scenario }, { rules });
    assert.deepEqual(world.run().failures, []);
    const { rewards, schedule, elections } = world.settlement.state;
    assert.ok(schedule.epoch >= 9);
    assert.ok(rewards.seals.length >= schedule.epoch - 1);
    assert.ok(rewards.pays.every((pay) => pay !== null));
    assert.ok(elections.sealNumber > 4);
    const tally = names(world);
    for (const what of ["register", "depositBond", "seal", "accrue", "submit"])
      assert.ok((tally.get(what) ?? 0) > 0, what);
    assert.ok((tally.get("submit: CheckpointManagerBadHeight") ?? 0) > 0);
  });

  it("keeps the state of every block", () => {
    const world = new World({ scenario: calmScenario("past", { stakers: 4 }) }, { rules });
    world.run();
    const { history } = world.settlement;
    const last = history.at(-1)!.number;
    let epoch = 0;
    for (let number = 0; number <= last; number++) {
      const state = world.settlement.stateAt(number);
      assert.ok(state.schedule.epoch >= epoch);
      epoch = state.schedule.epoch;
    }
    assert.equal(world.settlement.stateAt(0).schedule.height, 0);
    assert.equal(world.settlement.stateAt(last), world.settlement.state);
  });

  for (const mode of ["fast", "balanced"] as const)
    it(`${mode}: is reorganized again and again while it recovers lost authorities`, () => {
      const base = recoveryScenario(`reorganized ${mode}`, { mode, epochLength: 6 });
      const scenario = {
        ...base,
        gone: new Map([
          [0, 600],
          [1, 620],
        ]),
        settlement: { ...base.settlement, finality: 2 },
        epochs: 1,
      };
      const world = new World({ scenario }, { rules });
      let times = 0;
      const again = (): void => {
        if (times++ < 60) world.queue.after(83, again);
        world.settlement.reorganize();
      };
      world.queue.after(83, again);
      assert.deepEqual(world.run().failures, []);
      assert.equal(world.settlement.recoveries!.activations.length, 1);
      assert.ok(times > 20);
      assert.ok(world.settlement.replaced > 0);
    });

  it("leaves out what is posted under another domain, and says so of what contradicts", () => {
    const scenario = calmScenario("forged", { stakers: 4 });
    const world = new World({ scenario }, { rules });
    world.run();
    const submitted = world.settlement.history.find(
      ({ call, refused }) => call.what === "submit" && refused === null,
    )!.call;
    assert.ok(submitted.what === "submit");
    const { certificate } = submitted;
    const checkpoint = { ...certificate.checkpoint, blockHash: world.genesis.stateRoot };
    world.settlement.post({ ...certificate, checkpoint });
    assert.equal(world.settlement.refusals.length, 1);
    const { accepted } = world.settlement;
    const height = certificate.checkpoint.height + 1_000;
    world.settlement.post({
      ...certificate,
      epoch: world.settlement.epoch,
      checkpoint: { ...checkpoint, height },
    });
    assert.equal(world.settlement.accepted, accepted);
  });

  it("gives one history for one seed", () => {
    const scenario = randomScenario("7");
    assert.equal(runScenario({ scenario }, { rules }).trace, runScenario({ scenario }, { rules }).trace);
  });
});
