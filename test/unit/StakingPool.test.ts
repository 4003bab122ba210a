import { expect } from "chai";
import { type ContractTransactionResponse, MaxUint256, type Result, Signature } from "ethers";
import hre, { network } from "hardhat";
import {
  COIN,
  type Core,
  deployCore,
  loadCore,
  register,
  type Signer,
  startedCore,
} from "../support/core.ts";
import {
  accepted,
  BOND,
  type Custody,
  convict,
  deployCustody,
  expectSolvent,
  impersonate,
  KIND,
  SIGNATURES,
  sealed,
} from "../support/custody.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const fresh = () => deployCore(connection);
const started = () => startedCore(connection);
const stubbed = () => deployCustody(connection);
const custody = () => networkHelpers.loadFixture(stubbed);

/** The staker on seat 4 of the devnet's population. */
const STAKER = 5;

/** A permit of the token for the pool. */
async function permit(core: Core, owner: Signer, value: bigint) {
  const { name, version, chainId, verifyingContract } = await core.token.eip712Domain();
  const types = ["owner", "spender"].map((field) => ({ name: field, type: "address" }));
  types.push(...["value", "nonce", "deadline"].map((field) => ({ name: field, type: "uint256" })));
  const signature = await owner.signTypedData(
    { name, version, chainId, verifyingContract },
    { Permit: types },
    {
      owner: owner.address,
      spender: core.addresses.pool,
      value,
      nonce: await core.token.nonces(owner.address),
      deadline: MaxUint256,
    },
  );
  return Signature.from(signature);
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
    const sign = (value: bigint) => permit(core, operator, value);
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

  it("costs at most 150,000 gas a deposit, a delegation or a request after the first of their seal", async () => {
    const core = await load(started);
    const { operator } = core.members.get(STAKER)!;
    const owner = core.pool.connect(core.others[9]!);
    const calls: [() => Promise<ContractTransactionResponse>, bigint][] = [
      [() => core.pool.connect(operator).depositBond(STAKER, COIN), 150_000n],
      [() => core.pool.connect(operator).requestUnbond(STAKER, COIN), 150_000n],
      [() => owner.delegate(STAKER, 5n * COIN), 150_000n],
      [() => owner.undelegate(STAKER, 10n ** 24n), 150_000n],
    ];
    for (const [call, bar] of calls) {
      await call();
      const { gasUsed } = (await (await call()).wait())!;
      expect(gasUsed).to.be.below(hre.globalOptions.coverage ? 1_000_000n : bar);
    }
  });
});

