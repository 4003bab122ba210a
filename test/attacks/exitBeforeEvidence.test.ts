import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, closeEpoch, loadCore, notarize, startedCore, votePair } from "../support/core.ts";
import { KIND } from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: leaving before the evidence arrives", () => {
  it("what left the bond before the report pays like what stayed, until the evidence expires", async () => {
    const core = await load(started);
    const { operator } = core.members.get(5)!;
    await core.pool.connect(operator).requestUnbond(5, 20_000n * COIN);
    await core.registry.connect(operator).exit(5);
    const pair = await votePair(core, 4, notarize(3, "a"), notarize(3, "b"), { epoch: 2 });
    for (let i = 0; i < 3; i++) await closeEpoch(core);
    await networkHelpers.time.increase(100);
    await expect(core.queue.connect(operator).withdrawBond(5, 0, 2)).to.be.revertedWithCustomError(
      core.queue,
      "UnbondingQueueNotReady",
    );
    await core.slashing.submitVotes(pair);
    expect((await core.queue.cohort(5, KIND.bond, 0)).tokens).to.equal(18_000n * COIN);
    await networkHelpers.time.increase(30);
    // The clock of unbonding is over, the window of the surcharge is not.
    await expect(core.queue.connect(operator).withdrawBond(5, 0, 2)).to.be.revertedWithCustomError(
      core.pool,
      "StakingPoolHeld",
    );
    const { dueAt } = await core.slashing.record(5);
    await networkHelpers.time.increaseTo(dueAt);
    const before = await core.token.balanceOf(operator.address);
    await expect(core.queue.connect(operator).withdrawBond(5, 0, 2)).to.emit(
      core.slashing,
      "SurchargeSettled",
    );
    // Alone it was 26 % of the stake: three times that, of the 20,000.
    const { fraction } = await core.slashing.surchargeOf(5);
    expect(fraction).to.be.within(700_000n, 900_000n);
    expect((await core.token.balanceOf(operator.address)) - before).to.equal(
      (20_000n * COIN * (1_000_000n - fraction)) / 1_000_000n,
    );
  });

  it("stake that joins after the offence's registry was sealed and leaves again is not a refuge either", async () => {
    const core = await load(started);
    const { operator } = core.members.get(5)!;
    await closeEpoch(core);
    await core.pool.connect(operator).requestUnbond(5, 19_000n * COIN);
    // Sealed twice by now: the cohort answers for epochs under the first seal too.
    expect(await core.pool.liable(5, 1)).to.deep.equal([20_000n * COIN, 0n]);
  });
});
