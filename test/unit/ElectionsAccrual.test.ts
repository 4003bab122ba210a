import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import { type Core, deployCore, loadCore, plain, populate, start } from "../support/core.ts";
import { endHour } from "../support/rewards.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const hints = async (core: Core) => plain(await core.elections.sealHints.staticCall());

describe("Elections, while accrual is far behind", () => {
  const LAG = 8;

  async function unpaid(): Promise<Core> {
    const core = await deployCore(connection, (file) => ({
      ...file,
      rewards: { ...file.rewards, accrualDeadline: 604_800 },
    }));
    await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000]);
    await start(core);
    return core;
  }

  /** One epoch more than may be unpaid has ended. */
  async function behind(core: Core) {
    const due = [];
    for (let epoch = 0; epoch < LAG; epoch++) due.push(await endHour(core));
    due.push(await endHour(core, { seal: false }));
    return due;
  }

  it("holds seals up until one epoch more is paid", async () => {
    const core = await load(unpaid);
    const [first] = await behind(core);
    const fitting = await hints(core);
    await expect(core.elections.seal(LAG + 3, fitting))
      .to.be.revertedWithCustomError(core.elections, "ElectionsAccrualBehind")
      .withArgs(0, LAG + 1);
    const { epoch, accounting, vector, relayer } = first!;
    await core.distributor.accrue(epoch, accounting, vector, relayer);
    await expect(core.elections.seal(LAG + 3, fitting)).to.emit(core.elections, "Sealed");
  });

  it("holds nothing up from when the oldest epoch may be given up", async () => {
    const core = await load(unpaid);
    await behind(core);
    const fitting = await hints(core);
    const deadline = (await core.checkpoints.boundaryAcceptedAt(0)) + 604_800n;
    await networkHelpers.time.setNextBlockTimestamp(deadline - 1n);
    await expect(core.elections.seal(LAG + 3, fitting)).to.be.revertedWithCustomError(
      core.elections,
      "ElectionsAccrualBehind",
    );
    await networkHelpers.time.setNextBlockTimestamp(deadline);
    await expect(core.elections.seal(LAG + 3, fitting)).to.emit(core.elections, "Sealed");
  });

  it("without a distributor, or with one that does not answer, nothing waits", async () => {
    const core = await load(unpaid);
    await behind(core);
    const fitting = await hints(core);
    const stub = await ethers.deployContract("StubModule");
    const question = core.distributor.interface.getFunction("accruedEpochs").selector;
    const FAILS = 1;
    const BURNS = 2;
    const seal = () => core.elections.seal.staticCall(LAG + 3, fitting);
    await core.pool.setDistributor(ZeroAddress);
    await seal();
    await core.pool.setDistributor(core.others[0]!.address);
    await seal();
    await core.pool.setDistributor(await stub.getAddress());
    for (const act of [FAILS, BURNS]) {
      await stub.plan(question, act, ZeroAddress, "0x");
      await seal();
    }
  });
});