describe("StakingPool: delegation", () => {
  it("mints shares with virtual ones, rounded down, and writes row and entry for the next seal", async () => {
    const c = await custody();
    const [owner] = c.owners;
    const pool = c.pool.connect(owner!);
    expect(await pool.delegate.staticCall(1, 5n * COIN)).to.equal(5n * COIN * 10n ** 6n);
    await expect(pool.delegate(1, 5n * COIN))
      .to.emit(c.pool, "Delegated")
      .withArgs(1, owner!.address, owner!.address, 5n * COIN, 5n * COIN * 10n ** 6n);
    expect(await c.pool.pool(1)).to.deep.equal([BOND, 5n * COIN, 5n * COIN * 10n ** 6n, 1n]);
    // 1000 / 1005 of 10^9, rounded down.
    expect(await c.pool.rowCount(1)).to.equal(1n);
    expect(await c.pool.row(1, 0)).to.deep.equal([2n, 5n * COIN * 10n ** 6n, 995_024_875n, 0n, 1n]);
    expect(await c.pool.entries(1, owner!.address, 0)).to.deep.equal([[2n, 0n, 1n, 5n * COIN * 10n ** 6n]]);
    expect(await c.pool.position(1, owner!.address)).to.deep.equal([
      5n * COIN * 10n ** 6n,
      1n,
      1n,
      0n,
      false,
    ]);
    expect(await c.pool.tokensOf(1, owner!.address)).to.equal(5n * COIN);
    // A second one before the seal adds to the same row and entry.
    await pool.delegate(1, 3n * COIN);
    expect(await c.pool.rowCount(1)).to.equal(1n);
    expect(await c.pool.entries(1, owner!.address, 0)).to.deep.equal([[2n, 0n, 1n, 8n * COIN * 10n ** 6n]]);
    await sealed(c, 2);
    await pool.delegate(1, COIN);
    expect(await c.pool.rowCount(1)).to.equal(2n);
    expect(await c.pool.entries(1, owner!.address, 1)).to.deep.equal([[3n, 1n, 1n, 9n * COIN * 10n ** 6n]]);
    await expectSolvent(c);
  });

  it("says what each seal counted, of a validator and of a position", async () => {
    const c = await custody();
    const [owner] = c.owners;
    const pool = c.pool.connect(owner!);
    const share = COIN * 10n ** 6n;
    await sealed(c, 4);
    await pool.delegate(1, 5n * COIN);
    await sealed(c, 6);
    await pool.delegate(1, 3n * COIN);
    expect((await c.pool.rowAt(1, 1))[1].seal).to.equal(0n);
    for (const [seal, index, shares] of [
      [2n, 0n, 0n],
      [4n, 0n, 0n],
      [5n, 1n, 5n],
      [6n, 1n, 5n],
      [7n, 2n, 8n],
      [99n, 2n, 8n],
    ] as const) {
      const [i, row] = await c.pool.rowAt(1, seal);
      expect([i, row.shares], `${seal}`).to.deep.equal([index, shares * share]);
      expect(await c.pool.sharesAt(1, owner!.address, seal)).to.equal(shares * share);
    }
    // What leaves is taken out of everything counted, newest first.
    await pool.undelegate(1, 4n * share);
    expect(await c.pool.sharesAt(1, owner!.address, 5)).to.equal(4n * share);
    expect(await c.pool.sharesAt(1, owner!.address, 7)).to.equal(4n * share);
    expect(await c.pool.sharesAt(1, c.owners[1]!.address, 7)).to.equal(0n);
    expect((await c.pool.row(1, 1)).shares).to.equal(5n * share);
    await pool.delegate(1, 6n * COIN);
    expect(await c.pool.sharesAt(1, owner!.address, 5)).to.equal(4n * share);
    expect(await c.pool.sharesAt(1, owner!.address, 7)).to.equal(10n * share);
    expect((await c.pool.entries(1, owner!.address, 0)).length).to.equal(2);
    expect((await c.pool.entries(1, owner!.address, 5)).length).to.equal(0);
  });

  it("refuses less than the minimum, the departed, the paused, and what no seal will count", async () => {
    const c = await custody();
    const [owner] = c.owners;
    const pool = c.pool.connect(owner!);
    await expect(pool.delegate(1, COIN - 1n))
      .to.be.revertedWithCustomError(c.pool, "StakingPoolBelowMinimum")
      .withArgs(COIN - 1n, COIN);
    await c.registry.connect(c.operators[1]!).exit(2);
    await expect(pool.delegate(2, COIN)).to.be.revertedWithCustomError(c.pool, "StakingPoolClosed");
    await c.seals.fail(SIGNATURES.sealNumber);
    await expect(pool.delegate(1, COIN)).to.be.revertedWithCustomError(c.pool, "StakingPoolNoSeal");
    await c.seals.answer(SIGNATURES.sealNumber, 2n ** 32n - 2n);
    await expect(pool.delegate(1, COIN)).to.be.revertedWithCustomError(c.pool, "StakingPoolNoSeal");
    await sealed(c, 1);
    await c.access.grantRole(6, c.deployer.address, 0);
    const now = await networkHelpers.time.latest();
    await expect(c.pool.pauseDeposits(now + 72 * 3600 + 100)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolPauseTooLong",
    );
    await expect(pool.pauseDeposits(0)).to.be.revertedWithCustomError(c.pool, "AccessManagedUnauthorized");
    await pool.delegate(1, 5n * COIN);
    await c.pool.pauseDeposits(now + 3600);
    expect(await c.pool.depositsPausedUntil()).to.equal(now + 3600);
    const refused = { name: "StakingPoolPaused" };
    await expect(pool.delegate(1, COIN)).to.be.revertedWithCustomError(c.pool, refused.name);
    await expect(pool.delegateFor(1, owner!.address, COIN)).to.be.revertedWithCustomError(
      c.pool,
      refused.name,
    );
    await expect(c.pool.connect(c.operators[0]!).depositBond(1, COIN)).to.be.revertedWithCustomError(
      c.pool,
      refused.name,
    );
    // Exits are no deposits.
    await pool.undelegate(1, COIN);
    await c.pool.connect(c.operators[0]!).requestUnbond(1, COIN);
    await c.pool.pauseDeposits(0);
    await pool.delegate(1, COIN);
  });

  it("takes a permit", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    await c.token.connect(owner).approve(c.addresses.pool, 0);
    const { v, r, s } = await permit(c, owner, 3n * COIN);
    await c.pool.connect(owner).delegateWithPermit(1, 3n * COIN, MaxUint256, v, r, s);
    expect(await c.pool.tokensOf(1, owner.address)).to.equal(3n * COIN);
  });

  it("adds to another's position only if it is open, and tells nobody but the row", async () => {
    const c = await custody();
    const [owner, giver] = c.owners;
    await expect(c.pool.connect(giver!).delegateFor(1, owner!.address, COIN)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolNoPosition",
    );
    await c.pool.connect(owner!).delegate(1, COIN);
    await c.rewards.fail(SIGNATURES.rewards);
    await expect(c.pool.connect(giver!).delegateFor(1, owner!.address, 2n * COIN))
      .to.emit(c.pool, "Delegated")
      .withArgs(1, owner!.address, giver!.address, 2n * COIN, 2n * COIN * 10n ** 6n)
      .and.not.to.emit(c.pool, "SettleFailed");
    expect(await c.pool.tokensOf(1, owner!.address)).to.equal(3n * COIN);
  });

  it("keeps at most eight unpaid entries: the owner's ninth moves the newest, anybody else's is refused", async () => {
    const c = await custody();
    const [owner, giver] = c.owners;
    const pool = c.pool.connect(owner!);
    for (let k = 1; k <= 8; k++) {
      await sealed(c, k);
      await pool.delegate(1, COIN);
    }
    // Still before the ninth seal: the newest entry takes it.
    await c.pool.connect(giver!).delegateFor(1, owner!.address, COIN);
    await sealed(c, 9);
    await expect(c.pool.connect(giver!).delegateFor(1, owner!.address, COIN)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolTraceFull",
    );
    await expect(pool.delegate(1, COIN)).to.emit(c.pool, "TraceMoved").withArgs(1, owner!.address, 7);
    const seals = async () => (await c.pool.entries(1, owner!.address, 0)).map(({ seal }) => Number(seal));
    expect(await seals()).to.deep.equal([2, 3, 4, 5, 6, 7, 8, 10]);
    // Paid up to seal 2: there is room for one more.
    await c.rewards.answer(SIGNATURES.paid, 2n);
    await sealed(c, 11);
    await c.pool.connect(giver!).delegateFor(1, owner!.address, COIN);
    expect(await seals()).to.deep.equal([2, 3, 4, 5, 6, 7, 8, 10, 12]);
    await sealed(c, 12);
    await expect(c.pool.connect(giver!).delegateFor(1, owner!.address, COIN)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolTraceFull",
    );
    // An exit reaches all that may be unpaid, and the one counted before it.
    await pool.undelegate(1, (await c.pool.position(1, owner!.address)).shares);
    for (const { shares } of await c.pool.entries(1, owner!.address, 0)) expect(shares).to.equal(0n);
  });

  it("moves shares into the queue at their worth, rounded down", async () => {
    const c = await custody();
    const [owner, other] = c.owners;
    await c.pool.connect(owner!).delegate(1, 5n * COIN);
    await c.pool.connect(other!).delegate(1, 2n * COIN);
    const shares = 2n * COIN * 10n ** 6n;
    await expect(c.pool.connect(owner!).undelegate(1, shares + 1n))
      .to.emit(c.pool, "Undelegated")
      .withArgs(1, owner!.address, 0, 2n * COIN, shares + 1n);
    expect(await c.queue.entryOf(1, owner!.address, 0)).to.deep.equal([
      2n * COIN,
      2n * COIN,
      [0n, 0n, 0n, 0n, 0n],
    ]);
    await expect(c.pool.connect(owner!).undelegate(1, 3n * COIN * 10n ** 6n)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolInsufficientShares",
    );
    await expect(c.pool.connect(owner!).undelegate(1, 1n)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolZeroAmount",
    );
    await expect(c.pool.connect(c.owners[3]!).undelegate(1, 1n)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolNoPosition",
    );
    await expectSolvent(c);
  });

  it("has rewards settled before shares change, and goes on when that fails", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    const pool = c.pool.connect(owner);
    await pool.delegate(1, 5n * COIN);
    await c.rewards.fail(SIGNATURES.rewards);
    // The row is there already, and nothing that was counted changes.
    await expect(pool.delegate(1, COIN)).not.to.emit(c.pool, "SettleFailed");
    await sealed(c, 2);
    await expect(pool.delegate(1, COIN)).to.emit(c.pool, "SettleFailed").withArgs(1, owner.address);
    await expect(pool.undelegate(1, COIN)).to.emit(c.pool, "SettleFailed").withArgs(1, owner.address);
    await expect(pool.redelegate(1, 2, 10n ** 24n))
      .to.emit(c.pool, "SettleFailed")
      .withArgs(2, owner.address);
    await c.pool.setDistributor(ethers.ZeroAddress);
    expect(await c.pool.distributor()).to.equal(ethers.ZeroAddress);
    await expect(pool.undelegate(1, COIN)).not.to.emit(c.pool, "SettleFailed");
  });

  it("what no supply reaches overflows nothing", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    await c.pool.connect(owner).delegate(1, COIN);
    await convict(c, 1, 1, BOND + COIN - 1n);
    // One base unit is left to 10^24 shares: what would need 2^128 is refused.
    await expect(c.pool.connect(owner).delegate(1, 1_000n * COIN)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolOverflow",
    );
  });
});

