import { expect } from "chai";
import { globalOptions, network } from "hardhat";
import { COIN, deployCore } from "../support/core.ts";
import { accepted, BOND, convict, deployCustody, KIND, sealed } from "../support/custody.ts";
import { type GasFigures, measureScattered, measureThousand, UNCAPPED } from "../support/gas.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const stubbed = () => deployCustody(connection);
/** Of one transaction (EIP-7825). */
const MOST_GAS = 16_777_216;
const PERIOD = 10;
/** Cohorts of a kind that evidence can reach: a day each of the time to unbond, and what waits for its clock. */
const DAYS = 24;

// Contracts instrumented for measuring coverage cost more, and a thousand seats of them take long.
if (!globalOptions.coverage) {
  describe("attack: unbounded gas", () => {
    let figures: GasFigures;

    before(async function () {
      this.timeout(1_800_000);
      const crowded = await network.create(UNCAPPED);
      figures = await measureThousand(crowded);
      await crowded.close();
    });

    it("the first registry of 1,000 seats fits one transaction, and so does everything else", () => {
      expect(figures).to.include.keys("start1000", "convictGroup", "checkpointBoundary1000");
      for (const [name, gas] of Object.entries(figures)) expect(gas, name).to.be.below(MOST_GAS);
    });

    it("a recovery without any of 256 authorities, where the standing of each validator is read on its own", async function () {
      this.timeout(300_000);
      const scattered = await network.create(UNCAPPED);
      const { sealRecoveryWorst } = await measureScattered(scattered);
      await scattered.close();
      expect(sealRecoveryWorst).to.be.below(MOST_GAS);
    });

    it("a seal of 1,000 seats after all that anybody can do before one", () => {
      expect(figures.seal1000).to.be.at.most(2_500_000);
      expect(figures.sealWorst).to.be.at.most(9_000_000);
    });
  });
}

describe("attack: validators' numbers far apart", () => {
  it("the standing of 1,000 validators, each in a word of its own that has to be read, leaves a seal room", async () => {
    const { registry } = await deployCore(connection);
    const words = Array.from({ length: 125 }, (_, i) =>
      Array.from({ length: 8 }, (_, j) => BigInt(256 * (8 * i + j + 1)) << BigInt(32 * j)).reduce(
        (a, b) => a | b,
      ),
    );
    // Words of numbers not given out are read like those of which somebody was convicted.
    expect(await registry.idleSeats.estimateGas(words, [0, 0, 0, 0])).to.be.below(5_500_000n);
  });
});

describe("attack: a slash made dear", () => {
  it("with 24 cohorts of bond and 24 of delegations open it fits many times into a block", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const [owner] = c.owners;
    const [operator] = c.operators;
    await c.pool.connect(owner!).delegate(1, 1_000n * COIN);
    for (let day = 2; day < 2 + DAYS; day++) {
      await networkHelpers.time.increase(PERIOD);
      await sealed(c, day);
      await accepted(c, day);
      await c.pool.connect(owner!).undelegate(1, COIN * 10n ** 6n);
      await c.pool.connect(operator!).requestUnbond(1, COIN);
    }
    for (const kind of [KIND.bond, KIND.delegation]) {
      expect(await c.queue.cohortCount(1, kind)).to.be.at.least(BigInt(DAYS));
    }
    const receipt = (await (await convict(c, 1, 1, BOND + 500n * COIN)).wait())!;
    expect(Number(receipt.gasUsed)).to.be.below(MOST_GAS / 4);
  });
});
