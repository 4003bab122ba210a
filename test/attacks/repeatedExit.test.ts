import { expect } from "chai";
import { network } from "hardhat";
import { COIN } from "../support/core.ts";
import { deployCustody, expectSolvent } from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const stubbed = () => deployCustody(connection);

const LATEST = 10 + 600 + 120;

describe("attack: one exit taken twice under another proof", () => {
  it("an entry is paid once, whatever witness is named the second time, and not taken back after", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const [leaver, other] = c.owners;
    await c.pool.connect(leaver!).delegate(1, 10n * COIN);
    await c.pool.connect(other!).delegate(1, 10n * COIN);
    for (const owner of [leaver!, other!]) await c.pool.connect(owner).undelegate(1, 10n * COIN * 10n ** 6n);
    await networkHelpers.time.increase(2 * LATEST);
    const queue = c.queue.connect(leaver!);
    await queue.withdraw(1, 0, 0);
    for (const witness of [0, 1, 99]) {
      await expect(queue.withdraw(1, 0, witness)).to.be.revertedWithCustomError(
        c.queue,
        "UnbondingQueueEmpty",
      );
    }
    await expect(queue.cancel(1, 0, 1)).to.be.revertedWithCustomError(c.queue, "UnbondingQueueInsufficient");
    await c.queue.connect(other!).withdraw(1, 0, 7);
    expect(await c.queue.totalQueued()).to.equal(0n);
    await expectSolvent(c);
  });
});