describe("StakingPool: commission", () => {
  const DAY = 86_400;

  it("is announced by the operator, applied by anyone after the notice, and counted from the next seal", async () => {
    const c = await custody();
    await c.pool.connect(c.owners[0]!).delegate(1, COIN);
    const pool = c.pool.connect(c.operators[0]!);
    await expect(c.pool.connect(c.owners[0]!).announceCommission(1, 1)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolUnauthorized",
    );
    await expect(pool.announceCommission(1, 100_001)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolBadCommission",
    );
    await expect(c.pool.applyCommission(1)).to.be.revertedWithCustomError(c.pool, "StakingPoolNoNotice");
    await expect(pool.announceCommission(1, 100_000)).to.emit(c.pool, "CommissionAnnounced");
    const { next, nextAt, since, current } = await c.pool.commissionOf(1);
    expect([current, next, since]).to.deep.equal([0n, 100_000n, 0n]);
    expect(nextAt).to.equal(BigInt((await networkHelpers.time.latest()) + 60));
    await networkHelpers.time.setNextBlockTimestamp(nextAt - 1n);
    await expect(c.pool.applyCommission(1)).to.be.revertedWithCustomError(c.pool, "StakingPoolNoNotice");
    await c.seals.fail(SIGNATURES.sealNumber);
    await networkHelpers.time.increaseTo(nextAt);
    await expect(c.pool.applyCommission(1)).to.be.revertedWithCustomError(c.pool, "StakingPoolNoSeal");
    await sealed(c, 3);
    await expect(c.pool.connect(c.owners[5]!).applyCommission(1))
      .to.emit(c.pool, "CommissionApplied")
      .withArgs(1, 100_000);
    expect((await c.pool.row(1, 1)).commission).to.equal(100_000n);
    expect((await c.pool.row(1, 1)).seal).to.equal(4n);
    await expect(c.pool.applyCommission(1)).to.be.revertedWithCustomError(c.pool, "StakingPoolNoNotice");
  });

  it("moves by its step a day from then on, both ways", async () => {
    const c = await custody();
    const pool = c.pool.connect(c.operators[0]!);
    // Nobody delegates yet: no notice.
    await pool.announceCommission(1, 50_000);
    await pool.applyCommission(1);
    const { since } = await c.pool.commissionOf(1);
    for (const [after, rate, ok] of [
      [DAY - 2, 50_001, false],
      [DAY - 2, 49_999, false],
      [DAY - 2, 50_000, true],
      [DAY, 60_000, true],
      [DAY, 60_001, false],
      [DAY, 40_000, true],
      [DAY, 39_999, false],
      [9 * DAY, 100_000, true],
      [9 * DAY, 100_001, false],
      [9 * DAY, 0, true],
    ] as const) {
      const snapshot = await networkHelpers.takeSnapshot();
      await networkHelpers.time.setNextBlockTimestamp(Number(since) + after);
      if (ok) await pool.announceCommission(1, rate);
      else {
        await expect(pool.announceCommission(1, rate, { gasLimit: 1_000_000 })).to.be.revertedWithCustomError(
          c.pool,
          "StakingPoolBadCommission",
        );
      }
      await snapshot.restore();
    }
  });
});

