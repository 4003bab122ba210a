import { expect } from "chai";
import { keccak256 } from "ethers";
import { network } from "hardhat";
import { type Core, loadCore } from "../support/core.ts";
import { endHour, expectCovered, fundedCore, payHour, vectorOf } from "../support/rewards.ts";

const connection = await network.create();
const funded = () => fundedCore(connection);
const load = () => loadCore(connection, funded);

describe("attack: accruals replayed, forged or out of order", () => {
  it("an epoch is paid once, in its turn", async () => {
    const core = await load();
    const first = await endHour(core);
    const second = await endHour(core);
    const { distributor } = core;
    const refused = (epoch: number, given: typeof first) =>
      expect(distributor.accrue(epoch, given.accounting, given.vector, given.relayer)).to.be;
    await refused(1, second).revertedWithCustomError(distributor, "RewardDistributorNotInOrder");
    await refused(0, second).revertedWithCustomError(distributor, "RewardDistributorWrongAccounting");
    await distributor.accrue(0, first.accounting, first.vector, first.relayer);
    const paid = await distributor.outstanding();
    await refused(0, first).revertedWithCustomError(distributor, "RewardDistributorNotInOrder");
    await refused(1, first).revertedWithCustomError(distributor, "RewardDistributorWrongAccounting");
    expect(await distributor.outstanding()).to.equal(paid);
    await expectCovered(core);
  });

  it("nobody is paid by a vector, a multiplier or a stamp that the boundary did not commit to", async () => {
    const core = await load();
    const { accounting, relayer, vector } = await endHour(core, { presence: { 4: { missed: 65_535 } } });
    const { distributor } = core;
    const forged = vectorOf(Array(7).fill({}));
    await expect(distributor.accrue(0, accounting, forged, relayer)).to.be.revertedWithCustomError(
      distributor,
      "RewardDistributorWrongVector",
    );
    for (const change of [
      { vectorHash: keccak256(forged) },
      { loadMultiplier: 2_000_000 },
      { stamp: accounting.stamp + 1 },
      { views: 1 },
      { epoch: 1 },
    ]) {
      await expect(
        distributor.accrue(
          0,
          { ...accounting, ...change },
          "vectorHash" in change ? forged : vector,
          relayer,
        ),
      ).to.be.revertedWithCustomError(distributor, "RewardDistributorWrongAccounting");
    }
  });

  it("nobody takes the credit of who submitted the boundary", async () => {
    const core = await load();
    const { accounting, vector, relayer } = await endHour(core);
    const thief = core.others[12]!;
    const { distributor } = core;
    await expect(
      distributor.connect(thief).accrue(0, accounting, vector, thief.address),
    ).to.be.revertedWithCustomError(distributor, "RewardDistributorWrongAccounting");
    await distributor.connect(thief).accrue(0, accounting, vector, relayer);
    expect(await distributor.creditsOf(relayer)).to.equal(5n * 10n ** 17n);
    expect(await distributor.creditsOf(thief.address)).to.equal(5n * 10n ** 17n);
  });

  it("an epoch whose boundary is not accepted pays nothing yet", async () => {
    const core: Core = await load();
    await payHour(core);
    const { accounting, vector, relayer } = await endHour(core);
    const { distributor } = core;
    await distributor.accrue(1, accounting, vector, relayer);
    await expect(distributor.accrue(2, accounting, vector, relayer)).to.be.revertedWithCustomError(
      distributor,
      "RewardDistributorNotEnded",
    );
  });
});
