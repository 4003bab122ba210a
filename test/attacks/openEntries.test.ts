import { expect } from "chai";
import { network } from "hardhat";
import { COIN } from "../support/core.ts";
import { deployCustody, expectSolvent, sealed } from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const stubbed = () => deployCustody(connection);

describe("attack: changing the rules under an open entry", () => {
  it("replaced modules, a pause and a raised commission move no date and no amount", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const owner = c.owners[0]!;
    await c.pool.connect(owner).delegate(1, 10n * COIN);
    await c.pool.connect(owner).undelegate(1, 10n ** 25n);
    const latest = await c.queue.withdrawableAtLatest(1, 1, 0);
    await c.pool.setElections(owner.address);
    await c.pool.setDistributor(c.clock.address);
    await c.queue.setCheckpoints(owner.address);
    await c.access.grantRole(6, c.deployer.address, 0);
    await c.pool.pauseDeposits((await networkHelpers.time.latest()) + 3600);
    await c.pool.connect(c.operators[0]!).announceCommission(1, 100_000);
    await c.registry.connect(c.operators[0]!).exit(1);
    expect(await c.queue.withdrawableAtLatest(1, 1, 0)).to.equal(latest);
    await networkHelpers.time.increaseTo(latest);
    await expect(c.queue.connect(owner).withdraw(1, 0, 0))
      .to.emit(c.queue, "DelegationWithdrawn")
      .withArgs(1, owner.address, 0, 10n * COIN, 10n * COIN);
    await expectSolvent(c);
  });

  it("bond goes to whoever the withdrawal address is at that time, changed in two steps", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const [operator, heir] = [c.operators[0]!, c.owners[3]!];
    await c.pool.connect(operator).requestUnbond(1, 100n * COIN);
    await sealed(c, 2);
    await networkHelpers.time.increase(2 * (10 + 600 + 120));
    await c.registry.connect(operator).proposeWithdrawal(1, heir.address);
    await expect(c.queue.connect(heir).withdrawBond(1, 0, 0)).to.be.revertedWithCustomError(
      c.queue,
      "UnbondingQueueUnauthorized",
    );
    await c.registry.connect(heir).acceptWithdrawal(1);
    await expect(c.queue.connect(operator).withdrawBond(1, 0, 0)).to.be.revertedWithCustomError(
      c.queue,
      "UnbondingQueueUnauthorized",
    );
    await expect(c.queue.connect(heir).withdrawBond(1, 0, 0))
      .to.emit(c.queue, "BondWithdrawn")
      .withArgs(1, 0, heir.address, 100n * COIN);
  });
});