describe("StakingPool: redelegation", () => {
  const share = COIN * 10n ** 6n;

  it("moves tokens at once and leaves what answers behind", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    const pool = c.pool.connect(owner);
    await pool.delegate(1, 5n * COIN);
    await sealed(c, 2);
    await expect(pool.redelegate(1, 2, 4n * share))
      .to.emit(c.pool, "Redelegated")
      .withArgs(1, 2, owner.address, 0, 4n * COIN, 4n * share, 4n * share);
    expect(await c.pool.tokensOf(1, owner.address)).to.equal(COIN);
    expect(await c.pool.tokensOf(2, owner.address)).to.equal(4n * COIN);
    expect(await c.pool.liabilityOf(2, owner.address)).to.deep.equal([1n, 0n, 4n * COIN, 0n, 4n * share]);
    expect((await c.pool.position(2, owner.address)).encumbered).to.equal(true);
    expect((await c.queue.cohort(1, KIND.redelegation, 0)).lastSeal).to.equal(2n);
    expect(await c.pool.liable(1, 2)).to.deep.equal([BOND, 5n * COIN]);
    expect(await c.pool.liable(1, 3)).to.deep.equal([BOND, COIN]);
    expect(await c.pool.sharesAt(2, owner.address, 3)).to.equal(4n * share);
    expect(await c.pool.sharesAt(1, owner.address, 2)).to.equal(share);
    await expectSolvent(c);
  });

  it("is bounded: once a period, unencumbered, not to itself, not too little, not to the departed", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    const pool = c.pool.connect(owner);
    await pool.delegate(1, 9n * COIN);
    const refused = async (from: number, to: number, shares: bigint, name: string) =>
      expect(pool.redelegate(from, to, shares)).to.be.revertedWithCustomError(c.pool, name);
    await refused(1, 1, share, "StakingPoolSameValidator");
    await refused(1, 2, share - 10n ** 6n, "StakingPoolBelowMinimum");
    await refused(2, 1, share, "StakingPoolNoPosition");
    await refused(1, 2, 10n * share, "StakingPoolInsufficientShares");
    await c.registry.connect(c.operators[3]!).exit(4);
    await refused(1, 4, share, "StakingPoolClosed");
    await pool.redelegate(1, 2, share);
    await refused(1, 3, share, "StakingPoolTooSoon");
    await refused(2, 3, share, "StakingPoolEncumbered");
    // A higher commission lifts the limit of time only.
    await c.pool.connect(c.operators[0]!).announceCommission(1, 0);
    await refused(1, 3, share, "StakingPoolTooSoon");
    await c.pool.connect(c.operators[0]!).announceCommission(1, 1);
    await refused(1, 2, share, "StakingPoolEncumbered");
    await pool.redelegate(1, 3, share);
    await networkHelpers.time.increase(61);
    await c.pool.applyCommission(1);
    await c.pool.connect(c.operators[2]!).depositBond(3, COIN);
    await pool.undelegate(3, share);
    // The entry of the open cohort answers: another liability has no place beside it.
    await refused(1, 3, share, "StakingPoolEncumbered");
    await networkHelpers.time.increase(60);
    await c.pool.connect(c.owners[1]!).delegate(4 - 1, COIN);
    await pool.delegate(4 - 1, COIN);
    await pool.redelegate(3, 1, share);
  });

  it("a slash of the source charges the moved shares when they are settled, by anyone", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    const pool = c.pool.connect(owner);
    await pool.delegate(1, 10n * COIN);
    await pool.redelegate(1, 2, 5n * share);
    // 10 % of 1,010, of which 1,000 from the bond: the rest, 10, is taken from delegations in proportion.
    await convict(c, 1, 1, BOND + 2n * COIN);
    expect((await c.queue.cohort(1, KIND.redelegation, 0)).tokens).to.equal(4n * COIN);
    expect((await c.pool.pool(1)).delegated).to.equal(4n * COIN);
    expect(await c.pool.totalOwed()).to.equal(BOND + COIN);
    await c.pool.settleLiability(3, owner.address);
    await expect(c.pool.connect(c.owners[7]!).settleLiability(2, owner.address))
      .to.emit(c.pool, "LiabilityCharged")
      .withArgs(2, owner.address, 1, COIN, share);
    expect(await c.pool.tokensOf(2, owner.address)).to.equal(4n * COIN);
    expect(await c.pool.totalOwed()).to.equal(BOND + 2n * COIN);
    expect((await c.pool.liabilityOf(2, owner.address)).paid).to.equal(COIN);
    // Nothing more is due.
    await expect(c.pool.settleLiability(2, owner.address)).not.to.emit(c.pool, "LiabilityCharged");
    await expectSolvent(c);
    // All of it: at most what the shares are worth, and the liability is over.
    await convict(c, 1, 1, MaxUint256);
    await expect(c.pool.settleLiability(2, owner.address)).to.emit(c.pool, "LiabilityCleared");
    expect((await c.pool.position(2, owner.address)).encumbered).to.equal(false);
    expect(await c.pool.tokensOf(2, owner.address)).to.equal(0n);
    expect((await c.pool.pool(2)).delegated).to.equal(0n);
    await expectSolvent(c);
  });

  it("takes at most what the moved shares are worth, whatever else the position holds", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    const pool = c.pool.connect(owner);
    await pool.delegate(2, 3n * COIN);
    await pool.delegate(1, 10n * COIN);
    await pool.redelegate(1, 2, 10n * share);
    // Validator 2 loses half of its delegations, then 1 all.
    await convict(c, 2, 1, BOND + (13n * COIN) / 2n);
    await convict(c, 1, 1, MaxUint256);
    await c.pool.settleLiability(2, owner.address);
    const left = await c.pool.tokensOf(2, owner.address);
    expect(left).to.be.within((3n * COIN) / 2n - 2n, (3n * COIN) / 2n);
    await expectSolvent(c);
  });

  it("ends when its cohort's time is over", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    const pool = c.pool.connect(owner);
    await pool.delegate(1, 10n * COIN);
    await c.pool.clearLiability(2, owner.address, 0);
    await pool.redelegate(1, 2, 10n * share);
    await c.pool.clearLiability(2, owner.address, 0);
    expect((await c.pool.position(2, owner.address)).encumbered).to.equal(true);
    await accepted(c, 2);
    await networkHelpers.time.increase(100);
    await c.pool.clearLiability(2, owner.address, 0);
    expect((await c.pool.position(2, owner.address)).encumbered).to.equal(true);
    await networkHelpers.time.increase(30);
    await expect(c.pool.clearLiability(2, owner.address, 0))
      .to.emit(c.pool, "LiabilityCleared")
      .withArgs(2, owner.address, 1);
    await pool.redelegate(2, 3, 10n * share);
  });

  it("an exit takes what does not answer first; what answers takes its liability along", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    const pool = c.pool.connect(owner);
    await pool.delegate(2, 4n * COIN);
    await pool.delegate(1, 6n * COIN);
    await pool.redelegate(1, 2, 6n * share);
    await pool.undelegate(2, 3n * share);
    expect((await c.queue.entryOf(2, owner.address, 0)).liability.source).to.equal(0n);
    await pool.undelegate(2, 3n * share);
    const inherited = (await c.queue.entryOf(2, owner.address, 0)).liability;
    expect(inherited).to.deep.equal([1n, 0n, 2n * COIN, 0n, 2n * COIN]);
    expect(await c.pool.liabilityOf(2, owner.address)).to.deep.equal([1n, 0n, 4n * COIN, 0n, 4n * share]);
    // Half of the noted stake is charged: half of what each part answers for.
    await convict(c, 1, 1, BOND + 3n * COIN);
    // Asked for more than the charge leaves: what is left goes.
    await expect(pool.undelegate(2, 4n * share))
      .to.emit(c.pool, "LiabilityCharged")
      .withArgs(2, owner.address, 1, 2n * COIN, 2n * share);
    expect((await c.pool.position(2, owner.address)).shares).to.equal(0n);
    expect((await c.pool.position(2, owner.address)).encumbered).to.equal(false);
    expect((await c.queue.entryOf(2, owner.address, 0)).liability).to.deep.equal([
      1n,
      0n,
      6n * COIN,
      2n * COIN,
      4n * COIN,
    ]);
    await expect(c.queue.settleLiability(2, owner.address, 0))
      .to.emit(c.queue, "LiabilityCharged")
      .withArgs(2, owner.address, 0, 1, COIN, COIN);
    expect((await c.queue.entryOf(2, owner.address, 0)).tokens).to.equal(7n * COIN);
    await c.queue.settleLiability(2, owner.address, 0);
    await c.queue.settleLiability(2, c.owners[3]!.address, 0);
    await expectSolvent(c);
  });
});

