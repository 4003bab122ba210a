import { expect } from "chai";
import { network } from "hardhat";
import { type Core, checkpointAt, loadCore, seatList, startedCore, submission } from "../support/core.ts";
import { g2Struct } from "../support/points.ts";

const connection = await network.create();
const { ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: duplicate, unordered, stale and over-long seat lists, and signatures of nobody", () => {
  it("a heavy signer listed many times weighs once: the list is refused", async () => {
    const core = await load(started);
    for (const present of [true, false]) {
      for (const listed of [[4, 4, 4], [5, 4], [4, 5, 6, 7], Array.from({ length: 1_025 }, (_, i) => i)]) {
        const s = await submission(core, checkpointAt({ height: 5 }), { present, listed });
        await expect(core.checkpoints.submit(s.checkpoint, s.proof)).to.be.revertedWithCustomError(
          core.checkpoints,
          "CheckpointManagerBadSeats",
        );
      }
    }
  });

  it("infinity is no signature of a real quorum", async () => {
    const core = await load(started);
    const s = await submission(core, checkpointAt({ height: 5 }));
    const signature = g2Struct(`0x${"00".repeat(256)}`);
    for (const proof of [
      { signature, present: false, seats: "0x" },
      { signature, present: true, seats: seatList([0, 1, 2, 3, 4, 5, 6]) },
    ]) {
      await expect(core.checkpoints.submit(s.checkpoint, proof)).to.revert(ethers);
    }
  });
});
