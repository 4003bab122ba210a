import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { network } from "hardhat";
import { COIN, type Core, closeEpoch, loadCore, startedCore } from "../support/core.ts";
import {
  accepted,
  BOND,
  convict,
  deployCustody,
  expectSolvent,
  impersonate,
  KIND,
  NEVER,
  SIGNATURES,
  sealed,
  slash,
} from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);
const stubbed = () => deployCustody(connection);
const custody = () => networkHelpers.loadFixture(stubbed);

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
    // Nine of ten from the bond: what rounding leaves falls on the newest cohort alone.
    await slash(core, STAKER, 1, 10n);
    expect(await core.pool.bondOf(STAKER)).to.equal(bond - 17_010n);
    expect((await core.queue.cohort(STAKER, KIND.bond, 1)).tokens).to.equal(2_000n * COIN - 2_001n);
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

describe("UnbondingQueue: delegations", () => {
  const share = COIN * 10n ** 6n;
  const DELEGATION = KIND.delegation;

  /** Custody with a delegation of ten, three of them leaving. */
  async function leaving() {
    const c = await custody();
    const owner = c.owners[0]!;
    await c.pool.connect(owner).delegate(1, 10n * COIN);
    await c.pool.connect(owner).undelegate(1, 3n * share);
    return { c, owner, queue: c.queue.connect(owner), pool: c.pool.connect(owner) };
  }

  it("pays the owner, and nobody else, when the clock has run out", async () => {
    const { c, owner, queue } = await leaving();
    await expect(queue.withdraw(1, 0, 0))
      .to.be.revertedWithCustomError(c.queue, "UnbondingQueueNotReady")
      .withArgs(1, 0, await c.queue.withdrawableAtLatest(1, DELEGATION, 0));
    await accepted(c, 2);
    await networkHelpers.time.increase(UNBONDING + 1);
    await expect(c.queue.connect(c.owners[1]!).withdraw(1, 0, 0)).to.be.revertedWithCustomError(
      c.queue,
      "UnbondingQueueEmpty",
    );
    const before = await c.token.balanceOf(owner.address);
    await expect(queue.withdraw(1, 0, 0))
      .to.emit(c.queue, "DelegationWithdrawn")
      .withArgs(1, owner.address, 0, 3n * COIN, 3n * COIN);
    expect((await c.token.balanceOf(owner.address)) - before).to.equal(3n * COIN);
    await expect(queue.withdraw(1, 0, 0)).to.be.revertedWithCustomError(c.queue, "UnbondingQueueEmpty");
    await expect(c.queue.entryOf(1, owner.address, 1)).to.be.revertedWithCustomError(
      c.queue,
      "UnbondingQueueEmpty",
    );
    await expectSolvent(c);
  });

  it("goes back to the pool as pending stake, in parts, while the validator takes stake", async () => {
    const { c, owner, queue } = await leaving();
    await sealed(c, 2);
    await expect(queue.cancel(1, 0, COIN))
      .to.emit(c.pool, "DelegationRestored")
      .withArgs(1, owner.address, COIN, share);
    expect(await c.pool.sharesAt(1, owner.address, 2)).to.equal(7n * share);
    expect(await c.pool.sharesAt(1, owner.address, 3)).to.equal(8n * share);
    for (const shares of [0n, 2n * COIN + 1n]) {
      await expect(queue.cancel(1, 0, shares)).to.be.revertedWithCustomError(
        c.queue,
        "UnbondingQueueInsufficient",
      );
    }
    await expectSolvent(c);
    await convict(c, 1, 1, MaxUint256);
    // Nothing is left to bring back.
    await expect(queue.cancel(1, 0, COIN)).to.be.revertedWithCustomError(c.queue, "UnbondingQueueEmpty");
    await c.registry.connect(c.operators[0]!).exit(1);
    await expect(queue.cancel(1, 0, COIN)).to.be.revertedWithCustomError(c.queue, "UnbondingQueueClosed");
    // Leaving is still possible, with what is left.
    await networkHelpers.time.increase(MAX_WAIT + UNBONDING + PERIOD);
    await queue.withdraw(1, 0, 0);
    await expectSolvent(c);
  });

  it("a charge ends the filling of a cohort, and each entry bears its part", async () => {
    const { c, owner, pool } = await leaving();
    const other = c.owners[1]!;
    await c.pool.connect(other).delegate(1, COIN);
    await c.pool.connect(other).undelegate(1, share);
    expect(await c.queue.cohortCount(1, DELEGATION)).to.equal(1n);
    await convict(c, 1, 1, BOND + (11n * COIN) / 3n);
    await pool.undelegate(1, share);
    expect(await c.queue.cohortCount(1, DELEGATION)).to.equal(2n);
    const [first] = [await c.queue.cohort(1, DELEGATION, 0)];
    expect(first.shares).to.equal(4n * COIN);
    expect(first.tokens).to.be.within((8n * COIN) / 3n - 2n, (8n * COIN) / 3n + 2n);
    expect((await c.queue.entryOf(1, owner.address, 0)).tokens).to.equal((first.tokens * 3n) / 4n);
    await networkHelpers.time.increase(MAX_WAIT + UNBONDING + PERIOD);
    for (const who of [owner, other]) await c.queue.connect(who).withdraw(1, 0, 0);
    const { tokens, shares } = await c.queue.cohort(1, DELEGATION, 0);
    expect([tokens, shares]).to.deep.equal([0n, 0n]);
    await expectSolvent(c);
  });

  it("an emptied cohort is used anew", async () => {
    const { c, queue, pool } = await leaving();
    await queue.cancel(1, 0, 3n * COIN);
    await networkHelpers.time.increase(3 * PERIOD);
    await sealed(c, 4);
    await pool.undelegate(1, share);
    expect(await c.queue.cohortCount(1, DELEGATION)).to.equal(1n);
    const { lastSeal, tokens, day } = await c.queue.cohort(1, DELEGATION, 0);
    expect([lastSeal, tokens]).to.deep.equal([4n, COIN]);
    expect(day).to.equal(BigInt(Math.floor((await networkHelpers.time.latest()) / PERIOD)));
  });

  it("closes at a seal after its day once the clock of the one before has started, or the wait is over", async () => {
    const { c, pool } = await leaving();
    const count = () => c.queue.cohortCount(1, DELEGATION);
    const ask = async (seal: number, days: number) => {
      await sealed(c, seal);
      await networkHelpers.time.increase(days * PERIOD || 1);
      await pool.undelegate(1, share / 100n);
      return count();
    };
    expect(await ask(1, 1)).to.equal(1n);
    expect(await ask(2, 1)).to.equal(2n);
    // The clock of the first has not started.
    expect(await ask(3, 1)).to.equal(2n);
    await accepted(c, 1);
    expect(await ask(3, 1)).to.equal(2n);
    expect(await ask(4, 1)).to.equal(2n);
    await accepted(c, 2);
    expect(await ask(5, 1)).to.equal(3n);
    // A module that does not answer, or not in its terms, starts no clock.
    await c.clock.fail(SIGNATURES.registry);
    expect(await ask(6, 1)).to.equal(3n);
    await c.clock.answer(SIGNATURES.epochNow, 2n ** 64n);
    expect(await ask(7, 1)).to.equal(3n);
    await c.clock.burn(SIGNATURES.epochNow);
    expect(await ask(8, 1)).to.equal(3n);
    // In any case after the longest wait: of the cohort before, of its own.
    expect(await ask(9, MAX_WAIT / PERIOD)).to.equal(4n);
    // From the beginning of a day, so that the last request is on the day of the one before.
    const now = await networkHelpers.time.latest();
    await networkHelpers.time.increaseTo(PERIOD * (Math.floor(now / PERIOD) + 1));
    expect(await ask(9, MAX_WAIT / PERIOD + 1)).to.equal(5n);
    expect(await ask(10, 0)).to.equal(5n);
  });

  it("what inherits a liability waits for its clock and its hold, and pays what is due", async () => {
    const { c, owner, pool, queue } = await leaving();
    await pool.delegate(2, 2n * COIN);
    await pool.redelegate(1, 2, 6n * share);
    await pool.undelegate(2, 8n * share);
    expect((await c.pool.position(2, owner.address)).encumbered).to.equal(false);
    // A redelegation to where an entry of the open cohort answers is refused.
    await pool.delegate(3, 2n * COIN);
    await expect(pool.redelegate(3, 2, share)).to.be.revertedWithCustomError(c.pool, "StakingPoolEncumbered");
    const now = await networkHelpers.time.latest();
    await convict(c, 1, 1, BOND + 5n * COIN, { until: now + 60 });
    await accepted(c, 2, now - UNBONDING);
    await expect(queue.withdraw(2, 0, 0)).to.be.revertedWithCustomError(c.pool, "StakingPoolHeld");
    await networkHelpers.time.increaseTo(now + 60);
    const before = await c.token.balanceOf(owner.address);
    await queue.withdraw(2, 0, 0);
    // Half of what liable stake was left of ten: three of six.
    expect((await c.token.balanceOf(owner.address)) - before).to.equal(5n * COIN);
    const { liability } = await c.queue.entryOf(2, owner.address, 0);
    expect(liability.source).to.equal(0n);
    await expectSolvent(c);
  });

  it("takes from an entry at most what the shares that answer are worth", async () => {
    const { c, owner, pool, queue } = await leaving();
    await pool.redelegate(1, 2, 6n * share);
    await pool.delegate(2, 2n * COIN);
    await pool.undelegate(2, 8n * share);
    await convict(c, 2, 1, BOND + 4n * COIN);
    await convict(c, 1, 1, MaxUint256);
    await expect(queue.settleLiability(2, owner.address, 0))
      .to.emit(c.queue, "LiabilityCharged")
      .withArgs(2, owner.address, 0, 1, 3n * COIN, 6n * COIN);
    expect((await c.queue.entryOf(2, owner.address, 0)).tokens).to.equal(COIN);
    await expectSolvent(c);
  });

  it("waits for the clock of the cohort that notes the redelegation", async () => {
    const { c, owner, pool, queue } = await leaving();
    await pool.delegate(2, COIN);
    await pool.undelegate(2, share / 2n);
    const first = await c.queue.withdrawableAtLatest(2, DELEGATION, 0);
    // No seal: the cohort of before is still open days later.
    await networkHelpers.time.increase(20 * PERIOD);
    await pool.redelegate(1, 2, 6n * share);
    await pool.undelegate(2, 6n * share);
    expect(await c.queue.cohortCount(2, DELEGATION)).to.equal(1n);
    await networkHelpers.time.increaseTo(first);
    await expect(queue.withdraw(2, 0, 0)).to.be.revertedWithCustomError(c.queue, "UnbondingQueueNotReady");
    await networkHelpers.time.increase(21 * PERIOD);
    await queue.withdraw(2, 0, 0);
    expect((await c.queue.entryOf(2, owner.address, 0)).shares).to.equal(0n);
  });

  it("cancelling takes the liability back along, and joins it to what the position still answers for", async () => {
    const { c, owner, pool, queue } = await leaving();
    await pool.delegate(2, 2n * COIN);
    await pool.redelegate(1, 2, 6n * share);
    await pool.undelegate(2, 8n * share);
    await queue.cancel(2, 0, 2n * COIN);
    expect((await c.pool.position(2, owner.address)).encumbered).to.equal(false);
    await convict(c, 1, 1, BOND + 5n * COIN);
    // Settled first: three of the six are due. What is left of what was asked goes, with its part.
    await queue.cancel(2, 0, COIN);
    expect(await c.pool.liabilityOf(2, owner.address)).to.deep.equal([1n, 0n, 2n * COIN, COIN, share]);
    // What an exit parted is one again.
    await queue.cancel(2, 0, COIN);
    expect(await c.pool.liabilityOf(2, owner.address)).to.deep.equal([
      1n,
      0n,
      4n * COIN,
      2n * COIN,
      2n * share,
    ]);
    await c.pool.connect(owner).undelegate(2, 3n * share);
    await queue.cancel(2, 0, 100n * COIN);
    expect((await c.queue.entryOf(2, owner.address, 0)).shares).to.equal(0n);
    expect((await c.pool.position(2, owner.address)).encumbered).to.equal(true);
    expect(await c.pool.liabilityOf(2, owner.address)).to.deep.equal([
      1n,
      0n,
      6n * COIN,
      3n * COIN,
      3n * share,
    ]);
    await expectSolvent(c);
  });

  it("a cancelled entry does not pay what was due of the position before", async () => {
    const { c, owner, pool, queue } = await leaving();
    await pool.redelegate(1, 2, 6n * share);
    await pool.undelegate(2, 4n * share);
    // The position loses three quarters by itself; then one is due of it and two of the entry.
    await convict(c, 2, 2, BOND + (3n * COIN) / 2n);
    await convict(c, 1, 1, BOND + 5n * COIN);
    await queue.cancel(2, 0, COIN);
    const { shares, paid } = await c.pool.liabilityOf(2, owner.address);
    expect([shares, paid]).to.deep.equal([2n * COIN, COIN]);
    expect(await c.pool.tokensOf(2, owner.address)).to.be.closeTo(COIN, 2n);
    await c.pool.settleLiability(2, owner.address);
    expect(await c.pool.tokensOf(2, owner.address)).to.be.closeTo(COIN, 2n);
    await expectSolvent(c);
  });

  it("an entry that answers for one redelegation waits while its position answers for another", async () => {
    const { c, owner, pool, queue } = await leaving();
    await pool.redelegate(1, 2, 2n * share);
    await pool.undelegate(2, 2n * share);
    // A charge ends the cohort: the next one holds nothing that answers.
    await convict(c, 2, 1, BOND + COIN);
    await pool.delegate(2, 2n * COIN);
    await pool.undelegate(2, share);
    await pool.delegate(3, 2n * COIN);
    await pool.redelegate(3, 2, share);
    await expect(queue.cancel(2, 0, COIN))
      .to.be.revertedWithCustomError(c.pool, "StakingPoolEncumbered")
      .withArgs(2, owner.address);
    await networkHelpers.time.increase(MAX_WAIT + UNBONDING + PERIOD);
    await c.pool.clearLiability(2, owner.address, 0);
    await queue.cancel(2, 0, COIN);
    expect((await c.pool.liabilityOf(2, owner.address)).source).to.equal(1n);
    await expectSolvent(c);
  });

  it("parts of it that only the pool calls, nobody else does", async () => {
    const { c } = await leaving();
    const nothing = { source: 0, cohort: 0, shares: 0, paid: 0, bound: 0 };
    for (const call of [
      c.queue.queueBond(1, 1, 1),
      c.queue.queueDelegation(1, c.deployer.address, 1, 1, nothing),
      c.queue.noteRedelegation(1, 1, 1),
      c.queue.slash(1, 0, 9, 1, 1, 1, 1),
      c.queue.closeBelow(1),
    ]) {
      await expect(call).to.be.revertedWithCustomError(c.queue, "UnbondingQueueNotPool");
    }
    await expect(c.queue.connect(c.owners[0]!).setCheckpoints(c.clock.address)).to.be.revertedWithCustomError(
      c.queue,
      "AccessManagedUnauthorized",
    );
  });

  it("what no supply reaches overflows nothing", async () => {
    const { c } = await leaving();
    const queue = c.queue.connect(await impersonate(c, c.addresses.pool));
    await expect(queue.queueBond(1, 2n ** 96n, 1)).to.be.revertedWithCustomError(
      c.queue,
      "UnbondingQueueOverflow",
    );
  });
});