describe("StakingPool: rewards that become stake", () => {
  async function funded() {
    const c = await custody();
    await c.token.transfer(c.rewards.address, 100n * COIN);
    await c.rewards.execute(
      c.addresses.token,
      c.token.interface.encodeFunctionData("approve", [c.addresses.pool, MaxUint256]),
    );
    return c;
  }

  it("only from the distributor, from its allowance, into bond and open positions", async () => {
    const c = await funded();
    const owner = c.owners[0]!;
    const { interface: abi } = c.pool;
    const bond = (validator: number) => abi.encodeFunctionData("creditBond", [validator, 3n * COIN]);
    const position = (amount: bigint, to = owner.address) =>
      abi.encodeFunctionData("creditDelegation", [1, to, amount]);
    for (const call of [bond(1), position(COIN)]) {
      await expect(owner.sendTransaction({ to: c.addresses.pool, data: call })).to.be.revertedWithCustomError(
        c.pool,
        "StakingPoolNotDistributor",
      );
    }
    await c.rewards.execute(c.addresses.pool, bond(1));
    expect(await c.pool.bondOf(1)).to.equal(BOND + 3n * COIN);
    // No position, and none is opened.
    await c.rewards.execute(c.addresses.pool, position(COIN));
    expect((await c.pool.position(1, owner.address)).shares).to.equal(0n);
    await c.pool.connect(owner).delegate(1, COIN);
    await expect(c.rewards.execute(c.addresses.pool, position(COIN)))
      .to.emit(c.pool, "Credited")
      .withArgs(1, owner.address, COIN, COIN * 10n ** 6n);
    expect(await c.pool.tokensOf(1, owner.address)).to.equal(2n * COIN);
    await c.rewards.execute(c.addresses.pool, position(0n));
    for (let k = 2; k <= 9; k++) {
      await sealed(c, k);
      await c.pool.connect(owner).delegate(1, COIN);
    }
    await sealed(c, 10);
    await c.rewards.execute(c.addresses.pool, position(COIN));
    await c.registry.connect(c.operators[0]!).exit(1);
    await c.rewards.execute(c.addresses.pool, bond(1));
    await c.rewards.execute(c.addresses.pool, position(COIN));
    // Taken: the two that were credited, nothing for the others.
    expect(await c.token.balanceOf(c.rewards.address)).to.equal(96n * COIN);
    await expectSolvent(c);
  });
});

