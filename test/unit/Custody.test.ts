import { expect } from "chai";
import { MaxUint256, Signature } from "ethers";
import hre, { network } from "hardhat";
import {
  bringIn,
  COIN,
  type Core,
  closeEpoch,
  deployCore,
  FUNDS,
  loadCore,
  register,
  startedCore,
} from "../support/core.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const fresh = () => deployCore(connection);
const started = () => startedCore(connection);

const UNBONDING = 120;
const PERIOD = 10;
const MAX_WAIT = 600;
/** The staker on seat 4 of the devnet's population. */
const STAKER = 5;

/** Both custodies hold what they owe, to the wei. */
async function expectSolvent(core: Core) {
  expect(await core.token.balanceOf(core.addresses.pool)).to.equal(await core.pool.totalStake());
  expect(await core.token.balanceOf(core.addresses.queue)).to.equal(await core.queue.totalQueued());
  let bonds = 0n;
  let queued = 0n;
  for (let id = 1n; id <= (await core.registry.validatorCount()); id++) {
    bonds += await core.pool.bondOf(id);
    const count = await core.queue.cohortCount(id);
    for (let i = 0n; i < count; i++) queued += (await core.queue.cohort(id, i)).tokens;
  }
  expect(bonds).to.equal(await core.pool.totalStake());
  expect(queued).to.equal(await core.queue.totalQueued());
}

/** An account that may slash. */
async function slasher(core: Core) {
  const account = core.others[18]!;
  await core.access.grantRole(2, account.address, 0);
  return account;
}

