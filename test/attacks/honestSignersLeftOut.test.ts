import { expect } from "chai";
import { network } from "hardhat";
import { type Core, checkpointAt, hashOf, loadCore, startedCore, submission } from "../support/core.ts";
import { bits, endGrace, open, restartProof } from "../support/recovery.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: honest signers left out", () => {
  it("a submitter who leaves signers out of a checkpoint harms nobody: its list decides nothing else", async () => {
    const core = await load(started);
    const s = await submission(core, checkpointAt({ height: 5 }), { absent: [6] });
    await core.checkpoints.submit(s.checkpoint, s.proof);
    const v = await core.registry.validator(7);
    expect([v.status, await core.registry.jailedWord(0), await core.registry.heldWord(0)]).to.deep.equal([
      1n,
      0n,
      0n,
    ]);
    expect((await core.elections.candidate(7)).weight).to.equal(20_000n);
  });

  it("a signer left out of a RESTART aggregate adds its own, and counts once", async () => {
    const core = await load(started);
    await open(core);
    await endGrace(core);
    const hash = hashOf("point");
    await core.hybrid.restart(3, hash, await restartProof(core, 3, hash, { absent: [6] }));
    expect(bits((await core.hybrid.attendance(1)).heard)).to.deep.equal([0, 1, 2, 3, 4, 5]);
    await core.hybrid.restart(3, hash, await restartProof(core, 3, hash, { signers: [6] }));
    expect(await core.hybrid.support(3, hash, false, 1)).to.deep.equal([72_000n, 72_000n]);
  });
});
