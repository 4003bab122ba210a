import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, checkpointAt, loadCore, submission } from "../support/core.ts";
import { expectCovered, fundedCore, payHour } from "../support/rewards.ts";

const connection = await network.create();
const funded = () => fundedCore(connection);
const load = () => loadCore(connection, funded);

describe("attack: a relayer that credits itself", () => {
  /** Submits a checkpoint of the present epoch. */
  async function relay(core: Core, height: number, index = 12) {
    const s = await submission(core, checkpointAt({ height }));
    await core.checkpoints.connect(core.others[index]!).submit(s.checkpoint, s.proof);
    const { count } = await core.checkpoints.lastCheckpoint();
    return { index: Number(count) - 1, checkpoint: s.checkpoint };
  }

  it("doing all the work of an epoch oneself brings three credits, whatever was posted beside", async () => {
    const core = await load();
    const thief = core.others[17]!;
    await payHour(core);
    const before = await core.distributor.creditsOf(thief.address);
    await payHour(core, { relayer: thief, sealer: thief });
    // The registry of epoch 1 is that of genesis: its seal is credited to nobody.
    expect((await core.distributor.creditsOf(thief.address)) - before).to.equal(COIN);
    for (let epoch = 2; epoch < 6; epoch++) await payHour(core, { relayer: thief, sealer: thief });
    const each = COIN / 2n;
    // Epochs 2 to 5: boundary and accrual of each; seals of epochs 4 and 5 are its own, that of 3 was another's.
    expect((await core.distributor.creditsOf(thief.address)) - before).to.equal(COIN + 4n * COIN + 2n * each);
    await expectCovered(core);
  });

  it("checkpoints at every height bring one credit an interval", async () => {
    const core = await load();
    await payHour(core);
    const { firstHeight } = await core.checkpoints.epochRecord(1);
    const first = Number(firstHeight);
    const thief = core.others[12]!;
    for (let height = first; height < first + 9; height++) {
      const { index, checkpoint } = await relay(core, height);
      const call = core.distributor.connect(thief).creditCheckpoint(index, 1, checkpoint, thief.address);
      if ((height - first) % 5 === 0) await call;
      else {
        await expect(call).to.be.revertedWithCustomError(
          core.distributor,
          "RewardDistributorAlreadyCredited",
        );
      }
    }
    expect(await core.distributor.creditsOf(thief.address)).to.equal(COIN);
  });

  it("another's checkpoint, an old one and a boundary bring nothing", async () => {
    const core = await load();
    await payHour(core);
    const first = Number((await core.checkpoints.epochRecord(1)).firstHeight);
    const { index, checkpoint } = await relay(core, first);
    const { distributor } = core;
    const thief = core.others[13]!;
    for (const args of [
      [index, 1, checkpoint, thief.address],
      [index + 1, 1, checkpoint, core.others[12]!.address],
      [index, 0, checkpoint, core.others[12]!.address],
      [index, 1, { ...checkpoint, stamp: 1 }, core.others[12]!.address],
    ] as const) {
      await expect(distributor.connect(thief).creditCheckpoint(...args)).to.be.revertedWithCustomError(
        distributor,
        "RewardDistributorWrongCheckpoint",
      );
    }
    await distributor.connect(thief).creditCheckpoint(index, 1, checkpoint, core.others[12]!.address);
    expect(await distributor.creditsOf(thief.address)).to.equal(0n);
    await expectCovered(core);
  });
});
