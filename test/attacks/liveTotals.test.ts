import { expect } from "chai";
import { network } from "hardhat";
import { type Core, checkpointAt, loadCore, startedCore, submission } from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: live totals in the quorum", () => {
  it("live stake that moved after the seal changes no quorum", async () => {
    const core = await load(started);
    await core.pool.connect(core.members.get(5)!.operator).depositBond(5, 10_000_000n * 10n ** 18n);
    const s = await submission(core, checkpointAt({ height: 5 }), { absent: [4] });
    await core.checkpoints.submit(s.checkpoint, s.proof);
    const two = await submission(core, checkpointAt({ height: 6 }), { absent: [5, 6] });
    await expect(core.checkpoints.submit(two.checkpoint, two.proof)).to.be.revertedWithCustomError(
      core.checkpoints,
      "CheckpointManagerNoQuorum",
    );
  });
});
