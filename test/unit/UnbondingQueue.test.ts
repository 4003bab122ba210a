import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { network } from "hardhat";
import { COIN, type Core, closeEpoch, loadCore, startedCore } from "../support/core.ts";
import { expectSolvent, KIND, NEVER, slash } from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

const UNBONDING = 120;
const PERIOD = 10;
const MAX_WAIT = 600;
/** The staker on seat 4 of the devnet's population. */
const STAKER = 5;

describe("UnbondingQueue", () => {
  const request = async (core: Core, amount: bigint) =>
    core.pool.connect(core.members.get(STAKER)!.operator).requestUnbond(STAKER, amount);
  const withdraw = async (core: Core, cohort: number, witness: number) =>
    core.queue.connect(core.members.get(STAKER)!.operator).withdrawBond(STAKER, cohort, witness);

  it("keeps a request until the time after the boundary whose successor does not count it", async () => {
    const core = await load(started);
    const { operator } = core.members.get(STAKER)!;
    await expect(request(core, 5_000n * COIN)).to.emit(core.queue, "CohortSet");
    expect((await core.queue.cohort(STAKER, KIND.bond, 0)).lastSeal).to.equal(1n);
    expect((await core.elections.candidate(STAKER)).weight).to.equal(15_000n);
    // Boundaries 0 and 1: epochs 1 and 2 are still decided under the genesis seal, which counted it.
    await closeEpoch(core);
    await closeEpoch(core);
    await networkHelpers.time.increase(UNBONDING);
    for (const witness of [0, 1, 2, 9]) {
      expect(await core.queue.isOver(STAKER, KIND.bond, 0, witness)).to.equal(false);
      await expect(withdraw(core, 0, witness)).to.be.revertedWithCustomError(
        core.queue,
        "UnbondingQueueNotReady",
      );
    }
    expect((await core.queue.witnessOf(STAKER, KIND.bond, 0, 0)).found).to.equal(false);
    await closeEpoch(core, { seal: false });
    const { found, witness, from_ } = await core.queue.witnessOf(STAKER, KIND.bond, 0, 0);
    expect([found, witness]).to.deep.equal([true, 2n]);
    const acceptedAt = await core.checkpoints.boundaryAcceptedAt(2);
    expect(from_).to.equal(acceptedAt + BigInt(UNBONDING));
    await networkHelpers.time.setNextBlockTimestamp(from_ - 1n);
    await expect(withdraw(core, 0, 2)).to.be.revertedWithCustomError(core.queue, "UnbondingQueueNotReady");
    await expect(
      core.queue.connect(core.others[9]!).withdrawBond(STAKER, 0, 2),
    ).to.be.revertedWithCustomError(core.queue, "UnbondingQueueUnauthorized");
    await networkHelpers.time.increaseTo(from_);
    const before = await core.token.balanceOf(operator.address);
    await withdraw(core, 0, 2);
    expect((await core.token.balanceOf(operator.address)) - before).to.equal(5_000n * COIN);
    await expect(withdraw(core, 0, 2)).to.be.revertedWithCustomError(core.queue, "UnbondingQueueEmpty");
    await expect(withdraw(core, 1, 2)).to.be.revertedWithCustomError(core.queue, "UnbondingQueueEmpty");
    await expectSolvent(core);
  });

  it("one cohort takes a day's requests; a new one needs a new day and a seal since", async () => {
    const core = await load(started);
    await request(core, COIN);
    await request(core, COIN);
    expect(await core.queue.cohortCount(STAKER, KIND.bond)).to.equal(1n);
    await networkHelpers.time.increase(PERIOD);
    await request(core, COIN);
    expect(await core.queue.cohortCount(STAKER, KIND.bond)).to.equal(1n);
    await closeEpoch(core);
    await networkHelpers.time.increase(PERIOD);
    await request(core, COIN);
    expect(await core.queue.cohortCount(STAKER, KIND.bond)).to.equal(2n);
    expect((await core.queue.cohort(STAKER, KIND.bond, 0)).tokens).to.equal(3n * COIN);
    expect((await core.queue.cohort(STAKER, KIND.bond, 1)).lastSeal).to.equal(2n);
    // Another day without a seal joins the last cohort; its latest date does not move.
    await networkHelpers.time.increase(PERIOD);
    const latest = await core.queue.withdrawableAtLatest(STAKER, KIND.bond, 1);
    await request(core, COIN);
    expect(await core.queue.withdrawableAtLatest(STAKER, KIND.bond, 1)).to.equal(latest);
    // So does a seal on another day: the clock of the cohort before has not started.
    await closeEpoch(core);
    await networkHelpers.time.increase(PERIOD);
    await request(core, COIN);
    expect(await core.queue.cohortCount(STAKER, KIND.bond)).to.equal(2n);
    expect((await core.queue.cohort(STAKER, KIND.bond, 1)).lastSeal).to.equal(3n);
    // Boundary 2 is accepted: epoch 3 is decided under seal 2, which does not count the first cohort.
    await closeEpoch(core);
    await networkHelpers.time.increase(PERIOD);
    await request(core, COIN);
    expect(await core.queue.cohortCount(STAKER, KIND.bond)).to.equal(3n);
    await expectSolvent(core);
  });

  it("uses an emptied cohort anew: asking and taking back makes no list longer", async () => {
    const core = await load(started);
    const { operator } = core.members.get(STAKER)!;
    for (let i = 0; i < 3; i++) {
      await request(core, COIN);
      await core.queue.connect(operator).cancelBond(STAKER, 0, COIN);
      await closeEpoch(core);
      await networkHelpers.time.increase(PERIOD);
    }
    await request(core, 2n * COIN);
    expect(await core.queue.cohortCount(STAKER, KIND.bond)).to.equal(1n);
    const { tokens, lastSeal } = await core.queue.cohort(STAKER, KIND.bond, 0);
    expect([tokens, lastSeal]).to.deep.equal([2n * COIN, 4n]);
    await expectSolvent(core);
  });

  it("lets a request be taken back into the bond, in parts", async () => {
    const core = await load(started);
    const { operator } = core.members.get(STAKER)!;
    await request(core, 5_000n * COIN);
    await core.queue.connect(operator).cancelBond(STAKER, 0, 2_000n * COIN);
    expect(await core.pool.bondOf(STAKER)).to.equal(17_000n * COIN);
    expect((await core.elections.candidate(STAKER)).weight).to.equal(17_000n);
    for (const amount of [0n, 3_000n * COIN + 1n]) {
      await expect(core.queue.connect(operator).cancelBond(STAKER, 0, amount)).to.be.revertedWithCustomError(
        core.queue,
        "UnbondingQueueInsufficient",
      );
    }
    await expect(
      core.queue.connect(core.others[9]!).cancelBond(STAKER, 0, COIN),
    ).to.be.revertedWithCustomError(core.queue, "UnbondingQueueUnauthorized");
    await expectSolvent(core);
    await core.registry.connect(operator).exit(STAKER);
    await expect(core.queue.connect(operator).cancelBond(STAKER, 0, COIN)).to.be.revertedWithCustomError(
      core.queue,
      "UnbondingQueueClosed",
    );
  });

  it("is slashed where liable, each cohort in proportion, and never more than there is", async () => {
    const core = await load(started);
    await request(core, 1_000n * COIN);
    await closeEpoch(core);
    await networkHelpers.time.increase(PERIOD);
    await request(core, 2_000n * COIN);
    const liable = async (seal: number) => (await core.queue.liable(STAKER, seal, NEVER)).bond;
    expect(await liable(1)).to.equal(3_000n * COIN);
    expect(await liable(2)).to.equal(2_000n * COIN);
    expect(await liable(3)).to.equal(0n);
    const { bond } = await core.pool.pool(STAKER);
    expect(bond).to.equal(17_000n * COIN);
    // One part in 20,000 of the bond, the rest from the cohorts in proportion, rounded up, newest first.
    await slash(core, STAKER, 1, 20_001n);
    expect(await core.pool.bondOf(STAKER)).to.equal(bond - 17_001n);
    expect((await core.queue.cohort(STAKER, KIND.bond, 1)).tokens).to.equal(2_000n * COIN - 2_000n);
    expect((await core.queue.cohort(STAKER, KIND.bond, 0)).tokens).to.equal(1_000n * COIN - 1_000n);
    await slash(core, STAKER, 2, MaxUint256);
    expect((await core.queue.cohort(STAKER, KIND.bond, 1)).tokens).to.equal(0n);
    expect(await core.pool.bondOf(STAKER)).to.equal(0n);
    await slash(core, STAKER, 1, MaxUint256);
    await slash(core, STAKER, 1, 1n);
    expect(await liable(1)).to.equal(0n);
    await expectSolvent(core);
  });

  it("pays in the end if the chain never returns, or its modules do not answer", async () => {
    const core = await load(started);
    const { operator } = core.members.get(STAKER)!;
    const deaf = await ethers.deployContract("DeafElections");
    const address = await deaf.getAddress();
    await core.pool.setElections(address);
    await core.queue.setCheckpoints(address);
    await expect(request(core, 20_000n * COIN))
      .to.emit(core.pool, "RefreshFailed")
      .withArgs(STAKER);
    expect((await core.queue.cohort(STAKER, KIND.bond, 0)).lastSeal).to.equal(0xffffffffn);
    await expect(withdraw(core, 0, 0)).to.revert(ethers);
    const latest = await core.queue.withdrawableAtLatest(STAKER, KIND.bond, 0);
    const { day } = await core.queue.cohort(STAKER, KIND.bond, 0);
    expect(latest).to.equal((day + 1n) * BigInt(PERIOD) + BigInt(MAX_WAIT + UNBONDING));
    await networkHelpers.time.increaseTo(latest);
    const before = await core.token.balanceOf(operator.address);
    await withdraw(core, 0, 0);
    expect((await core.token.balanceOf(operator.address)) - before).to.equal(20_000n * COIN);
    await expectSolvent(core);
  });

  it("what live weights may go on counting waits for the latest date, and what joins it too", async () => {
    const core = await load(started);
    const deaf = await ethers.deployContract("DeafElections");
    await core.pool.setElections(await deaf.getAddress());
    await request(core, COIN);
    expect((await core.queue.cohort(STAKER, KIND.bond, 0)).lastSeal).to.equal(NEVER);
    await core.pool.setElections(core.addresses.elections);
    await closeEpoch(core);
    await networkHelpers.time.increase(PERIOD);
    await request(core, COIN);
    expect(await core.queue.cohortCount(STAKER, KIND.bond)).to.equal(1n);
    expect((await core.queue.cohort(STAKER, KIND.bond, 0)).lastSeal).to.equal(NEVER);
  });

  it("without modules no clock starts before the latest date", async () => {
    const core = await load(started);
    await core.pool.setElections(core.others[0]!.address);
    await core.queue.setCheckpoints(ethers.ZeroAddress);
    await request(core, COIN);
    expect((await core.queue.cohort(STAKER, KIND.bond, 0)).lastSeal).to.equal(NEVER);
    expect(await core.queue.isOver(STAKER, KIND.bond, 0, 0)).to.equal(false);
  });

  it("the last one out gets all of it after slashes of every size", async () => {
    const core = await load(started);
    for (const [id, size] of [
      [5, 1n],
      [6, 7_777n * COIN + 1n],
      [7, 20_000n * COIN],
    ] as const) {
      const { operator } = core.members.get(id)!;
      await slash(core, id, 1, size);
      const bond = await core.pool.bondOf(id);
      if (bond !== 0n) await core.pool.connect(operator).requestUnbond(id, bond);
    }
    for (let id = 1; id <= 4; id++) {
      await core.pool.connect(core.members.get(id)!.operator).requestUnbond(id, 10_000n * COIN);
    }
    await networkHelpers.time.increase(MAX_WAIT + UNBONDING + PERIOD);
    for (let id = 1; id <= 7; id++) {
      if ((await core.queue.cohortCount(id, KIND.bond)) === 0n) continue;
      await core.queue.connect(core.members.get(id)!.operator).withdrawBond(id, 0, 0);
    }
    await core.pool.collectSlashed(core.addresses.slashing);
    expect(await core.token.balanceOf(core.addresses.pool)).to.equal(0n);
    expect(await core.token.balanceOf(core.addresses.queue)).to.equal(0n);
  });

  it("tells its times", async () => {
    const core = await load(started);
    expect(await core.queue.unbondingTime()).to.equal(BigInt(UNBONDING));
    expect(await core.queue.cohortPeriod()).to.equal(BigInt(PERIOD));
    expect(await core.queue.maxWait()).to.equal(BigInt(MAX_WAIT));
    expect(await core.queue.pool()).to.equal(core.addresses.pool);
    expect(await core.queue.registry()).to.equal(core.addresses.registry);
    expect(await core.queue.checkpoints()).to.equal(core.addresses.checkpoints);
  });
});
