import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, loadCore } from "../support/core.ts";
import { delegate, expectCovered, fundedCore, payHour } from "../support/rewards.ts";

const connection = await network.create();
const funded = () => fundedCore(connection);
const load = () => loadCore(connection, funded);
const STAKER = 5;

describe("attack: stake that comes just in time for a payment", () => {
  const earned = (core: Core, owner: string) => core.distributor.settle.staticCall(STAKER, owner);

  it("a deposit before an accrual earns nothing of what is accrued, however large", async () => {
    const core = await load();
    const [ann, thief] = [core.others[10]!, core.others[11]!];
    await delegate(core, ann, STAKER, 10_000);
    for (let epoch = 0; epoch < 4; epoch++) await payHour(core);
    const before = await earned(core, ann.address);
    await delegate(core, thief, STAKER, 10_000_000);
    expect(await earned(core, thief.address)).to.equal(0n);
    expect(await earned(core, ann.address)).to.equal(before);
    // Nor of the epochs whose registries are sealed already: it is counted by the next seal only.
    for (let epoch = 0; epoch < 3; epoch++) await payHour(core);
    expect(await earned(core, thief.address)).to.equal(0n);
    const hers = await earned(core, ann.address);
    await payHour(core);
    // A thousand of her shares each: what one epoch brought her, a thousand times.
    const share = (await earned(core, ann.address)) - hers;
    expect((await earned(core, thief.address)) - 1_000n * share).to.be.within(-2_000n, 2_000n);
    await expectCovered(core);
  });

  it("in and out between two seals earns nothing at all", async () => {
    const core = await load();
    const [ann, thief] = [core.others[10]!, core.others[11]!];
    await delegate(core, ann, STAKER, 10_000);
    for (let epoch = 0; epoch < 4; epoch++) await payHour(core);
    await delegate(core, thief, STAKER, 10_000_000);
    const { shares } = await core.pool.position(STAKER, thief.address);
    await core.pool.connect(thief).undelegate(STAKER, shares);
    for (let epoch = 0; epoch < 6; epoch++) await payHour(core);
    expect(await earned(core, thief.address)).to.equal(0n);
    expect(await core.distributor.owed(thief.address)).to.equal(0n);
  });

  it("bond that comes before an accrual changes no split of the epochs accrued", async () => {
    const core = await load();
    const ann = core.others[10]!;
    await delegate(core, ann, STAKER, 10_000);
    for (let epoch = 0; epoch < 5; epoch++) await payHour(core);
    const before = await earned(core, ann.address);
    await core.pool.connect(core.members.get(STAKER)!.operator).depositBond(STAKER, 10_000_000n * COIN);
    expect(await earned(core, ann.address)).to.equal(before);
  });
});
