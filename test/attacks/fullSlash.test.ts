import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { network } from "hardhat";
import { COIN } from "../support/core.ts";
import { convict, deployCustody, expectSolvent, sealed } from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const custody = () => deployCustody(connection);

describe("attack: a slash of everything", () => {
  it("leaves a pool that takes deposits at their full worth, and nothing to those slashed", async () => {
    const c = await networkHelpers.loadFixture(custody);
    const [slashed, later, last] = c.owners;
    await c.pool.connect(slashed!).delegate(1, 10n * COIN);
    await sealed(c, 2);
    await convict(c, 1, 2, MaxUint256);
    expect(await c.pool.tokensOf(1, slashed!.address)).to.equal(0n);
    // No division by the nothing that is left, no share of it for what comes later.
    for (const owner of [later!, last!]) {
      await c.pool.connect(owner).delegate(1, 7n * COIN);
      expect(await c.pool.tokensOf(1, owner.address)).to.equal(7n * COIN);
    }
    expect(await c.pool.tokensOf(1, slashed!.address)).to.equal(0n);
    for (const owner of [later!, last!]) {
      const { shares } = await c.pool.position(1, owner.address);
      await c.pool.connect(owner).undelegate(1, shares);
    }
    await expectSolvent(c);
  });
});
