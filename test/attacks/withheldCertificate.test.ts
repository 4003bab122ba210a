import { expect } from "chai";
import { network } from "hardhat";
import { type Core, loadCore, startedCore } from "../support/core.ts";
import { acceptCheckpoint, anchor, certificate, endGrace, open, restartProof } from "../support/recovery.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: recovery with a withheld certificate", () => {
  it("shown at the last second, again and again, one height at a time, it does not move the end of grace", async () => {
    const core = await load(started);
    await open(core);
    const { graceEnd } = await core.hybrid.recovery(1);
    await networkHelpers.time.increaseTo(graceEnd - 4n);
    for (const view of [2, 3, 4]) {
      await core.hybrid.post((await certificate(core, view)).words, anchor(core));
      expect((await core.hybrid.recovery(1)).graceEnd).to.equal(graceEnd);
    }
    await networkHelpers.time.setNextBlockTimestamp(graceEnd);
    await core.hybrid.post((await certificate(core, 5)).words, anchor(core));
    // A second later a higher one binds nobody any more, and a restart is heard.
    const late = await certificate(core, 6);
    await core.hybrid.post(late.words, anchor(core));
    expect((await core.hybrid.recovery(1)).postedView).to.equal(5n);
    const { postedHash } = await core.hybrid.recovery(1);
    await core.hybrid.restart(5, postedHash, await restartProof(core, 5, postedHash));
    await core.hybrid.activate(5, postedHash, anchor(core));
  });

  it("old checkpoints, handed in one at a time, reset no clock", async () => {
    const core = await load(started);
    await open(core);
    const { graceEnd } = await core.hybrid.recovery(1);
    const leakAt = await core.hybrid.nextRoundAt();
    for (const height of [2, 3, 4]) await acceptCheckpoint(core, height);
    expect(await core.hybrid.isOpen()).to.equal(true);
    expect((await core.hybrid.recovery(1)).graceEnd).to.equal(graceEnd);
    expect(await core.hybrid.nextRoundAt()).to.equal(leakAt);
  });

  it("a certificate that nobody can follow stops no restart from the block the stake executed", async () => {
    const core = await load(started);
    await open(core);
    const held = await certificate(core, 3);
    await core.hybrid.post(held.words, anchor(core));
    const unseen = await certificate(core, 9);
    await core.hybrid.post(unseen.words, anchor(core));
    await endGrace(core);
    await core.hybrid.restart(3, held.hash, await restartProof(core, 3, held.hash));
    await core.hybrid.activate(3, held.hash, anchor(core));
  });
});
