import { expect } from "chai";
import { network } from "hardhat";

const FAST = 0;
const BALANCED = 1;
const SECURE = 2;

const { ethers } = await network.create();

const weights = (authorities: bigint | number, stake: bigint | number) => ({ authorities, stake });

describe("Quorum", () => {
  const deploy = () => ethers.deployContract("QuorumHarness");
  let quorum: Awaited<ReturnType<typeof deploy>>;
  before(async () => {
    quorum = await deploy();
  });

  it("two thirds are not enough: 14 of 21 do not decide, 15 do", async () => {
    expect(await quorum.exceedsTwoThirds(14, 21)).to.equal(false);
    expect(await quorum.exceedsTwoThirds(15, 21)).to.equal(true);
  });

  it("a third is not enough: 7 of 21 do not veto, 8 do", async () => {
    expect(await quorum.exceedsThird(7, 21)).to.equal(false);
    expect(await quorum.exceedsThird(8, 21)).to.equal(true);
  });

  // Totals 0, 1 and 2 modulo 3, with the least part that decides and the least that vetoes.
  for (const [whole, decides, vetoes] of [
    [0n, 1n, 1n],
    [1n, 1n, 1n],
    [2n, 2n, 1n],
    [3n, 3n, 2n],
    [4n, 3n, 2n],
    [5n, 4n, 2n],
    [6n, 5n, 3n],
    [100n, 67n, 34n],
    [1000n, 667n, 334n],
    [4_294_967_294n, 2_863_311_530n, 1_431_655_765n],
    [(1n << 64n) - 1n, 12_297_829_382_473_034_411n, 6_148_914_691_236_517_206n],
  ] as const) {
    it(`of ${whole}, ${decides} exceed two thirds and ${vetoes} a third, one less does not`, async () => {
      expect(await quorum.exceedsTwoThirds(decides, whole)).to.equal(true);
      expect(await quorum.exceedsTwoThirds(decides - 1n, whole)).to.equal(false);
      expect(await quorum.exceedsThird(vetoes, whole)).to.equal(true);
      expect(await quorum.exceedsThird(vetoes - 1n, whole)).to.equal(false);
    });
  }

  describe("Fast", () => {
    it("asks the authorities alone", async () => {
      const whole = weights(21, 1000);
      expect(await quorum.isQuorum(FAST, weights(15, 0), whole)).to.equal(true);
      expect(await quorum.isQuorum(FAST, weights(14, 1000), whole)).to.equal(false);
    });

    it("decides nothing without authorities", async () => {
      expect(await quorum.isQuorum(FAST, weights(0, 1000), weights(0, 1000))).to.equal(false);
      expect(await quorum.isQuorum(FAST, weights(1, 1000), weights(0, 1000))).to.equal(false);
    });

    it("is backed by two thirds of the stake besides, if there is any", async () => {
      const whole = weights(21, 999);
      expect(await quorum.isBacked(FAST, weights(15, 667), whole)).to.equal(true);
      expect(await quorum.isBacked(FAST, weights(15, 666), whole)).to.equal(false);
      expect(await quorum.isBacked(FAST, weights(14, 999), whole)).to.equal(false);
      expect(await quorum.isBacked(FAST, weights(15, 0), weights(21, 0))).to.equal(true);
    });
  });

  describe("Balanced", () => {
    it("asks both classes", async () => {
      const whole = weights(4, 300);
      expect(await quorum.isQuorum(BALANCED, weights(3, 201), whole)).to.equal(true);
      expect(await quorum.isQuorum(BALANCED, weights(3, 200), whole)).to.equal(false);
      expect(await quorum.isQuorum(BALANCED, weights(2, 300), whole)).to.equal(false);
    });

    it("drops a class whose total is zero, never both", async () => {
      expect(await quorum.isQuorum(BALANCED, weights(3, 0), weights(4, 0))).to.equal(true);
      expect(await quorum.isQuorum(BALANCED, weights(2, 0), weights(4, 0))).to.equal(false);
      expect(await quorum.isQuorum(BALANCED, weights(0, 201), weights(0, 300))).to.equal(true);
      expect(await quorum.isQuorum(BALANCED, weights(0, 200), weights(0, 300))).to.equal(false);
      expect(await quorum.isQuorum(BALANCED, weights(0, 0), weights(0, 0))).to.equal(false);
      expect(await quorum.isQuorum(BALANCED, weights(4, 300), weights(0, 0))).to.equal(false);
    });

    it("is not decided by an exact third too little of one whale", async () => {
      expect(await quorum.isQuorum(BALANCED, weights(21, 200), weights(21, 300))).to.equal(false);
    });

    it("backs what it decides", async () => {
      for (const part of [weights(3, 201), weights(3, 200), weights(2, 300), weights(0, 0)]) {
        const whole = weights(4, 300);
        expect(await quorum.isBacked(BALANCED, part, whole)).to.equal(
          await quorum.isQuorum(BALANCED, part, whole),
        );
      }
    });
  });

  describe("Secure", () => {
    it("asks two thirds of the stake and a third of the authorities' oversight", async () => {
      const whole = weights(21, 300);
      expect(await quorum.isQuorum(SECURE, weights(8, 201), whole)).to.equal(true);
      expect(await quorum.isQuorum(SECURE, weights(7, 201), whole)).to.equal(false);
      expect(await quorum.isQuorum(SECURE, weights(21, 200), whole)).to.equal(false);
    });

    it("drops the oversight if there are no authorities", async () => {
      expect(await quorum.isQuorum(SECURE, weights(0, 201), weights(0, 300))).to.equal(true);
      expect(await quorum.isQuorum(SECURE, weights(0, 200), weights(0, 300))).to.equal(false);
    });

    it("decides nothing without stake, whatever the weights left in the words", async () => {
      expect(await quorum.isQuorum(SECURE, weights(21, 0), weights(21, 0))).to.equal(false);
      expect(await quorum.isQuorum(SECURE, weights(21, 50), weights(21, 0))).to.equal(false);
      expect(await quorum.isBacked(SECURE, weights(21, 50), weights(21, 0))).to.equal(false);
    });
  });

  it("an empty set of signers decides nothing in any mode", async () => {
    for (const mode of [FAST, BALANCED, SECURE]) {
      for (const whole of [weights(0, 0), weights(1, 0), weights(0, 1), weights(21, 1000)]) {
        expect(await quorum.isQuorum(mode, weights(0, 0), whole)).to.equal(false);
        expect(await quorum.isBacked(mode, weights(0, 0), whole)).to.equal(false);
      }
    }
  });
});
