import { expect } from "chai";
import { network } from "hardhat";
import { type Core, checkpointAt, loadCore, startedCore, submission } from "../support/core.ts";
import { anchor, certificate, endGrace, open, restartProof } from "../support/recovery.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: an authority class that is gone", () => {
  it("the stake alone restarts the chain, and Secure's oversight goes with the class", async () => {
    const core = await load(started);
    await open(core);
    const c = await certificate(core, 4);
    await core.hybrid.post(c.words, anchor(core));
    await endGrace(core);
    const stakers = await restartProof(core, 4, c.hash, { signers: [4, 5, 6] });
    await core.hybrid.restart(4, c.hash, stakers);
    await core.hybrid.activate(4, c.hash, anchor(core));
    const { snapshot } = await core.checkpoints.epochRecord(1);
    expect((await core.elections.snapshotAt(snapshot)).suspended).to.equal(15n);
    const s = await submission(core, checkpointAt({ height: 7 }));
    await core.checkpoints.submit(s.checkpoint, s.proof);
  });
});
