import { expect } from "chai";
import { network } from "hardhat";
import { type Core, loadCore } from "../support/core.ts";
import { delegate, expectCovered, fundedCore, payHour } from "../support/rewards.ts";

const connection = await network.create();
const funded = () => fundedCore(connection);
const load = () => loadCore(connection, funded);
const STAKER = 5;

describe("attack: leaving and coming back collects what other periods paid", () => {
  const earned = async (core: Core, owner: string) =>
    (await core.distributor.owed(owner)) + (await core.distributor.settle.staticCall(STAKER, owner));
  const leave = async (core: Core, index: number, divisor = 1n) => {
    const owner = core.others[index]!;
    const { shares } = await core.pool.position(STAKER, owner.address);
    await core.pool.connect(owner).undelegate(STAKER, shares / divisor);
  };

  it("epochs between leaving and coming back pay nothing", async () => {
    const core = await load();
    const [ann, bob] = [core.others[10]!, core.others[11]!];
    for (const owner of [ann, bob]) await delegate(core, owner, STAKER, 10_000);
    for (let epoch = 0; epoch < 4; epoch++) await payHour(core);
    await leave(core, 10);
    const left = await earned(core, ann.address);
    for (let epoch = 0; epoch < 3; epoch++) await payHour(core);
    await delegate(core, ann, STAKER, 10_000);
    for (let epoch = 0; epoch < 2; epoch++) await payHour(core);
    expect(await earned(core, ann.address)).to.equal(left);
    await expectCovered(core);
  });

  it("leaving and coming back before the next accrual forfeits the epochs already counted", async () => {
    const core = await load();
    const [ann, bob] = [core.others[10]!, core.others[11]!];
    for (const owner of [ann, bob]) await delegate(core, owner, STAKER, 10_000);
    for (let epoch = 0; epoch < 4; epoch++) await payHour(core);
    const before = [await earned(core, ann.address), await earned(core, bob.address)];
    await leave(core, 10, 2n);
    await delegate(core, ann, STAKER, 5_000);
    await payHour(core);
    const gained = [
      (await earned(core, ann.address)) - before[0]!,
      (await earned(core, bob.address)) - before[1]!,
    ];
    // Half of her stake asked to leave: the registry in force counted it, but nobody is paid for it.
    expect(gained[0]! * 2n - gained[1]!).to.be.within(-3n, 3n);
    await expectCovered(core);
  });

  it("what was paid is not paid again after a full exit and a new start", async () => {
    const core = await load();
    const ann = core.others[10]!;
    await delegate(core, ann, STAKER, 10_000);
    for (let epoch = 0; epoch < 5; epoch++) await payHour(core);
    await core.distributor.claim([STAKER], ann.address);
    await leave(core, 10);
    await delegate(core, ann, STAKER, 10_000);
    expect(await earned(core, ann.address)).to.equal(0n);
    await core.distributor.claim([STAKER, STAKER], ann.address);
    expect(await earned(core, ann.address)).to.equal(0n);
  });
});
