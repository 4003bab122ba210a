import * as rules from "@aitbc-hybrid/protocol";
import {
  calmScenario,
  type RegistryPlan,
  type Scenario,
  WORLD_START,
  World,
  type WorldOptions,
} from "@aitbc-hybrid/simulator";
import { expect } from "chai";
import { network } from "hardhat";
import type { ParameterFile } from "../../tasks/parameters.ts";
import { type Core, deployCore, loadCore } from "../support/core.ts";
import { compareAll } from "./support/compare.ts";
import { deploymentOf, paramsOf, Replay } from "./support/replay.ts";

// Simulated worlds begin shortly after 1970; several of their transactions are of one second.
const connection = await network.create({
  override: { initialDate: new Date(WORLD_START - 500_000_000), allowBlocksWithSameTimestamp: true } as never,
});

const AUTHORITIES = 4;
const STAKERS = 4;
const POOL = AUTHORITIES + STAKERS + 1;
const RECOVERY = {
  stall: 20,
  grace: 10,
  leakAfter: 60,
  leakRound: 10,
  leakStep: 200_000,
  leakFloor: 500_000,
};

const every = (value: number) => ({ fast: value, balanced: value, secure: value });

/** Epochs of seconds, recoveries of a minute. */
const small = (file: ParameterFile): ParameterFile => ({
  ...file,
  consensus: {
    ...file.consensus,
    epochLength: every(6),
    checkpointInterval: every(3),
    blockTime: { fast: 400, balanced: 500, secure: 500 },
    delta: { fast: 100, balanced: 100, secure: 100 },
    termViews: 3,
    lease: 15_000,
    settleLease: 40_000,
    drift: 50,
    rootLag: 2,
    modeFloor: 0,
  },
  recovery: RECOVERY,
});

/** Authorities' stake is scaled, stakers' is what they bonded. */
const planOf = (core: Core, stakes: readonly number[] = [20_000, 25_000, 30_000, 20_000]): RegistryPlan => ({
  authorities: AUTHORITIES,
  seats: [10_000, 10_000, 12_000, 10_000, ...stakes].map((stake, validator) => ({
    validator,
    stake: BigInt(stake),
  })),
  suspended: new Set(),
  unseated: new Set(),
  params: paramsOf(core),
});

const MS = 1_000;

/** Settlement blocks of a second, which lasts as long as the contracts' own. */
function scenarioOf(seed: string, plan: RegistryPlan, change: Partial<Scenario>): Scenario {
  return {
    ...calmScenario(seed, { mode: "balanced", authorities: AUTHORITIES, stakers: STAKERS + 1 }),
    plan,
    switching: true,
    settlement: {
      blockTime: MS,
      finality: 1,
      second: MS,
      lag: 100,
      sealChance: 1,
      sealDelay: 1,
      outages: [],
    },
    stabilization: 1,
    recovery: Object.fromEntries(
      Object.entries(RECOVERY).map(([name, value]) => [
        name,
        name.startsWith("leakS") || name === "leakFloor" ? value : value * MS,
      ]),
    ) as never,
    ...change,
  };
}