describe("StakingPool", () => {
  it("takes bond from the operator and the withdrawal address, by allowance", async () => {
    const core = await load(fresh);
    const member = await register(core, "k");
    const heir = core.others[8]!;
    await core.registry.connect(member.operator).proposeWithdrawal(1, heir.address);
    await core.registry.connect(heir).acceptWithdrawal(1);
    await expect(core.pool.connect(member.operator).depositBond(1, 5n * COIN))
      .to.emit(core.pool, "BondDeposited")
      .withArgs(1n, member.operator.address, 5n * COIN, 5n * COIN);
    await core.pool.connect(heir).depositBond(1, 7n * COIN);
    expect(await core.pool.bondOf(1)).to.equal(12n * COIN);
    expect(await core.pool.stakeOf(1)).to.equal(12n * COIN);
    expect((await core.pool.pool(1)).bond).to.equal(12n * COIN);
    await expectSolvent(core);
  });

  it("refuses strangers, nothing, and validators that do not exist", async () => {
    const core = await load(fresh);
    const { operator } = await register(core, "k");
    await expect(core.pool.connect(core.others[9]!).depositBond(1, COIN)).to.be.revertedWithCustomError(
      core.pool,
      "StakingPoolUnauthorized",
    );
    await expect(core.pool.connect(operator).depositBond(1, 0)).to.be.revertedWithCustomError(
      core.pool,
      "StakingPoolZeroAmount",
    );
    await expect(core.pool.connect(operator).depositBond(2, COIN)).to.be.revertedWithCustomError(
      core.registry,
      "ValidatorRegistryUnknown",
    );
  });

  it("takes a permit; one used before is no failure while the allowance lasts", async () => {
    const core = await load(fresh);
    const { operator } = await register(core, "k");
    await core.token.connect(operator).approve(core.addresses.pool, 0);
    const { name, version, chainId, verifyingContract } = await core.token.eip712Domain();
    const sign = async (value: bigint) =>
      Signature.from(
        await operator.signTypedData(
          { name, version, chainId, verifyingContract },
          {
            Permit: [
              { name: "owner", type: "address" },
              { name: "spender", type: "address" },
              { name: "value", type: "uint256" },
              { name: "nonce", type: "uint256" },
              { name: "deadline", type: "uint256" },
            ],
          },
          {
            owner: operator.address,
            spender: core.addresses.pool,
            value,
            nonce: await core.token.nonces(operator.address),
            deadline: MaxUint256,
          },
        ),
      );
    const { v, r, s } = await sign(3n * COIN);
    const pool = core.pool.connect(operator);
    await core.token.permit(operator.address, core.addresses.pool, 3n * COIN, MaxUint256, v, r, s);
    await pool.depositBondWithPermit(1, 3n * COIN, MaxUint256, v, r, s);
    expect(await core.pool.bondOf(1)).to.equal(3n * COIN);
    await expect(pool.depositBondWithPermit(1, 3n * COIN, MaxUint256, v, r, s)).to.revert(ethers);
    const next = await sign(2n * COIN);
    await pool.depositBondWithPermit(1, 2n * COIN, MaxUint256, next.v, next.r, next.s);
    expect(await core.pool.bondOf(1)).to.equal(5n * COIN);
  });

  it("counts deposits, not gifts", async () => {
    const core = await load(started);
    await core.token.connect(core.others[3]!).transfer(core.addresses.pool, 1_000_000n * COIN);
    expect(await core.pool.totalStake()).to.equal(100_000n * COIN);
    expect((await core.elections.candidate(STAKER)).weight).to.equal(20_000n);
  });

  it("gives bond to the queue, on the withdrawal address's word, and to slashers", async () => {
    const core = await load(started);
    const { operator } = core.members.get(STAKER)!;
    await expect(
      core.pool.connect(core.others[9]!).requestUnbond(STAKER, COIN),
    ).to.be.revertedWithCustomError(core.pool, "StakingPoolUnauthorized");
    await expect(core.pool.connect(operator).requestUnbond(STAKER, 0)).to.be.revertedWithCustomError(
      core.pool,
      "StakingPoolZeroAmount",
    );
    await expect(core.pool.connect(operator).requestUnbond(STAKER, 20_000n * COIN + 1n))
      .to.be.revertedWithCustomError(core.pool, "StakingPoolInsufficientBond")
      .withArgs(STAKER, 20_000n * COIN, 20_000n * COIN + 1n);
    await expect(core.pool.slashBond(STAKER, COIN)).to.be.revertedWithCustomError(
      core.pool,
      "AccessManagedUnauthorized",
    );
    await expect(core.pool.restoreBond(STAKER, COIN)).to.be.revertedWithCustomError(
      core.pool,
      "StakingPoolNotQueue",
    );
    await expect(core.queue.queueBond(STAKER, COIN, false)).to.be.revertedWithCustomError(
      core.queue,
      "UnbondingQueueNotPool",
    );
    const judge = await slasher(core);
    await expect(core.pool.connect(judge).slashBond(STAKER, 3n * COIN))
      .to.emit(core.pool, "BondSlashed")
      .withArgs(STAKER, judge.address, 3n * COIN, 19_997n * COIN);
    // More than there is takes what there is.
    await core.pool.connect(judge).slashBond(STAKER, MaxUint256);
    expect(await core.pool.bondOf(STAKER)).to.equal(0n);
    await core.pool.connect(judge).slashBond(STAKER, COIN);
    expect(await core.token.balanceOf(judge.address)).to.equal(FUNDS + 20_000n * COIN);
    await expectSolvent(core);
    // Slashed to nothing, it can start anew.
    await core.pool.connect(operator).depositBond(STAKER, 11_000n * COIN);
    expect((await core.elections.candidate(STAKER)).weight).to.equal(11_000n);
  });

  it("costs at most 150,000 gas a deposit", async () => {
    const core = await load(started);
    const { operator } = core.members.get(STAKER)!;
    const tx = await core.pool.connect(operator).depositBond(STAKER, COIN);
    expect((await tx.wait())!.gasUsed).to.be.below(hre.globalOptions.coverage ? 1_000_000n : 150_000n);
  });
});

