import { expect } from "chai";
import { network } from "hardhat";
import { type Core, checkpointAt, loadCore, seatList, startedCore, submission } from "../support/core.ts";
import { g2Struct } from "../support/points.ts";

const connection = await network.create();
const { ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: a quorum of nobody", () => {
  it("an empty quorum with the signature of nobody is refused", async () => {
    const core = await load(started);
    const s = await submission(core, checkpointAt({ height: 5 }));
    const infinity = g2Struct(`0x${"00".repeat(256)}`);
    await expect(
      core.checkpoints.submit(s.checkpoint, { signature: infinity, present: true, seats: "0x" }),
    ).to.be.revertedWithCustomError(core.checkpoints, "CheckpointManagerNoQuorum");
    await expect(
      core.checkpoints.submit(s.checkpoint, {
        signature: infinity,
        present: false,
        seats: seatList([0, 1, 2, 3, 4, 5, 6]),
      }),
    ).to.be.revertedWithCustomError(core.checkpoints, "CheckpointManagerNoQuorum");
    await expect(
      core.checkpoints.submit(s.checkpoint, { signature: infinity, present: false, seats: "0x" }),
    ).to.revert(ethers);
  });
});
