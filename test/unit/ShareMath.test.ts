import { expect } from "chai";
import { network } from "hardhat";

const connection = await network.create();
const { ethers } = connection;

/** Numbers of very different sizes that depend on a seed only. */
function numbers(seed: number): () => bigint {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  return () => (BigInt(next()) << 64n) >> BigInt(next() % 90);
}

const MILLION = 10n ** 6n;
const ceil = (a: bigint, b: bigint) => (a + b - 1n) / b;

describe("ShareMath", () => {
  it("rounds as its names say, over sizes from nothing to the supply and beyond", async () => {
    const math = await ethers.deployContract("ShareMathHarness");
    const next = numbers(7);
    for (let i = 0; i < 60; i++) {
      const [a, tokens, shares] = [next(), next(), next()];
      expect(await math.toSharesDown(a, tokens, shares)).to.equal((a * (shares + MILLION)) / (tokens + 1n));
      expect(await math.toSharesUp(a, tokens, shares)).to.equal(ceil(a * (shares + MILLION), tokens + 1n));
      expect(await math.toTokensDown(a, tokens, shares)).to.equal((a * (tokens + 1n)) / (shares + MILLION));
      const whole = tokens + 1n;
      expect(await math.partDown(a, shares, whole)).to.equal((a * shares) / whole);
      expect(await math.partUp(a, shares, whole)).to.equal(ceil(a * shares, whole));
    }
    expect(await math.partDown(5, 5, 0)).to.equal(0n);
    expect(await math.partUp(5, 5, 0)).to.equal(0n);
  });

  it("nobody gains by going in and out, and all shares are worth no more than all tokens", async () => {
    const math = await ethers.deployContract("ShareMathHarness");
    const next = numbers(11);
    for (let i = 0; i < 60; i++) {
      const [amount, tokens, shares] = [next(), next(), next()];
      const minted = await math.toSharesDown(amount, tokens, shares);
      expect(await math.toTokensDown(minted, tokens + amount, shares + minted)).to.be.at.most(amount);
      expect(await math.toTokensDown(shares, tokens, shares)).to.be.at.most(tokens);
      expect(await math.toSharesUp(amount, tokens, shares)).to.be.at.least(minted);
    }
  });
});
