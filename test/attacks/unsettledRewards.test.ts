import { expect } from "chai";
import { network } from "hardhat";
import { type Core, loadCore } from "../support/core.ts";
import { delegate, expectCovered, fundedCore, payHour } from "../support/rewards.ts";

const connection = await network.create();
const funded = () => fundedCore(connection);
const load = () => loadCore(connection, funded);
const [STAKER, OTHER] = [5, 6];

describe("attack: rewards not settled when shares move", () => {
  async function earning(): Promise<Core> {
    const core = await load();
    await delegate(core, core.others[10]!, STAKER, 10_000);
    await delegate(core, core.others[11]!, OTHER, 10_000);
    for (let epoch = 0; epoch < 5; epoch++) await payHour(core);
    return core;
  }

  it("redelegation books what the source earned, and brings nothing to the target", async () => {
    const core = await earning();
    const ann = core.others[10]!;
    const due = await core.distributor.settle.staticCall(STAKER, ann.address);
    expect(due).to.be.greaterThan(0n);
    const { shares } = await core.pool.position(STAKER, ann.address);
    await core.pool.connect(ann).redelegate(STAKER, OTHER, shares);
    expect(await core.distributor.owed(ann.address)).to.equal(due);
    expect(await core.distributor.settle.staticCall(STAKER, ann.address)).to.equal(0n);
    expect(await core.distributor.settle.staticCall(OTHER, ann.address)).to.equal(0n);
    await expectCovered(core);
  });

  it("an exit books what was earned, also in part", async () => {
    const core = await earning();
    const ann = core.others[10]!;
    const due = await core.distributor.settle.staticCall(STAKER, ann.address);
    const { shares } = await core.pool.position(STAKER, ann.address);
    await core.pool.connect(ann).undelegate(STAKER, shares / 3n);
    await core.pool.connect(ann).undelegate(STAKER, shares / 3n);
    expect(await core.distributor.owed(ann.address)).to.equal(due);
    const had = await core.token.balanceOf(ann.address);
    for (let again = 0; again < 2; again++) {
      await core.distributor.claim([], ann.address);
      expect((await core.token.balanceOf(ann.address)) - had).to.equal(due);
    }
  });

  it("more of one's own stake, and a stranger's gift, earn only from their own seals on", async () => {
    const core = await earning();
    const ann = core.others[10]!;
    const due = await core.distributor.settle.staticCall(STAKER, ann.address);
    await core.pool.connect(core.others[12]!).delegateFor(STAKER, ann.address, 5_000n * 10n ** 18n);
    expect(await core.distributor.settle.staticCall(STAKER, ann.address)).to.equal(due);
    // The gift made the seal's row; what is added to it later changes nothing that was counted and settles nothing.
    await delegate(core, ann, STAKER, 90_000);
    expect(await core.distributor.owed(ann.address)).to.equal(0n);
    expect(await core.distributor.settle.staticCall(STAKER, ann.address)).to.equal(due);
  });
});
