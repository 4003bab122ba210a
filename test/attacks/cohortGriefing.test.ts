import { expect } from "chai";
import { network } from "hardhat";
import { COIN } from "../support/core.ts";
import { accepted, BOND, convict, deployCustody, expectSolvent, KIND, sealed } from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const stubbed = () => deployCustody(connection);
const PERIOD = 10;

describe("attack: filling the queue of others with dust", () => {
  it("a request every day leaves a validator at most its open days to slash, and the victim his exit", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const [griefer, victim] = c.owners;
    await c.pool.connect(griefer!).delegate(1, COIN);
    await c.pool.connect(victim!).delegate(1, 100n * COIN);
    await c.pool.connect(victim!).undelegate(1, 50n * COIN * 10n ** 6n);
    const { lastSeal } = await c.queue.cohort(1, KIND.delegation, 0);
    for (let day = 2; day < 30; day++) {
      await networkHelpers.time.increase(PERIOD);
      await sealed(c, day);
      await accepted(c, day);
      await c.pool.connect(griefer!).undelegate(1, 10n ** 7n);
    }
    // The victim's cohort closed at the first seal after its day, and its clock has run out.
    expect((await c.queue.cohort(1, KIND.delegation, 0)).lastSeal).to.equal(lastSeal);
    await accepted(c, 29, (await networkHelpers.time.latest()) - 120);
    await c.queue.connect(victim!).withdraw(1, 0, 0);
    // A slash for the oldest offence that evidence reaches walks the days since.
    const walked = await c.queue.cohortCount(1, KIND.delegation);
    expect(walked).to.be.at.most(30n);
    const receipt = (await (await convict(c, 1, 29 - 24, BOND + COIN)).wait())!;
    expect(receipt.gasUsed).to.be.below(2_000_000n);
    await expectSolvent(c);
  });

  it("on one day there is one cohort, however many ask", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    for (const owner of c.owners.slice(0, 5)) {
      await c.pool.connect(owner).delegate(1, COIN);
      await c.pool.connect(owner).undelegate(1, COIN * 10n ** 5n);
    }
    expect(await c.queue.cohortCount(1, KIND.delegation)).to.be.at.most(2n);
  });

  it("nobody else can add to an entry, a trace or a position that is not open", async () => {
    const c = await networkHelpers.loadFixture(stubbed);
    const [owner, griefer] = c.owners;
    await expect(c.pool.connect(griefer!).delegateFor(1, owner!.address, COIN)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolNoPosition",
    );
    await c.pool.connect(owner!).delegate(1, COIN);
    for (let k = 2; k <= 8; k++) {
      await sealed(c, k);
      await c.pool.connect(griefer!).delegateFor(1, owner!.address, COIN);
    }
    await sealed(c, 9);
    await expect(c.pool.connect(griefer!).delegateFor(1, owner!.address, COIN)).to.be.revertedWithCustomError(
      c.pool,
      "StakingPoolTraceFull",
    );
    // The owner still deposits and leaves, with all of it.
    await c.pool.connect(owner!).delegate(1, COIN);
    await c.pool.connect(owner!).undelegate(1, 9n * COIN * 10n ** 6n);
    expect((await c.pool.position(1, owner!.address)).shares).to.equal(0n);
  });
});
