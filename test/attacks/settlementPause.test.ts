import { expect } from "chai";
import { network } from "hardhat";
import { type Core, checkpointAt, loadCore, startedCore, submission } from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: a lease that lapses because the settlement chain itself paused", () => {
  it("after the pause the first checkpoint renews the lease and ends a recovery opened meanwhile", async () => {
    const core = await load(started);
    const before = await core.hybrid.settlementLease();
    await connection.networkHelpers.time.increase(3 * 86_400);
    const now = BigInt(await connection.networkHelpers.time.latest()) * 1000n;
    expect(before < now).to.equal(true);
    // Whoever comes first after the pause opens it; what the chain finalized meanwhile is younger than the stall.
    await core.hybrid.open();
    const s = await submission(core, checkpointAt({ height: 5, stamp: Number(now) }));
    await core.checkpoints.submit(s.checkpoint, s.proof);
    expect(await core.hybrid.isOpen()).to.equal(false);
    expect((await core.hybrid.settlementLease()) > now).to.equal(true);
  });
});
