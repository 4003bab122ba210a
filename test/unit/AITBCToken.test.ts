import { expect } from "chai";
import { network } from "hardhat";
import { COIN, deployCore } from "../support/core.ts";

const connection = await network.create();
const { ethers } = connection;

describe("AITBCToken", () => {
  it("is minted once, to the allocations", async () => {
    const [a, b] = await ethers.getSigners();
    const token = await ethers.deployContract("AITBCToken", [
      [
        { to: a!.address, amount: 3n },
        { to: b!.address, amount: 4n },
      ],
    ]);
    expect(await token.totalSupply()).to.equal(7n);
    expect(await token.balanceOf(b!.address)).to.equal(4n);
    expect([await token.name(), await token.symbol(), await token.decimals()]).to.deep.equal([
      "AITBC",
      "AITBC",
      18n,
    ]);
  });

  it("never exceeds its cap of a billion", async () => {
    const [a] = await ethers.getSigners();
    const deploy = (amount: bigint) => ethers.deployContract("AITBCToken", [[{ to: a!.address, amount }]]);
    const token = await deploy(1_000_000_000n * COIN);
    expect(await token.cap()).to.equal(await token.totalSupply());
    await expect(deploy(1_000_000_000n * COIN + 1n)).to.be.revertedWithCustomError(
      token,
      "AITBCTokenCapExceeded",
    );
  });

  it("has no function that mints", async () => {
    const core = await deployCore(connection);
    const writing = core.token.interface.fragments
      .filter((f) => f.type === "function" && !(f as unknown as { constant: boolean }).constant)
      .map((f) => (f as unknown as { name: string }).name)
      .sort();
    expect(writing).to.deep.equal(["approve", "permit", "transfer", "transferFrom"]);
  });
});