describe("StakingPool: slashing", () => {
  const share = COIN * 10n ** 6n;

  it("only by slashers", async () => {
    const c = await custody();
    for (const call of [c.pool.slash(1, 1, 1, 1, 0), c.pool.hold(1, 1, 2n ** 40n - 1n)]) {
      await expect(call).to.be.revertedWithCustomError(c.pool, "StakingPoolNotSlasher");
    }
  });

  it("takes bond first, in proportion with leaving bond, then delegations with leaving ones", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    await c.pool.connect(owner).delegate(1, 100n * COIN);
    await c.pool.connect(owner).undelegate(1, 40n * share);
    await c.pool.connect(c.operators[0]!).requestUnbond(1, 250n * COIN);
    expect(await c.pool.liable(1, 1)).to.deep.equal([BOND, 100n * COIN]);
    await convict(c, 1, 1, 100n * COIN);
    expect(await c.pool.bondOf(1)).to.equal(675n * COIN);
    expect((await c.queue.cohort(1, KIND.bond, 0)).tokens).to.equal(225n * COIN);
    expect((await c.pool.pool(1)).delegated).to.equal(60n * COIN);
    await convict(c, 1, 1, 950n * COIN);
    expect(await c.pool.liable(1, 1)).to.deep.equal([0n, 50n * COIN]);
    expect((await c.pool.pool(1)).delegated).to.equal(30n * COIN);
    expect((await c.queue.entryOf(1, owner.address, 0)).tokens).to.equal(20n * COIN);
    expect(await c.pool.totalOwed()).to.equal(1_050n * COIN);
    await expectSolvent(c);
    await c.pool.collectSlashed(c.judge.address);
    expect(await c.token.balanceOf(c.judge.address)).to.equal(1_050n * COIN);
    await expectSolvent(c);
  });

  it("takes a fraction of what is liable, rounded up, and never more than all", async () => {
    const c = await custody();
    const slash = async (part: bigint, whole: bigint) =>
      c.judge.execute(c.addresses.pool, c.pool.interface.encodeFunctionData("slash", [1, 1, part, whole, 0]));
    await c.pool.connect(c.owners[0]!).delegate(1, 100n * COIN);
    await slash(1n, 3n);
    const third = (BOND + 100n * COIN + 2n) / 3n;
    expect(await c.pool.totalOwed()).to.equal(third);
    await slash(1n, 0n);
    expect(await c.pool.totalOwed()).to.equal(third);
    await c.pool.connect(c.operators[0]!).requestUnbond(1, 100n * COIN);
    await slash(1n, 0n);
    expect(await c.pool.totalOwed()).to.equal(third);
    await slash(2n ** 96n - 1n, 1n);
    expect(await c.pool.liable(1, 1)).to.deep.equal([0n, 0n]);
    expect(await c.pool.totalOwed()).to.equal(BOND + 100n * COIN);
    await c.pool.collectSlashed(c.judge.address);
    await expectSolvent(c);
  });

  it("counts what it took of leaving stake, whoever took it and whether or not it was collected", async () => {
    const c = await custody();
    const pool = c.pool.connect(c.operators[0]!);
    await pool.requestUnbond(1, 100n * COIN);
    await convict(c, 1, 1, BOND / 2n);
    expect([await c.pool.takenFromQueue(), await c.queue.totalQueued()]).to.deep.equal([
      50n * COIN,
      50n * COIN,
    ]);
    await c.pool.collectSlashed(c.judge.address);
    expect([await c.pool.takenFromQueue(), await c.queue.totalQueued()]).to.deep.equal([
      50n * COIN,
      50n * COIN,
    ]);
    const next = c.owners[9]!;
    await c.pool.setSlasher(next.address);
    await sealed(c, 2);
    await pool.requestUnbond(1, 100n * COIN);
    await c.pool.connect(next).slash(1, 1, 1, 4, 0);
    expect([await c.pool.takenFromQueue(), await c.queue.totalQueued()]).to.deep.equal([
      75n * COIN,
      125n * COIN,
    ]);
    await expectSolvent(c);
  });

  it("renews the row of what goes on counting, not of what is convicted", async () => {
    const c = await custody();
    await c.pool.connect(c.owners[0]!).delegate(1, 1_000n * COIN);
    await sealed(c, 5);
    await convict(c, 1, 1, 500n * COIN, { until: (await networkHelpers.time.latest()) + 100 });
    expect(await c.pool.rowCount(1)).to.equal(1n);
    await convict(c, 1, 1, 250n * COIN);
    expect(await c.pool.rowCount(1)).to.equal(2n);
    expect((await c.pool.row(1, 1)).bondFraction).to.equal(200_000_000n);
  });

  it("a replaced slasher reaches only what had left, the new one everything else", async () => {
    const c = await custody();
    const pool = c.pool.connect(c.operators[0]!);
    await pool.requestUnbond(1, 100n * COIN);
    const next = c.owners[9]!;
    await expect(c.pool.setSlasher(next.address)).to.emit(c.pool, "SlasherSet").withArgs(next.address, 1);
    expect(await c.pool.slasher()).to.equal(next.address);
    for (const address of [next.address, c.judge.address, ethers.ZeroAddress]) {
      await expect(c.pool.setSlasher(address)).to.be.revertedWithCustomError(c.pool, "StakingPoolNotSlasher");
    }
    await sealed(c, 2);
    // The same day: the cohort of before takes nothing more.
    await pool.requestUnbond(1, 50n * COIN);
    expect(await c.queue.cohortCount(1, KIND.bond)).to.equal(2n);
    expect(await c.pool.connect(next).liable(1, 1)).to.deep.equal([900n * COIN, 0n]);
    expect(await c.pool.liable(1, 1)).to.deep.equal([900n * COIN, 0n]);
    const replaced = c.pool.connect(await impersonate(c, c.judge.address));
    expect(await replaced.liable(1, 1)).to.deep.equal([100n * COIN, 0n]);
    await convict(c, 1, 1, MaxUint256, { until: 2 ** 32 - 1 });
    expect((await c.pool.holdOf(1)).until).to.equal(0n);
    await c.judge.execute(c.addresses.pool, c.pool.interface.encodeFunctionData("hold", [1, 1, 2 ** 32 - 1]));
    expect((await c.pool.holdOf(1)).until).to.equal(0n);
    expect(await c.pool.bondOf(1)).to.equal(850n * COIN);
    expect((await c.queue.cohort(1, KIND.bond, 0)).tokens).to.equal(0n);
    await c.pool.connect(next).slash(1, 1, 1, 1, 0);
    expect(await c.pool.bondOf(1)).to.equal(0n);
    expect((await c.queue.cohort(1, KIND.bond, 1)).tokens).to.equal(0n);
    for (const slasher of [c.judge.address, next.address]) await c.pool.collectSlashed(slasher);
    expect(await c.token.balanceOf(c.judge.address)).to.equal(100n * COIN);
    await expectSolvent(c);
    await c.seals.fail(SIGNATURES.sealNumber);
    await expect(c.pool.setSlasher(c.owners[8]!.address)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolNoSeal",
    );
  });
});

