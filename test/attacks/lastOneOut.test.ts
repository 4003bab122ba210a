import { expect } from "chai";
import { network } from "hardhat";
import { COIN } from "../support/core.ts";
import { BOND, convict, deployCustody, expectSolvent } from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const stubbed = () => deployCustody(connection);

const LATEST = 10 + 600 + 120;

describe("attack: rounding against the last one out", () => {
  for (const [label, parts] of [
    ["1 %", 10n],
    ["10 %", 100n],
    ["99.9 %", 999n],
    ["100 %", 1_000n],
  ] as const) {
    it(`after a slash of ${label} everybody leaves, and nothing is missing`, async () => {
      const c = await networkHelpers.loadFixture(stubbed);
      const owners = c.owners.slice(0, 3);
      const amounts = [7n * COIN + 1n, 3n * COIN + 333n, 11n * COIN + 7n];
      for (const [i, owner] of owners.entries()) await c.pool.connect(owner).delegate(1, amounts[i]!);
      await c.pool.connect(owners[0]!).undelegate(1, 3n * COIN * 10n ** 6n + 17n);
      const { delegated } = await c.pool.pool(1);
      const { tokens } = await c.queue.cohort(1, 1, 0);
      await convict(c, 1, 1, BOND + ((delegated + tokens) * parts) / 1_000n);
      for (const owner of owners) {
        const { shares, generation } = await c.pool.position(1, owner.address);
        if (generation === (await c.pool.pool(1)).generation)
          await c.pool.connect(owner).undelegate(1, shares);
      }
      await networkHelpers.time.increase(2 * LATEST);
      const before = await Promise.all(owners.map(({ address }) => c.token.balanceOf(address)));
      for (const owner of owners) {
        const count = await c.queue.cohortCount(1, 1);
        for (let i = 0n; i < count; i++) {
          const { shares } = await c.queue.entryOf(1, owner.address, i);
          if (shares !== 0n) await c.queue.connect(owner).withdraw(1, i, 0);
        }
      }
      const after = await Promise.all(owners.map(({ address }) => c.token.balanceOf(address)));
      const paid = after.reduce((sum, value, i) => sum + value - before[i]!, 0n);
      const left = ((delegated + tokens) * (1_000n - parts)) / 1_000n;
      expect(paid).to.be.within(left > 10n ** 4n ? left - 10n ** 4n : 0n, left + 1n);
      await expectSolvent(c);
      await c.pool.collectSlashed(c.judge.address);
      await expectSolvent(c);
      // Whoever comes next owns what he brings.
      await c.pool.connect(c.owners[5]!).delegate(1, 5n * COIN);
      expect(await c.pool.tokensOf(1, c.owners[5]!.address)).to.be.within(
        5n * COIN - 10n ** 4n,
        5n * COIN + 1n,
      );
    });
  }
});
