import { expect } from "chai";
import { network } from "hardhat";
import { boundaryNow, type Core, checkpointAt, loadCore, startedCore, submission } from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: a forged mode", () => {
  it("a checkpoint signed under an easier mode is not counted under it", async () => {
    const core = await load(started);
    // Enough for Fast's authorities and Secure's third of them, not for Balanced.
    const s = await submission(core, checkpointAt({ height: 5 }), { mode: "secure", absent: [0, 1] });
    await expect(core.checkpoints.submit(s.checkpoint, s.proof)).to.be.revertedWithCustomError(
      core.checkpoints,
      "CheckpointManagerNoQuorum",
    );
    const all = await submission(core, checkpointAt({ height: 5 }), { mode: "secure" });
    await expect(core.checkpoints.submit(all.checkpoint, all.proof)).to.be.revertedWithCustomError(
      core.checkpoints,
      "CheckpointManagerBadSignature",
    );
  });

  it("a boundary cannot begin a mode that the boundary before did not want", async () => {
    const core = await load(started);
    for (const modeNext of ["fast", "secure"] as const) {
      const boundary = await boundaryNow(core, { modeNext });
      const s = await submission(core, checkpointAt({ height: 10, boundary }));
      await expect(core.checkpoints.submitBoundary(s)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerBadMode",
      );
    }
  });
});
