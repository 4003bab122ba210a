import { expect } from "chai";
import { network } from "hardhat";
import {
  COIN,
  type Core,
  deployCore,
  loadCore,
  notarize,
  populate,
  start,
  startedCore,
  votePair,
} from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: a slash that takes nothing and is marked done", () => {
  it("a slasher that custody does not know convicts nobody: all of it reverts, and the evidence stays good", async () => {
    const core = await load(started);
    const pair = await votePair(core, 4, notarize(7, "a"), notarize(7, "b"));
    const { offence } = await core.slashing.check(pair);
    await core.registry.setSlasher(core.deployer.address);
    await expect(core.slashing.submitVotes(pair)).to.be.revertedWithCustomError(
      core.registry,
      "ValidatorRegistryNotSlasher",
    );
    expect(await core.slashing.charged(5, offence)).to.equal(false);
    await core.registry.setSlasher(core.addresses.slashing);
    await core.slashing.submitVotes(pair);
    expect(await core.pool.bondOf(5)).to.equal(18_000n * COIN);
  });

  it("too little gas takes nothing either", async () => {
    const core = await load(started);
    const pair = await votePair(core, 4, notarize(7, "a"), notarize(7, "b"));
    for (const gasLimit of [280_000, 310_000, 340_000]) {
      await expect(core.slashing.submitVotes(pair, { gasLimit })).to.revert(connection.ethers);
    }
    expect((await core.registry.validator(5)).status).to.equal(1n);
    await core.slashing.submitVotes(pair);
    expect(await core.pool.bondOf(5)).to.equal(18_000n * COIN);
  });

  it("what is taken is what arrives", async () => {
    const core = await deployCore(connection);
    await populate(core, [10_000], [20_000, 20_000, 20_000]);
    await start(core);
    await core.pool.connect(core.others[14]!).delegate(2, 7n * COIN + 3n);
    const stake = await core.pool.totalStake();
    const reporter = core.others[15]!;
    const before = await core.token.balanceOf(reporter.address);
    const pair = await votePair(core, 1, notarize(7, "a"), notarize(7, "b"));
    await core.slashing.connect(reporter).submitVotes(pair);
    await core.pool.collectSlashed(core.addresses.slashing);
    const paid = (await core.token.balanceOf(reporter.address)) - before;
    expect(stake - (await core.pool.totalStake())).to.equal(
      paid + (await core.token.balanceOf(core.addresses.slashing)),
    );
  });
});
