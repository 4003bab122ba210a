import { expect } from "chai";
import { network } from "hardhat";
import {
  boundaryNow,
  type Core,
  checkpointAt,
  closeEpoch,
  hashOf,
  loadCore,
  startedCore,
  submission,
} from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: gaps and stale registries", () => {
  it("checkpoints between may be skipped, boundaries may not, however late they come", async () => {
    const core = await load(started);
    const beyond = await submission(core, checkpointAt({ height: 15 }), { epoch: 1 });
    await expect(core.checkpoints.submit(beyond.checkpoint, beyond.proof)).to.be.revertedWithCustomError(
      core.checkpoints,
      "CheckpointManagerBadHeight",
    );
    await connection.networkHelpers.time.increase(400 * 86_400);
    await closeEpoch(core);
    expect(await core.checkpoints.epochNow()).to.equal(1n);
  });

  it("a boundary that names a registry of long ago is refused", async () => {
    const core = await load(started);
    const genesis = (await core.checkpoints.recordedRegistry(0)).registryRoot;
    for (let i = 0; i < 2; i++) {
      const member = core.members.get(5)!;
      await core.pool.connect(member.operator).depositBond(5, 10n ** 18n);
      await closeEpoch(core);
    }
    const member = core.members.get(5)!;
    await core.pool.connect(member.operator).depositBond(5, 10n ** 18n);
    await closeEpoch(core);
    for (const registryAfter of [genesis, hashOf("never sealed")]) {
      const boundary = await boundaryNow(core, { registryAfter: registryAfter as never });
      const { lastHeight } = await core.checkpoints.epochRecord(3);
      const s = await submission(core, checkpointAt({ height: Number(lastHeight), boundary }));
      await expect(core.checkpoints.submitBoundary(s)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerBadRegistry",
      );
    }
  });
});
