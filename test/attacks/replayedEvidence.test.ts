import { expect } from "chai";
import { network } from "hardhat";
import {
  type Core,
  closeEpoch,
  domainOf,
  hashOf,
  loadCore,
  notarize,
  startedCore,
  votePair,
} from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: signatures of one place used as evidence in another", () => {
  it("another chain, genesis, epoch, incarnation, mode or registry: the two signatures do not fit", async () => {
    const core = await load(started);
    await closeEpoch(core);
    const first = notarize(7, "a");
    const second = notarize(7, "b");
    for (const other of [
      { chainId: 1 },
      { genesisHash: hashOf("other genesis") },
      { epoch: 0 },
      { incarnation: 1 },
      { mode: "fast" as const },
      { mode: "secure" as const },
      { registry: hashOf("other registry") },
    ]) {
      const pair = await votePair(core, 4, first, second, { secondDomain: await domainOf(core, other) });
      await expect(core.slashing.submitVotes(pair), JSON.stringify(other)).to.be.revertedWithCustomError(
        core.slashing,
        "SlashingManagerBadSignature",
      );
    }
  });

  it("both signatures of one foreign place prove nothing here either", async () => {
    const core = await load(started);
    const honest = await votePair(core, 4, notarize(7, "a"), notarize(7, "b"), { chainId: 1 });
    await expect(core.slashing.submitVotes(honest)).to.be.revertedWithCustomError(
      core.slashing,
      "SlashingManagerBadSignature",
    );
    for (const change of [{ epoch: 9 }, { incarnation: 2 }, { registryRoot: hashOf("x") }]) {
      await expect(core.slashing.submitVotes({ ...honest, ...change })).to.be.revertedWithCustomError(
        core.slashing,
        "SlashingManagerUnknownDomain",
      );
    }
  });
});
