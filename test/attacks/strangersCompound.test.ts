import { expect } from "chai";
import { network } from "hardhat";
import { type Core, loadCore } from "../support/core.ts";
import { delegate, expectCovered, fundedCore, payHour } from "../support/rewards.ts";

const connection = await network.create();
const funded = () => fundedCore(connection);
const load = () => loadCore(connection, funded);
const STAKER = 5;

describe("attack: a stranger compounds or claims for others", () => {
  async function earning(): Promise<Core> {
    const core = await load();
    await delegate(core, core.others[10]!, STAKER, 10_000);
    for (let epoch = 0; epoch < 5; epoch++) await payHour(core);
    return core;
  }

  it("nobody's pay becomes stake unless he asked for it", async () => {
    const core = await earning();
    const [ann, stranger] = [core.others[10]!, core.others[12]!];
    const before = await core.pool.tokensOf(STAKER, ann.address);
    const due = await core.distributor.settle.staticCall(STAKER, ann.address);
    await core.distributor.connect(stranger).setCompound(STAKER, true);
    await core.distributor.connect(stranger).compound(STAKER, [ann.address, stranger.address]);
    expect(await core.pool.tokensOf(STAKER, ann.address)).to.equal(before);
    expect(await core.distributor.settle.staticCall(STAKER, ann.address)).to.equal(due);
  });

  it("who asked for it gets all of it, whoever executes, and cannot be made to claim instead", async () => {
    const core = await earning();
    const [ann, stranger] = [core.others[10]!, core.others[12]!];
    await core.distributor.connect(ann).setCompound(STAKER, true);
    const due = await core.distributor.settle.staticCall(STAKER, ann.address);
    const balances = async () => [
      await core.token.balanceOf(ann.address),
      await core.token.balanceOf(stranger.address),
    ];
    const had = await balances();
    await core.distributor.connect(stranger).claim([STAKER], ann.address);
    expect(await balances()).to.deep.equal(had);
    const before = await core.pool.tokensOf(STAKER, ann.address);
    await core.distributor.connect(stranger).compound(STAKER, [ann.address, ann.address]);
    expect((await core.pool.tokensOf(STAKER, ann.address)) - before - due).to.be.within(-2n, 0n);
    expect(await balances()).to.deep.equal(had);
    await core.distributor.connect(ann).claim([STAKER], ann.address);
    expect(await balances()).to.deep.equal(had);
    await expectCovered(core);
  });

  it("a stranger's claim pays the owner, and compounding fills no trace that others need", async () => {
    const core = await earning();
    const [ann, stranger] = [core.others[10]!, core.others[12]!];
    await core.distributor.connect(ann).setCompound(STAKER, true);
    for (let epoch = 0; epoch < 12; epoch++) {
      await core.distributor.connect(stranger).compound(STAKER, [ann.address]);
      await payHour(core);
    }
    await delegate(core, ann, STAKER, 1_000);
    const had = await core.token.balanceOf(ann.address);
    await core.distributor.connect(ann).setCompound(STAKER, false);
    await core.distributor.connect(stranger).claim([STAKER], ann.address);
    expect(await core.token.balanceOf(ann.address)).to.be.greaterThan(had);
    await expectCovered(core);
  });
});
