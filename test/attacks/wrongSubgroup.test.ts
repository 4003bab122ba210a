import { expect } from "chai";
import { network } from "hardhat";
import {
  type Core,
  checkpointAt,
  loadCore,
  notarize,
  possession,
  startedCore,
  submission,
  votePair,
} from "../support/core.ts";
import { g1Struct, g2Hex, g2Struct, outsideG2 } from "../support/points.ts";
import { readVectors } from "../support/vectors.ts";

const connection = await network.create();
const { ethers } = connection;
const started = (): Promise<Core> => startedCore(connection);
const load = () => loadCore(connection, started);
const outsideG1 = readVectors<{ invalidKeys: { name: string; point: string }[] }>("bls.json").invalidKeys;

describe("attack: points outside the subgroup of prime order", () => {
  for (const { name, point } of outsideG1) {
    it(`a key that is ${name} is not registered, nor rotated to`, async () => {
      const core = await load();
      const { operator, id } = core.members.get(5)!;
      const newcomer = core.others[9]!;
      const next = Number(await core.registry.validatorCount()) + 1;
      const { proof } = possession(core, "newcomer", next);
      const rotation = possession(core, "rotation", id);
      await expect(
        core.registry
          .connect(newcomer)
          .register(newcomer.address, newcomer.address, g1Struct(point), proof, ""),
      ).to.revert(ethers);
      await expect(core.registry.connect(operator).setKey(id, g1Struct(point), rotation.proof)).to.revert(
        ethers,
      );
    });
  }

  it("neither a proof of possession, nor a checkpoint's signature, nor evidence may be outside", async () => {
    const core = await load();
    const newcomer = core.others[9]!;
    const signature = g2Struct(g2Hex(outsideG2()));
    const { key } = possession(core, "newcomer", Number(await core.registry.validatorCount()) + 1);
    await expect(
      core.registry.connect(newcomer).register(newcomer.address, newcomer.address, key, signature, ""),
    ).to.revert(ethers);
    const s = await submission(core, checkpointAt({ height: 5 }));
    await expect(core.checkpoints.submit(s.checkpoint, { ...s.proof, signature })).to.revert(ethers);
    const pair = await votePair(core, 5, notarize(3, "one"), notarize(3, "other"));
    await expect(core.slashing.submitVotes({ ...pair, signature })).to.revert(ethers);
    // The same with the signatures that were made: nothing else was wrong.
    await core.checkpoints.submit(s.checkpoint, s.proof);
    await core.slashing.submitVotes(pair);
  });
});