describe("StakingPool: holds", () => {
  const hold = async (c: Custody, seal: number, until: number) =>
    c.judge.execute(c.addresses.pool, c.pool.interface.encodeFunctionData("hold", [1, seal, until]));

  it("reach at most maxHold after the first, and begin anew after the unbonding time", async () => {
    const c = await custody();
    const now = (await networkHelpers.time.latest()) + 10;
    expect(await c.pool.holdOf(1)).to.deep.equal([0n, 0n, 0n]);
    await networkHelpers.time.setNextBlockTimestamp(now);
    await expect(hold(c, 7, now + 30))
      .to.emit(c.pool, "HoldSet")
      .withArgs(1, now + 30, 7, now + 120);
    const first = await c.pool.holdOf(1);
    expect([first.until, first.seal]).to.deep.equal([BigInt(now + 30), 7n]);
    expect(first.limit).to.be.within(now + 118, now + 120);
    // Longer and wider, never shorter or narrower.
    await hold(c, 5, now + 40);
    await hold(c, 9, now + 20);
    expect([(await c.pool.holdOf(1)).until, (await c.pool.holdOf(1)).seal]).to.deep.equal([
      BigInt(now + 40),
      5n,
    ]);
    await hold(c, 5, now + 10_000);
    const { until } = await c.pool.holdOf(1);
    expect(until).to.be.within(now + 115, now + 120);
    // Over, but not yet for the unbonding time.
    await networkHelpers.time.increaseTo(Number(until) + 100);
    await hold(c, 1, Number(until) + 200);
    expect((await c.pool.holdOf(1)).until).to.equal(until);
    await networkHelpers.time.increaseTo(Number(until) + 130);
    await hold(c, 1, Number(until) + 100);
    expect((await c.pool.holdOf(1)).until).to.equal(until);
    await hold(c, 2 ** 32 - 1, Number(until) + 150);
    expect(await c.pool.holdOf(1)).to.deep.include(BigInt(2 ** 24 - 1));
    expect((await c.pool.holdOf(1)).until).to.equal(until + 150n);
  });

  it("a conviction holds withdrawals of what is liable until its surcharge was asked for", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    await c.pool.connect(owner).delegate(1, 10n * COIN);
    await c.pool.connect(owner).undelegate(1, 10n ** 24n);
    await sealed(c, 5);
    await networkHelpers.time.increase(10);
    await c.pool.connect(owner).undelegate(1, 10n ** 24n);
    const now = await networkHelpers.time.latest();
    await accepted(c, 9, now - 200);
    await convict(c, 1, 3, COIN, { until: now + 100 });
    // The first cohort was not counted by seal 3.
    await c.queue.connect(owner).withdraw(1, 0, 0);
    await expect(c.queue.connect(owner).withdraw(1, 1, 0))
      .to.be.revertedWithCustomError(c.pool, "StakingPoolHeld")
      .withArgs(1, now + 100);
    await expect(c.pool.connect(owner).redelegate(1, 2, 10n ** 24n)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolHeld",
    );
    // Unbonding is always open.
    await c.pool.connect(owner).undelegate(1, 10n ** 24n);
    await networkHelpers.time.increaseTo(now + 100);
    await c.judge.fail(SIGNATURES.surcharge);
    await expect(c.queue.connect(owner).withdraw(1, 1, 0)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolUnsettled",
    );
    // The surcharge takes its part before the withdrawal does.
    const [junior, senior] = await c.pool.liable(1, 3);
    const all = junior + senior;
    const data = c.pool.interface.encodeFunctionData("slash", [1, 3, BOND + 4n * COIN, all, 0]);
    await c.judge.call(SIGNATURES.surcharge, c.addresses.pool, data);
    const before = await c.token.balanceOf(owner.address);
    await c.queue.connect(owner).withdraw(1, 1, 0);
    expect((await c.token.balanceOf(owner.address)) - before).to.be.below(COIN);
    await expectSolvent(c);
  });

  it("a broken slasher is passed over at the limit", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    await c.pool.connect(owner).delegate(1, 10n * COIN);
    await c.pool.connect(owner).undelegate(1, 10n ** 24n);
    const now = await networkHelpers.time.latest();
    await accepted(c, 9, now - 200);
    await convict(c, 1, 1, COIN, { until: now + 60 });
    const { limit } = await c.pool.holdOf(1);
    for (const broken of ["fail", "burn"] as const) {
      await c.judge[broken](SIGNATURES.surcharge);
      await networkHelpers.time.increaseTo(Number(limit) - (broken === "fail" ? 20 : 10));
      await expect(
        c.queue.connect(owner).withdraw(1, 0, 0, { gasLimit: 8_000_000 }),
      ).to.be.revertedWithCustomError(c.pool, "StakingPoolUnsettled");
    }
    await networkHelpers.time.increaseTo(limit);
    await c.queue.connect(owner).withdraw(1, 0, 0);
  });

  it("names whom leaving stake answers to after a replacement", async () => {
    const c = await custody();
    const owner = c.owners[0]!;
    await c.pool.connect(owner).delegate(1, 10n * COIN);
    await c.pool.connect(owner).undelegate(1, 10n ** 24n);
    const now = await networkHelpers.time.latest();
    await accepted(c, 9, now - 200);
    await convict(c, 1, 1, COIN, { until: now + 60 });
    await c.pool.setSlasher(c.owners[9]!.address);
    await networkHelpers.time.increaseTo(now + 60);
    // An account has no code to settle with; the old slasher has.
    await c.judge.answer(SIGNATURES.surcharge);
    await c.queue.connect(owner).withdraw(1, 0, 0);
    await expect(c.pool.connect(owner).redelegate(1, 2, 10n ** 24n)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolUnsettled",
    );
  });
});

