import type { Hash } from "@aitbc-hybrid/protocol";
import { type Network, readRegistry } from "@aitbc-hybrid/sdk";
import { expect } from "chai";
import { network } from "hardhat";
import { createPublicClient, custom } from "viem";
import { COIN, type Core, closeEpoch, loadCore, startedCore } from "../support/core.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);
/** More epochs than a registry may be carried over in a row beside a candidate that could be seen. */
const EPOCHS = 30;

describe("attack: a candidate beside each of many late boundaries", () => {
  it("whoever seals between boundaries that an outage held up makes none of them refused", async function () {
    this.timeout(120_000);
    const core = await load(started);
    await closeEpoch(core);
    const { registryRoot } = await core.checkpoints.recordedRegistry(0);
    // The chain went on without the settlement chain: it knew of no candidate when its boundaries became final.
    const outage = (await networkHelpers.time.latest()) * 1000;
    for (let i = 0; i < EPOCHS; i++) {
      const commitment = { registryAfter: registryRoot as Hash };
      await closeEpoch(core, { commitment, stamp: outage + i });
      await core.pool.connect(core.members.get(5)!.operator).depositBond(5, COIN);
      // Pay that is missing may be given up then, and holds up no seal.
      await networkHelpers.time.increase(60);
    }
    expect(await core.checkpoints.epochNow()).to.equal(BigInt(EPOCHS + 1));
    expect(await core.checkpoints.carriedOver()).to.equal(0n);
    expect((await core.checkpoints.recordedRegistry(EPOCHS)).registryRoot).to.equal(registryRoot);
    // A client that begins then finds the registry for the epochs that the contracts do not know yet.
    const client = createPublicClient({ transport: custom(connection.provider) });
    const addresses = core.addresses as Network["addresses"];
    const registry = await readRegistry(client, addresses, registryRoot as Hash, 2 * EPOCHS);
    expect(registry.root).to.equal(registryRoot);
    // Its first boundary of after the outage takes over what was sealed.
    await closeEpoch(core, { stamp: (await networkHelpers.time.latest()) * 1000 });
    expect((await core.checkpoints.recordedRegistry(EPOCHS + 3)).registryRoot).to.not.equal(registryRoot);
  });
});
