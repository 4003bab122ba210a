import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { network } from "hardhat";
import { COIN } from "../support/core.ts";
import {
  accepted,
  BOND,
  convict,
  deployCustody,
  expectSolvent,
  SIGNATURES,
  sealed,
} from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;
const stubbed = () => deployCustody(connection);
const SHARE = COIN * 10n ** 6n;

describe("attack: leaving before the slash", () => {
  it("an exit in front of the slash pays like what stayed", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const [fugitive, other] = c.owners;
    for (const who of [fugitive!, other!]) await c.pool.connect(who).delegate(1, 10n * COIN);
    await c.pool.connect(fugitive!).undelegate(1, 10n * SHARE);
    await sealed(c, 2);
    await convict(c, 1, 1, BOND + 10n * COIN);
    expect(await c.pool.tokensOf(1, other!.address)).to.equal(5n * COIN);
    expect((await c.queue.entryOf(1, fugitive!.address, 0)).tokens).to.equal(5n * COIN);
    // Not for what a seal decided that did not count it.
    await convict(c, 1, 2, MaxUint256);
    expect(await c.pool.tokensOf(1, other!.address)).to.equal(0n);
    expect((await c.queue.entryOf(1, fugitive!.address, 0)).tokens).to.equal(5n * COIN);
    await expectSolvent(c);
  });

  it("redelegation, in one step or two, is no refuge, and is charged once", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const [fugitive, other] = c.owners;
    const pool = c.pool.connect(fugitive!);
    for (const who of [fugitive!, other!]) await c.pool.connect(who).delegate(1, 10n * COIN);
    await pool.redelegate(1, 2, 10n * SHARE);
    await expect(pool.redelegate(2, 3, 10n * SHARE)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolEncumbered",
    );
    await convict(c, 1, 1, BOND + 10n * COIN);
    for (let i = 0; i < 3; i++) await c.pool.settleLiability(2, fugitive!.address);
    expect(await c.pool.tokensOf(2, fugitive!.address)).to.equal(5n * COIN);
    expect(await c.pool.tokensOf(1, other!.address)).to.equal(5n * COIN);
    // The validator it went to has its own offences; nobody else there paid for the first one's.
    await convict(c, 2, 1, BOND + COIN);
    await c.pool.settleLiability(2, fugitive!.address);
    expect(await c.pool.tokensOf(2, fugitive!.address)).to.be.within(4n * COIN - 1n, 4n * COIN);
    await expectSolvent(c);
  });

  it("redelegated and undelegated at once, the entry answers", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const fugitive = c.owners[0]!;
    const pool = c.pool.connect(fugitive);
    await pool.delegate(1, 10n * COIN);
    await pool.redelegate(1, 2, 10n * SHARE);
    await pool.undelegate(2, 10n * SHARE);
    const now = await networkHelpers.time.latest();
    await accepted(c, 9, now - 120);
    await convict(c, 1, 1, BOND + 5n * COIN, { until: now + 50 });
    await expect(c.queue.connect(fugitive).withdraw(2, 0, 0)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolHeld",
    );
    await networkHelpers.time.increaseTo(now + 50);
    const before = await c.token.balanceOf(fugitive.address);
    await c.queue.connect(fugitive).withdraw(2, 0, 0);
    expect((await c.token.balanceOf(fugitive.address)) - before).to.equal(5n * COIN);
    await expectSolvent(c);
  });

  it("too little gas for the surcharge fails the withdrawal instead of sparing it", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const fugitive = c.owners[0]!;
    await c.pool.connect(fugitive).delegate(1, 10n * COIN);
    await c.pool.connect(fugitive).undelegate(1, 10n * SHARE);
    const now = await networkHelpers.time.latest();
    await accepted(c, 9, now - 120);
    await convict(c, 1, 1, COIN, { until: now + 50 });
    const surcharge = c.pool.interface.encodeFunctionData("slash", [1, 1, 1, 1, 0]);
    await c.judge.call(SIGNATURES.surcharge, c.addresses.pool, surcharge);
    // Beyond the limit a slasher that fails is passed over: the caller must not be able to make it fail.
    await networkHelpers.time.increaseTo(now + 500);
    for (const gasLimit of [200_000n, 400_000n, 1_000_000n, 3_000_000n]) {
      await expect(c.queue.connect(fugitive).withdraw(1, 0, 0, { gasLimit })).to.revert(ethers);
    }
    const before = await c.token.balanceOf(fugitive.address);
    await c.queue.connect(fugitive).withdraw(1, 0, 0, { gasLimit: 4_000_000n });
    expect(await c.token.balanceOf(fugitive.address)).to.equal(before);
  });
});
