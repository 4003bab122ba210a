import { expect } from "chai";
import { network } from "hardhat";
import { type Core, deployCore, loadCore, populate, start, ZERO } from "../support/core.ts";
import { bits, open, restartProof, stall } from "../support/recovery.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const ROUND = 86_400;
const started = async () => {
  const core = await deployCore(connection);
  await populate(core, [], Array(10).fill(20_000));
  await start(core, "secure");
  return core;
};

describe("attack: a leak by censorship", () => {
  it("whoever gets one RESTART through in a round's time is not left out, whatever block it names", async () => {
    const core = await load(started);
    await open(core);
    await networkHelpers.time.increaseTo((await core.hybrid.nextRoundAt()) - 1_000n);
    const all = Array.from({ length: 9 }, (_, seat) => seat);
    for (const seat of all) {
      await core.hybrid.restart(0, ZERO, await restartProof(core, 0, ZERO, { signers: [seat] }));
    }
    await networkHelpers.time.increase(1_000);
    await core.hybrid.leak();
    expect(bits((await core.hybrid.attendance(1)).left)).to.deep.equal([9]);
  });

  it("censoring everybody costs them a tenth a round at most, and never more than half", async () => {
    const core = await load(started);
    await open(core);
    await networkHelpers.time.increaseTo(await core.hybrid.nextRoundAt());
    for (let round = 1; round <= 5; round++) {
      await core.hybrid.leak();
      expect(bits((await core.hybrid.attendance(1)).left).length).to.equal(round);
      await expect(core.hybrid.leak()).to.be.revertedWithCustomError(core.hybrid, "HybridManagerNotYet");
      await networkHelpers.time.increase(ROUND);
    }
    await expect(core.hybrid.leak()).to.be.revertedWithCustomError(core.hybrid, "HybridManagerNothingToLeak");
  });

  it("opening late to run a round at once does not work: a whole round passes after grace", async () => {
    const core = await load(started);
    await stall(core, 10 * ROUND);
    await core.hybrid.open();
    const { graceEnd } = await core.hybrid.recovery(1);
    await networkHelpers.time.setNextBlockTimestamp(graceEnd + BigInt(ROUND) - 1n);
    await expect(core.hybrid.leak()).to.be.revertedWithCustomError(core.hybrid, "HybridManagerNotYet");
  });
});
