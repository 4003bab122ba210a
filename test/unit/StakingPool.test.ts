import { expect } from "chai";
import { MaxUint256, Signature } from "ethers";
import hre, { network } from "hardhat";
import { COIN, type Core, deployCore, loadCore, register, startedCore } from "../support/core.ts";
import { expectSolvent } from "../support/custody.ts";

const connection = await network.create();
const { ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const fresh = () => deployCore(connection);
const started = () => startedCore(connection);

/** The staker on seat 4 of the devnet's population. */
const STAKER = 5;

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

  it("gives bond to the queue, on the withdrawal address's word", async () => {
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
    await expect(core.pool.restoreBond(STAKER, COIN)).to.be.revertedWithCustomError(
      core.pool,
      "StakingPoolNotQueue",
    );
    await expect(core.queue.queueBond(STAKER, COIN, 1)).to.be.revertedWithCustomError(
      core.queue,
      "UnbondingQueueNotPool",
    );
    await expectSolvent(core);
  });

  it("costs at most 150,000 gas a deposit, a delegation, a request, after the first of their seal", async () => {
    const core = await load(started);
    const { operator } = core.members.get(STAKER)!;
    const owner = core.pool.connect(core.others[9]!);
    const calls = [
      () => core.pool.connect(operator).depositBond(STAKER, COIN),
      () => core.pool.connect(operator).requestUnbond(STAKER, COIN),
      () => owner.delegate(STAKER, 5n * COIN),
      () => owner.undelegate(STAKER, 10n ** 24n),
    ];
    for (const call of calls) {
      await call();
      const { gasUsed } = (await (await call()).wait())!;
      console.log(gasUsed);
      expect(gasUsed).to.be.below(hre.globalOptions.coverage ? 1_000_000n : 150_000n);
    }
  });
});