describe("a simulated world's settlement chain, replayed on the contracts", function () {
  // Several hundred transactions each, and comparisons after every block.
  this.timeout(1_800_000);
  const deployed = () => deployCore(connection, small);

  async function replayed(
    core: Core,
    scenario: Scenario,
    options: Omit<WorldOptions, "scenario">,
    play: (world: World) => void,
  ) {
    const { deployment, signerOf } = await deploymentOf(core, POOL);
    const world = new World({ scenario, deployment, ...options }, { rules });
    world.begin();
    play(world);
    expect([...world.oracles.failures, ...world.settlement.refusals]).to.deep.equal([]);
    const replay = await Replay.of(core, world, signerOf);
    await replay.play();
    await replay.compareGenesis();
    await compareAll(replay.world);
    return { world, tally: replay.tally };
  }

  const until = (world: World, what: string, done: () => boolean, within: number): void => {
    expect(world.until(done, world.queue.now + within) && done(), what).to.equal(true);
  };

  it("agrees on churn, a switch of mode, an outage, a recovery of lost authorities, and their return", async () => {
    const core = await loadCore(connection, deployed);
    const plan = planOf(core);
    const seed = "replayed recovery";
    const scenario = scenarioOf(seed, plan, {
      gone: new Map([
        [0, 60 * MS],
        [1, 60 * MS],
      ]),
    });
    // Stake comes and goes, an authority falls below its bond and restores it, somebody joins, a staker leaves Balanced.
    const candidates = (epoch: number): RegistryPlan => {
      switch (epoch) {
        case 3:
          return planOf(core, [21_000, 25_500, 30_000, 26_000]);
        case 4:
          return { ...planOf(core, [21_000, 25_500, 30_000, 26_000, 24_000]), suspended: new Set([3]) };
        case 5:
          return { ...planOf(core, [19_000, 25_500, 30_000, 26_000, 24_000]), unseated: new Set([6]) };
        default:
          return planOf(core, [20_000, 25_000, 30_000, 20_000, 24_000]);
      }
    };
    const { world, tally } = await replayed(core, scenario, { candidates }, (world) => {
      until(world, "Fast", () => world.oracles.counts().modes.includes("fast"), 30 * MS);
      until(world, "time for an outage", () => world.settlement.epoch >= 8, 40 * MS);
      world.settlement.stop(world.queue.now + 8 * MS);
      world.queue.at(WORLD_START + 70 * MS, () => world.crash([2], 65 * MS));
      const { recoveries } = world.settlement;
      until(world, "a recovery", () => recoveries!.activations.length > 0, 200 * MS);
      const isBack = (): boolean => world.settlement.history.some(({ call }) => call.what === "comeBack");
      until(world, "an authority's return", isBack, 200 * MS);
      const { epoch } = world.settlement;
      until(world, "epochs after it", () => world.settlement.epoch >= epoch + 4, 200 * MS);
    });
    expect([...new Set(world.oracles.counts().modes)]).to.deep.equal(["balanced", "fast", "secure"]);
    for (const what of ["delegate", "undelegate", "requestUnbond", "enter", "seal", "accrue", "submit"])
      expect(tally.get(what), what).to.be.greaterThan(0);
    for (const what of ["open", "post", "restart", "activate", "comeBack"])
      expect(tally.get(what), what).to.be.greaterThan(0);
    expect(tally.get("submit: CheckpointManagerBadHeight")).to.be.greaterThan(0);
  });

  it("agrees on a leak of stake that is gone, and who is charged for it", async () => {
    const core = await loadCore(connection, deployed);
    // The first staker has more than a third of the stake.
    const plan = planOf(core, [60_000, 20_000, 25_000, 20_000]);
    const scenario = scenarioOf("replayed leak", plan, { gone: new Map([[4, 20 * MS]]) });
    const { world, tally } = await replayed(core, scenario, {}, (world) => {
      const { recoveries } = world.settlement;
      until(world, "a recovery", () => recoveries!.activations.length > 0, 400 * MS);
      const { epoch } = world.settlement;
      until(world, "epochs after it", () => world.settlement.epoch >= epoch + 4, 200 * MS);
    });
    expect(world.settlement.recoveries!.activations[0]!.leaked).to.equal(true);
    expect([...world.settlement.recoveries!.jailed]).to.include(4);
    for (const what of ["leak", "charge", "activate"]) expect(tally.get(what), what).to.be.greaterThan(0);
  });

  it("agrees on what is left of a chain that was reorganized, under random churn", async () => {
    const core = await loadCore(connection, deployed);
    const base = scenarioOf("replayed reorganizations", planOf(core), { recovery: null });
    const scenario = { ...base, settlement: { ...base.settlement, finality: 2 } };
    const { world, tally } = await replayed(core, scenario, {}, (world) => {
      for (let times = 1; times <= 6; times++)
        world.queue.at(WORLD_START + times * 5_700, () => world.settlement.reorganize());
      until(world, "epochs", () => world.settlement.epoch >= 24, 240 * MS);
    });
    const roots = new Set(
      [...world.settlement.state.elections.snapshots.values()].map(
        (snapshot) => world.contracts.registryOf(snapshot).root,
      ),
    );
    expect(world.settlement.replaced).to.be.greaterThan(0);
    expect(roots.size).to.be.greaterThan(3);
    expect(tally.get("seal")).to.be.greaterThan(4);
  });
});
