import { expect } from "chai";
import { network } from "hardhat";
import { COIN } from "../support/core.ts";
import { deployCustody, expectSolvent } from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const stubbed = () => deployCustody(connection);

describe("attack: inflating the price of the first share", () => {
  it("a gift changes no price, and nobody's deposit makes the next one's share round away", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const [thief, victim] = c.owners;
    await c.pool.connect(thief!).delegate(1, COIN);
    // All but one base unit's worth leaves again; then a gift.
    await c.pool.connect(thief!).undelegate(1, (COIN - 1n) * 10n ** 6n);
    await c.token.connect(thief!).transfer(c.addresses.pool, 1_000_000n * COIN);
    await c.pool.connect(victim!).delegate(1, COIN);
    expect(await c.pool.tokensOf(1, victim!.address)).to.equal(COIN);
    expect(await c.pool.tokensOf(1, thief!.address)).to.equal(1n);
    await expectSolvent(c, 1_000_000n * COIN);
  });
});
