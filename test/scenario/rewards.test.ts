import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, loadCore } from "../support/core.ts";
import { impersonate } from "../support/custody.ts";
import { delegate, expectCovered, fundedCore, GWEI, payHour } from "../support/rewards.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const funded = () => fundedCore(connection);
const load = () => loadCore(connection, funded);

/** The stakers of the devnet's population: seats 4 to 6. */
const STAKER = 5;
const OTHER = 6;
const owedOf = async (core: Core, validator: number, owner: string) => {
  const booked = await core.distributor.owed(owner);
  return booked + (await core.distributor.settle.staticCall(validator, owner));
};

describe("rewards over many epochs", () => {
  it("stake earns from the first epoch whose registry counted it, until it asks to leave", async () => {
    const core = await load();
    const [ann, bob] = [core.others[10]!, core.others[11]!];
    await delegate(core, ann, STAKER, 20_000);
    // Epochs 0 to 2 have the registry of genesis, which knew no delegation.
    for (let epoch = 0; epoch < 3; epoch++) await payHour(core);
    expect(await owedOf(core, STAKER, ann.address)).to.equal(0n);
    await payHour(core);
    const first = await owedOf(core, STAKER, ann.address);
    expect(first).to.be.greaterThan(0n);
    // Half of the validator's stake, and no commission: as much as its bond.
    await core.distributor.settleRows(STAKER, 10);
    const { owed } = await core.distributor.ledgerOf(STAKER);
    // A third of the stakers' stake three times, all its own; then two of four parts, half of it.
    expect(owed).to.be.within(5n * first - 9n * GWEI, 5n * first + 9n * GWEI);

    await delegate(core, bob, STAKER, 20_000);
    for (let epoch = 0; epoch < 2; epoch++) await payHour(core);
    expect(await owedOf(core, STAKER, bob.address)).to.equal(0n);
    const before = await owedOf(core, STAKER, ann.address);
    const { shares } = await core.pool.position(STAKER, ann.address);
    await core.pool.connect(ann).undelegate(STAKER, shares);
    // Booked while the shares left.
    expect(await core.distributor.owed(ann.address)).to.equal(before);
    for (let epoch = 0; epoch < 4; epoch++) await payHour(core);
    expect(await owedOf(core, STAKER, ann.address)).to.equal(before);
    expect(await owedOf(core, STAKER, bob.address)).to.be.greaterThan(0n);
    const had = await core.token.balanceOf(ann.address);
    await core.distributor.claim([STAKER], ann.address);
    expect((await core.token.balanceOf(ann.address)) - had).to.equal(before);
    await expectCovered(core);
  });

  it("carried registries, late seals and recovering accruals pay by the registry that was in force", async () => {
    const core = await load();
    const ann = core.others[10]!;
    await delegate(core, ann, STAKER, 20_000);
    const pays: bigint[] = [];
    for (const options of [{}, { seal: false }, {}, { carry: true }, {}, {}, {}, {}] as const) {
      const before = await owedOf(core, STAKER, ann.address);
      await payHour(core, options);
      pays.push((await owedOf(core, STAKER, ann.address)) - before);
    }
    // The seal of epoch 3 counted it; epoch 4 had no candidate, and epoch 5 was given the registry before.
    expect(pays.map((pay) => pay > 0n)).to.deep.equal([false, false, false, true, true, true, true, true]);
    const seals = [];
    for (let epoch = 0; epoch < 8; epoch++) seals.push((await core.checkpoints.epochRecord(epoch)).seal);
    expect(seals[4]).to.equal(seals[3]);
    expect(await core.distributor.firstEpochOf(seals[7]!)).to.deep.equal([true, 7n]);
    await expectCovered(core);
  });

  it("a higher commission takes its part from the seal that counted it on", async () => {
    const core = await load();
    const ann = core.others[10]!;
    const operator = core.members.get(STAKER)!.operator;
    await delegate(core, ann, STAKER, 20_000);
    for (let epoch = 0; epoch < 4; epoch++) await payHour(core);
    const { commissionNotice, commissionStep } = await core.pool.times();
    await core.pool.connect(operator).announceCommission(STAKER, commissionStep);
    await networkHelpers.time.increase(commissionNotice + 1n);
    await core.pool.applyCommission(STAKER);
    const pays: bigint[] = [];
    for (let epoch = 0; epoch < 4; epoch++) {
      const before = await owedOf(core, STAKER, ann.address);
      await payHour(core);
      pays.push((await owedOf(core, STAKER, ann.address)) - before);
    }
    expect(pays[2]! - pays[1]!).to.be.within(-2n * GWEI, 2n * GWEI);
    const less = (pays[2]! * (1_000_000n - commissionStep)) / 1_000_000n;
    expect(pays[3]! - less).to.be.within(-2n * GWEI, 2n * GWEI);
    await expectCovered(core);
  });

  it("a slash changes what shares are worth and nothing of what they earned", async () => {
    const core = await load();
    const ann = core.others[10]!;
    await delegate(core, ann, STAKER, 20_000);
    for (let epoch = 0; epoch < 5; epoch++) await payHour(core);
    const before = await owedOf(core, STAKER, ann.address);
    const slasher = await impersonate(core, core.addresses.slashing);
    await core.pool.connect(slasher).slash(STAKER, 1, 25, 40, 0);
    expect(await core.pool.tokensOf(STAKER, ann.address)).to.be.lessThan(20_000n * COIN);
    expect(await owedOf(core, STAKER, ann.address)).to.equal(before);
    await payHour(core);
    // The registries in force still count it all.
    expect(await owedOf(core, STAKER, ann.address)).to.be.greaterThan(before);
    await core.distributor.claim([STAKER], ann.address);
    await expectCovered(core);
  });

  it("a pool slashed to nothing ends with what it earned; the next generation begins with its own", async () => {
    const core = await load();
    const [ann, bob] = [core.others[10]!, core.others[11]!];
    await delegate(core, ann, STAKER, 20_000);
    for (let epoch = 0; epoch < 4; epoch++) await payHour(core);
    const slasher = await impersonate(core, core.addresses.slashing);
    await core.pool.connect(slasher).slash(STAKER, 9, 1, 1, 0);
    expect((await core.pool.pool(STAKER)).generation).to.equal(2n);
    const operator = core.members.get(STAKER)!.operator;
    await core.pool.connect(operator).depositBond(STAKER, 20_000n * COIN);
    await delegate(core, bob, STAKER, 20_000);
    for (let epoch = 0; epoch < 6; epoch++) await payHour(core);
    const [old, young] = [await owedOf(core, STAKER, ann.address), await owedOf(core, STAKER, bob.address)];
    expect(old).to.be.greaterThan(0n);
    expect(young).to.be.greaterThan(0n);
    await payHour(core);
    expect(await owedOf(core, STAKER, ann.address)).to.equal(old);
    expect(await owedOf(core, STAKER, bob.address)).to.be.greaterThan(young);
    await core.distributor.claim([STAKER, OTHER], ann.address);
    await core.distributor.claim([STAKER], bob.address);
    await expectCovered(core);
  });

  it("compounding makes stake of pay, and an authority's pay becomes bond", async () => {
    const core = await load();
    const ann = core.others[10]!;
    await delegate(core, ann, STAKER, 20_000);
    await core.distributor.connect(ann).setCompound(STAKER, true);
    for (let epoch = 0; epoch < 5; epoch++) await payHour(core);
    const before = await core.pool.tokensOf(STAKER, ann.address);
    const due = await core.distributor.settle.staticCall(STAKER, ann.address);
    await expect(core.distributor.connect(core.others[12]!).compound(STAKER, [ann.address]))
      .to.emit(core.distributor, "Compounded")
      .withArgs(STAKER, ann.address, due);
    expect((await core.pool.tokensOf(STAKER, ann.address)) - before - due).to.be.within(-2n, 0n);
    const bond = await core.pool.bondOf(1);
    await core.distributor.claimValidator([1]);
    expect(await core.pool.bondOf(1)).to.be.greaterThan(bond);
    await expectCovered(core);
  });
});
