import { expect } from "chai";
import { network } from "hardhat";
import { COIN } from "../support/core.ts";
import { accepted, deployCustody, expectSolvent, KIND, SIGNATURES, sealed } from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const stubbed = () => deployCustody(connection);
const SHARE = COIN * 10n ** 6n;

describe("attack: a broken or hostile module that holds exits", () => {
  for (const how of ["fail", "burn", "lie"] as const) {
    it(`modules that ${how} hold up no request and no withdrawal`, async () => {
      const c = await networkHelpers.loadFixture(stubbed);
      const owner = c.owners[0]!;
      await c.pool.connect(owner).delegate(1, 10n * COIN);
      await c.pool.connect(owner).undelegate(1, SHARE);
      const modules = [
        [c.seals, SIGNATURES.sealNumber],
        [c.seals, SIGNATURES.refresh],
        [c.rewards, SIGNATURES.rewards],
        [c.rewards, SIGNATURES.paid],
        [c.clock, SIGNATURES.epochNow],
        [c.clock, SIGNATURES.registry],
        [c.clock, SIGNATURES.accepted],
      ] as const;
      for (const [module, signature] of modules) {
        if (how === "lie") await module.answer(signature, 2n ** 256n - 1n, 2n ** 256n - 1n, 2n ** 256n - 1n);
        else await module[how](signature);
      }
      await networkHelpers.time.increase(20);
      const gas = { gasLimit: 4_000_000n };
      await c.pool.connect(owner).undelegate(1, SHARE, gas);
      await c.pool.connect(c.operators[0]!).requestUnbond(1, COIN, gas);
      await networkHelpers.time.increase(2 * (10 + 600 + 120));
      for (let i = 0n; i < (await c.queue.cohortCount(1, 1)); i++) {
        await c.queue.connect(owner).withdraw(1, i, 0, gas);
      }
      await c.queue.connect(c.operators[0]!).withdrawBond(1, 0, 0, gas);
      await expectSolvent(c);
    });
  }

  it("a hostile module that calls back finds the door closed", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const owner = c.owners[0]!;
    await c.pool.connect(owner).delegate(1, 10n * COIN);
    await c.token.transfer(c.rewards.address, 10n * COIN);
    const again = c.pool.interface.encodeFunctionData("creditBond", [1, COIN]);
    await c.rewards.call(SIGNATURES.rewards, c.addresses.pool, again);
    await expect(c.pool.connect(owner).undelegate(1, SHARE)).to.emit(c.pool, "SettleFailed");
    await expectSolvent(c);
  });

  it("a distributor cannot book what it does not bring", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    await c.token.transfer(c.addresses.pool, 1_000n * COIN);
    const credit = c.pool.interface.encodeFunctionData("creditBond", [1, COIN]);
    await expect(c.rewards.execute(c.addresses.pool, credit)).to.revert(connection.ethers);
    await expectSolvent(c, 1_000n * COIN);
  });

  it("too little gas for rewards, seals or weights fails the exit instead of skipping them", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const owner = c.owners[0]!;
    await c.pool.connect(owner).delegate(1, 10n * COIN);
    for (const gasLimit of [150_000n, 250_000n, 350_000n, 420_000n, 480_000n]) {
      const snapshot = await networkHelpers.takeSnapshot();
      const done = await c.pool
        .connect(owner)
        .undelegate(1, SHARE, { gasLimit })
        .then(
          (tx) => tx.wait(),
          () => null,
        );
      if (done !== null) {
        expect((await c.queue.cohort(1, 1, 0)).lastSeal).to.equal(1n);
        expect((await c.pool.row(1, 0)).shares).to.equal(9n * SHARE);
      }
      await snapshot.restore();
    }
  });

  it("too little gas to look at the clock fails the request instead of joining a cohort that has to close", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const owner = c.owners[0]!;
    await c.pool.connect(owner).delegate(1, 10n * COIN);
    // Two cohorts; the clock of the first starts, so the second takes nothing more.
    for (const seal of [1, 2, 3]) {
      await sealed(c, seal);
      if (seal < 3) await c.pool.connect(owner).undelegate(1, SHARE);
      await networkHelpers.time.increase(10);
    }
    await accepted(c, 3);
    await c.seals.burn(SIGNATURES.refresh);
    const answers = new Set<string>();
    for (let gasLimit = 300_000; gasLimit <= 1_200_000; gasLimit += 12_000) {
      const snapshot = await networkHelpers.takeSnapshot();
      try {
        await c.pool.connect(owner).undelegate(1, SHARE, { gasLimit });
        answers.add("done");
        expect(await c.queue.cohortCount(1, KIND.delegation)).to.equal(3n);
      } catch (error) {
        answers.add(/UnbondingQueueInsufficientGas/.test(String(error)) ? "clock" : "other");
      }
      await snapshot.restore();
    }
    expect([...answers]).to.include.members(["done", "clock"]);
  });
});
