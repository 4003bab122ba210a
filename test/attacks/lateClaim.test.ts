import { expect } from "chai";
import { network } from "hardhat";
import { COIN, loadCore, notarize, votePair } from "../support/core.ts";
import { delegate, expectCovered, fundedCore, payHour } from "../support/rewards.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const funded = () => fundedCore(connection);
const load = () => loadCore(connection, funded);
const STAKER = 5;

describe("attack: claiming late, after the stake was slashed", () => {
  it("a claim after a conviction pays what the counted shares had earned, to the wei, and nothing more", async () => {
    const core = await load();
    const [early, late] = [core.others[10]!, core.others[11]!];
    for (const owner of [early, late]) await delegate(core, owner, STAKER, 10_000);
    for (let epoch = 0; epoch < 5; epoch++) await payHour(core);
    const due = await core.distributor.settle.staticCall(STAKER, late.address);
    await core.distributor.claim([STAKER], early.address);
    const before = await core.token.balanceOf(late.address);
    await core.slashing.submitVotes(await votePair(core, 4, notarize(3, "one"), notarize(3, "other")));
    await core.distributor.claim([STAKER], late.address);
    expect((await core.token.balanceOf(late.address)) - before).to.equal(due);
    expect(due).to.be.greaterThan(0n);
    await expectCovered(core);
  });

  it("a tombstoned validator earns while registries in force count it, then never again", async () => {
    const core = await load();
    const ann = core.others[10]!;
    await delegate(core, ann, STAKER, 10_000);
    for (let epoch = 0; epoch < 4; epoch++) await payHour(core);
    await core.slashing.submitVotes(await votePair(core, 4, notarize(3, "one"), notarize(3, "other")));
    for (let epoch = 0; epoch < 3; epoch++) await payHour(core);
    const last = await core.distributor.settle.staticCall(STAKER, ann.address);
    await networkHelpers.time.increase(1_000_000);
    for (let epoch = 0; epoch < 3; epoch++) await payHour(core);
    expect(await core.distributor.settle.staticCall(STAKER, ann.address)).to.equal(last);
    const operator = core.members.get(STAKER)!.operator;
    const had = await core.token.balanceOf(operator.address);
    await core.distributor.claimValidator([STAKER]);
    expect(await core.token.balanceOf(operator.address)).to.be.greaterThan(had);
    await expectCovered(core);
  });

  it("pay of a convicted authority goes to its withdrawal address: its bond takes nothing any more", async () => {
    const core = await load();
    for (let epoch = 0; epoch < 2; epoch++) await payHour(core);
    await core.slashing.submitVotes(await votePair(core, 1, notarize(3, "one"), notarize(3, "other")));
    const bond = await core.pool.bondOf(2);
    const operator = core.members.get(2)!.operator;
    const had = await core.token.balanceOf(operator.address);
    await core.distributor.claimValidator([2]);
    expect(await core.pool.bondOf(2)).to.equal(bond);
    expect((await core.token.balanceOf(operator.address)) - had).to.be.greaterThan(100n * COIN);
    await expectCovered(core);
  });
});