describe("UnbondingQueue", () => {
  const request = async (core: Core, amount: bigint) =>
    core.pool.connect(core.members.get(STAKER)!.operator).requestUnbond(STAKER, amount);
  const withdraw = async (core: Core, cohort: number, witness: number) =>
    core.queue.connect(core.members.get(STAKER)!.operator).withdrawBond(STAKER, cohort, witness);

  it("keeps a request until the time after the boundary whose successor does not count it", async () => {
    const core = await load(started);
    const { operator } = core.members.get(STAKER)!;
    await expect(request(core, 5_000n * COIN)).to.emit(core.queue, "BondQueued");
    expect((await core.queue.cohort(STAKER, 0)).lastSeal).to.equal(1n);
    expect((await core.elections.candidate(STAKER)).weight).to.equal(15_000n);
    // Boundaries 0 and 1: epochs 1 and 2 are still decided under the genesis seal, which counted it.
    await closeEpoch(core);
    await closeEpoch(core);
    await networkHelpers.time.increase(UNBONDING);
    for (const witness of [0, 1, 2, 9]) {
      expect(await core.queue.withdrawable(STAKER, 0, witness)).to.equal(0n);
      await expect(withdraw(core, 0, witness)).to.be.revertedWithCustomError(
        core.queue,
        "UnbondingQueueNotReady",
      );
    }
    expect((await core.queue.witnessOf(STAKER, 0, 0)).found).to.equal(false);
    await closeEpoch(core, { seal: false });
    const { found, witness, from_ } = await core.queue.witnessOf(STAKER, 0, 0);
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
    expect(await core.queue.cohortCount(STAKER)).to.equal(1n);
    await networkHelpers.time.increase(PERIOD);
    await request(core, COIN);
    expect(await core.queue.cohortCount(STAKER)).to.equal(1n);
    await closeEpoch(core);
    await networkHelpers.time.increase(PERIOD);
    await request(core, COIN);
    expect(await core.queue.cohortCount(STAKER)).to.equal(2n);
    expect((await core.queue.cohort(STAKER, 0)).tokens).to.equal(3n * COIN);
    expect((await core.queue.cohort(STAKER, 1)).lastSeal).to.equal(2n);
    // Another day without a seal joins the last cohort and moves its latest date.
    await networkHelpers.time.increase(PERIOD);
    const latest = await core.queue.withdrawableAtLatest(STAKER, 1);
    await request(core, COIN);
    expect(await core.queue.withdrawableAtLatest(STAKER, 1)).to.be.above(latest);
    // A seal on the same day: what joins after it takes the cohort along to that seal.
    const period = BigInt(PERIOD);
    const tomorrow = (BigInt(await networkHelpers.time.latest()) / period + 1n) * period;
    await networkHelpers.time.setNextBlockTimestamp(tomorrow);
    await request(core, COIN);
    const index = (await core.queue.cohortCount(STAKER)) - 1n;
    const { lastSeal } = await core.queue.cohort(STAKER, index);
    await closeEpoch(core);
    await request(core, COIN);
    expect(await core.queue.cohortCount(STAKER)).to.equal(index + 1n);
    expect((await core.queue.cohort(STAKER, index)).lastSeal).to.equal(lastSeal + 1n);
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
    expect(await core.queue.cohortCount(STAKER)).to.equal(1n);
    const { tokens, lastSeal } = await core.queue.cohort(STAKER, 0);
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
    const judge = await slasher(core);
    await request(core, 1_000n * COIN);
    await closeEpoch(core);
    await networkHelpers.time.increase(PERIOD);
    await request(core, 2_000n * COIN);
    expect(await core.queue.liableBond(STAKER, 1)).to.equal(3_000n * COIN);
    expect(await core.queue.liableBond(STAKER, 2)).to.equal(2_000n * COIN);
    expect(await core.queue.liableBond(STAKER, 3)).to.equal(0n);
    await expect(core.queue.slashBond(STAKER, 1, COIN)).to.be.revertedWithCustomError(
      core.queue,
      "AccessManagedUnauthorized",
    );
    await core.queue.connect(judge).slashBond(STAKER, 1, 100n);
    // 66.7 rounded up from the newer cohort, the rest from the older.
    expect((await core.queue.cohort(STAKER, 1)).tokens).to.equal(2_000n * COIN - 67n);
    expect((await core.queue.cohort(STAKER, 0)).tokens).to.equal(1_000n * COIN - 33n);
    await core.queue.connect(judge).slashBond(STAKER, 2, MaxUint256);
    expect((await core.queue.cohort(STAKER, 1)).tokens).to.equal(0n);
    await core.queue.connect(judge).slashBond(STAKER, 1, MaxUint256);
    await core.queue.connect(judge).slashBond(STAKER, 1, 1n);
    expect(await core.queue.liableBond(STAKER, 1)).to.equal(0n);
    await expectSolvent(core);
  });

  it("pays in the end if the chain never returns, or its modules do not answer", async () => {
    const core = await load(started);
    const { operator } = core.members.get(STAKER)!;
    const deaf = await ethers.deployContract("DeafElections");
    const address = await deaf.getAddress();
    await core.pool.setElections(address);
    await core.queue.setElections(address);
    await core.queue.setCheckpoints(address);
    await expect(request(core, 20_000n * COIN))
      .to.emit(core.pool, "RefreshFailed")
      .withArgs(STAKER);
    expect((await core.queue.cohort(STAKER, 0)).lastSeal).to.equal(0xffffffffn);
    await expect(withdraw(core, 0, 0)).to.revert(ethers);
    const latest = await core.queue.withdrawableAtLatest(STAKER, 0);
    const { day } = await core.queue.cohort(STAKER, 0);
    expect(latest).to.equal((day + 1n) * BigInt(PERIOD) + BigInt(MAX_WAIT + UNBONDING));
    await networkHelpers.time.increaseTo(latest);
    const before = await core.token.balanceOf(operator.address);
    await withdraw(core, 0, 0);
    expect((await core.token.balanceOf(operator.address)) - before).to.equal(20_000n * COIN);
    await expectSolvent(core);
  });

  it("does not need the number of the seal either", async () => {
    const core = await load(started);
    const deaf = await ethers.deployContract("DeafElections");
    await core.queue.setElections(await deaf.getAddress());
    await request(core, COIN);
    expect((await core.queue.cohort(STAKER, 0)).lastSeal).to.equal(0xffffffffn);
    // What joins it later waits with it: the older stake's date does not move forward.
    await core.queue.setElections(core.addresses.elections);
    await closeEpoch(core);
    await networkHelpers.time.increase(PERIOD);
    await request(core, COIN);
    expect(await core.queue.cohortCount(STAKER)).to.equal(1n);
    expect((await core.queue.cohort(STAKER, 0)).lastSeal).to.equal(0xffffffffn);
  });

  it("without modules it counts as liable to the last, and pays at the latest date", async () => {
    const core = await load(fresh);
    await core.queue.setElections(core.others[0]!.address);
    await core.queue.setCheckpoints(ethers.ZeroAddress);
    const member = await bringIn(core, "staker", 5_000);
    await core.pool.connect(member.operator).requestUnbond(member.id, COIN);
    expect((await core.queue.cohort(member.id, 0)).lastSeal).to.equal(0xffffffffn);
    expect(await core.queue.withdrawable(member.id, 0, 0)).to.equal(0n);
  });

  it("the last one out gets all of it after slashes of every size", async () => {
    const core = await load(started);
    const judge = await slasher(core);
    for (const [id, size] of [
      [5, 1n],
      [6, 7_777n * COIN + 1n],
      [7, 20_000n * COIN],
    ] as const) {
      const { operator } = core.members.get(id)!;
      await core.pool.connect(judge).slashBond(id, size);
      const bond = await core.pool.bondOf(id);
      if (bond !== 0n) await core.pool.connect(operator).requestUnbond(id, bond);
    }
    for (let id = 1; id <= 4; id++) {
      await core.pool.connect(core.members.get(id)!.operator).requestUnbond(id, 10_000n * COIN);
    }
    await networkHelpers.time.increase(MAX_WAIT + UNBONDING + PERIOD);
    for (let id = 1; id <= 7; id++) {
      if ((await core.queue.cohortCount(id)) === 0n) continue;
      await core.queue.connect(core.members.get(id)!.operator).withdrawBond(id, 0, 0);
    }
    expect(await core.token.balanceOf(core.addresses.pool)).to.equal(0n);
    expect(await core.token.balanceOf(core.addresses.queue)).to.equal(0n);
  });

  it("times cannot be zero", async () => {
    const core = await load(fresh);
    for (const times of [
      { unbondingTime: 0, cohortPeriod: 1, maxWait: 1 },
      { unbondingTime: 1, cohortPeriod: 0, maxWait: 1 },
    ]) {
      await expect(
        ethers.deployContract("StakingPool", [
          core.addresses.access,
          core.addresses.token,
          core.addresses.registry,
          times,
        ]),
      ).to.be.revertedWithCustomError(core.queue, "UnbondingQueueZeroTime");
    }
    expect(await core.queue.unbondingTime()).to.equal(BigInt(UNBONDING));
    expect(await core.queue.cohortPeriod()).to.equal(BigInt(PERIOD));
    expect(await core.queue.maxWait()).to.equal(BigInt(MAX_WAIT));
    expect(await core.queue.elections()).to.equal(core.addresses.elections);
    expect(await core.pool.elections()).to.equal(core.addresses.elections);
  });
});