describe("StakingPool: generations", () => {
  const share = COIN * 10n ** 6n;

  it("a pool slashed to nothing is retired: old shares are worth nothing, later ones everything", async () => {
    const c = await custody();
    const [old, young] = c.owners;
    await c.pool.connect(old!).delegate(1, 10n * COIN);
    await c.pool.connect(old!).delegate(2, 10n * COIN);
    await c.pool.connect(old!).redelegate(2, 1, 5n * share);
    await sealed(c, 3);
    await expect(convict(c, 1, 1, MaxUint256))
      .to.emit(c.pool, "PoolRetired")
      .withArgs(1, 2);
    expect(await c.pool.pool(1)).to.deep.equal([0n, 0n, 0n, 2n]);
    expect(await c.pool.tokensOf(1, old!.address)).to.equal(0n);
    expect(await c.pool.sharesAt(1, old!.address, 2)).to.equal(0n);
    for (const call of [
      c.pool.connect(old!).undelegate(1, share),
      c.pool.connect(young!).delegateFor(1, old!.address, COIN),
    ]) {
      await expect(call).to.be.revertedWithCustomError(c.pool, "StakingPoolNoPosition");
    }
    await c.pool.connect(young!).delegate(1, 7n * COIN);
    expect(await c.pool.tokensOf(1, young!.address)).to.equal(7n * COIN);
    expect(await c.pool.tokensOf(1, old!.address)).to.equal(0n);
    // What the old shares answered for is theirs no more once the position is of the new generation.
    await convict(c, 2, 1, MaxUint256);
    await c.pool.settleLiability(1, old!.address);
    await c.pool.connect(old!).delegate(1, COIN);
    expect(await c.pool.position(1, old!.address)).to.deep.equal([share, 2n, 2n, 0n, false]);
    expect(await c.pool.sharesAt(1, old!.address, 3)).to.equal(0n);
    expect(await c.pool.sharesAt(1, old!.address, 4)).to.equal(share);
    expect((await c.pool.entries(1, old!.address, 0)).map(({ generation }) => generation)).to.deep.equal([
      1n,
      2n,
    ]);
    await c.pool.connect(old!).undelegate(1, share);
    await expectSolvent(c);
  });

  it("tells its times and addresses, and refuses times without meaning", async () => {
    const c = await custody();
    const times = ((await c.pool.times()) as unknown as Result).toObject();
    expect(times).to.deep.equal({
      unbondingTime: 120n,
      cohortPeriod: 10n,
      maxWait: 600n,
      redelegationPeriod: 120n,
      commissionNotice: 60n,
      commissionStep: 10_000n,
      commissionMax: 100_000n,
      minimumDelegation: COIN,
      maxHold: 120n,
    });
    expect(await c.pool.elections()).to.equal(c.seals.address);
    const libraries = {
      Delegations: await (await ethers.deployContract("Delegations")).getAddress(),
      StakeViews: await (await ethers.deployContract("StakeViews")).getAddress(),
    };
    for (const bad of [
      { unbondingTime: 0 },
      { cohortPeriod: 0 },
      { maxHold: 0 },
      { commissionMax: 1_000_001 },
    ]) {
      const deploying = ethers.deployContract(
        "StakingPool",
        [c.addresses.access, c.addresses.token, c.addresses.registry, { ...times, ...bad }],
        { libraries },
      );
      await expect(deploying).to.be.revertedWithCustomError(c.pool, "StakingPoolBadTimes");
    }
    const bare = await ethers.deployContract(
      "StakingPool",
      [c.addresses.access, c.addresses.token, c.addresses.registry, times],
      { libraries },
    );
    expect(await bare.slasher()).to.equal(ethers.ZeroAddress);
  });

  it("parts of it that only the queue calls, nobody else does", async () => {
    const c = await custody();
    const nothing = { source: 0, cohort: 0, shares: 0, paid: 0, bound: 0 };
    for (const call of [
      c.pool.restoreBond(1, 1),
      c.pool.restoreDelegation(1, c.deployer.address, 1, nothing),
      c.pool.release(1, 1),
      c.pool.pay(c.deployer.address, 1),
      c.pool.forfeit(1),
    ]) {
      await expect(call).to.be.revertedWithCustomError(c.pool, "StakingPoolNotQueue");
    }
  });
});

describe("StakeBook", () => {
  const deployed = async () => connection.ethers.deployContract("StakeBookHarness");

  it("gives no share for nothing: a deposit worth less than one is refused, not kept", async () => {
    const book = await networkHelpers.loadFixture(deployed);
    await expect(book.mint!(10n ** 25n, 1, 1)).to.be.revertedWithCustomError(book, "StakingPoolZeroAmount");
    // (10^25 + 1) tokens, (10^6 + 1) shares: the first amount that is worth one.
    expect(await book.mint!.staticCall(10n ** 25n, 1, 10n ** 19n)).to.equal(1n);
  });

  it("refuses what its counters cannot hold", async () => {
    const book = await networkHelpers.loadFixture(deployed);
    await expect(book.addBond!(2n ** 96n)).to.be.revertedWithCustomError(book, "StakingPoolOverflow");
    await expect(book.mint!(2n ** 96n - 1n, 2n ** 96n, 1)).to.be.revertedWithCustomError(
      book,
      "StakingPoolOverflow",
    );
  });
});
