import { expect } from "chai";
import { network } from "hardhat";
import type { AbsencesStub } from "../../typechain/test/harness/AbsencesStub.ts";
import { type Core, closeEpoch, deployCore, loadCore, populate, start } from "../support/core.ts";
import { bitmap } from "../support/evidence.ts";

const connection = await network.create();
const { ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);

async function withAbsences(): Promise<Core> {
  const core = await deployCore(connection, (file) => ({
    ...file,
    slashing: { ...file.slashing, jailAfter: 3 },
    slashingBounds: { ...file.slashingBounds, lower: { ...file.slashingBounds.lower, jailAfter: 1 } },
  }));
  await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000]);
  await start(core);
  for (let i = 0; i < 4; i++) await closeEpoch(core, { seal: false });
  return core;
}

describe("attack: absence that is too dear to prove", () => {
  it("a whole run is proved in one cheap call, by anyone, from what the chain carried", async () => {
    const core = await load(withAbsences);
    const source = (await ethers.deployContract("AbsencesStub")) as unknown as AbsencesStub;
    for (let epoch = 0; epoch < 3; epoch++) await source.set(epoch, bitmap([4]));
    await core.pool.setDistributor(await source.getAddress());
    const tx = await core.slashing.connect(core.others[9]!).chargeAbsence(5, 0, [4, 4, 4]);
    expect((await tx.wait())!.gasUsed).to.be.below(1_000_000n);
    expect((await core.registry.validator(5)).status).to.equal(2n);
  });
});
