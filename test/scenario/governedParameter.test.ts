import { paramsAt, paramsHash } from "@aitbc-hybrid/protocol";
import { type Network, readParams, readRegistry } from "@aitbc-hybrid/sdk";
import { expect } from "chai";
import { network } from "hardhat";
import { createPublicClient, custom } from "viem";
import { closeEpoch, startedCore } from "../support/core.ts";
import { enact } from "../support/governance.ts";

const connection = await network.create();
const client = createPublicClient({ transport: custom(connection.provider), pollingInterval: 10 });

describe("a governed parameter", () => {
  it("goes from a proposal into a sealed registry and the configuration of its epoch, no earlier", async () => {
    const core = await startedCore(connection);
    const addresses = core.addresses as Network["addresses"];
    const before = await readParams(client, addresses, 1);
    const wanted = { ...before, voteWindow: before.voteWindow / 2, drift: 250 };
    await closeEpoch(core);
    await closeEpoch(core);
    // Epoch 2 now; the candidates of 3 and 4 are sealed.
    const data = core.parameters.interface.encodeFunctionData("setConsensus", [wanted]);
    await enact(core, [{ target: core.addresses.parameters, data }], [5, 6, 7]);
    await closeEpoch(core);
    await closeEpoch(core);
    await closeEpoch(core);
    for (const [epoch, expected] of [
      [3, before],
      [4, before],
      [5, wanted],
      [6, wanted],
    ] as const) {
      const root = (await core.checkpoints.recordedRegistry(epoch)).registryRoot as `0x${string}`;
      const registry = await readRegistry(client, addresses, root, epoch);
      expect(registry.params, `epoch ${epoch}`).to.deep.equal(expected);
      expect(paramsAt(registry, "balanced").drift).to.equal(expected.drift);
      const { paramsHash: sealed } = await core.elections.snapshot(await core.elections.sealOf(epoch));
      expect(sealed).to.equal(paramsHash(expected));
    }
  });
});
