import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { type CheckpointCertificate, checkpointRoot, type Hash, toBitmap } from "@aitbc-hybrid/protocol";
import {
  checkpointManagerAbi,
  checkpointSubmission,
  type Network,
  readRegistry,
  submitCheckpoint,
} from "@aitbc-hybrid/sdk";
import { expect } from "chai";
import { getBytes } from "ethers";
import { network } from "hardhat";
import { createPublicClient, createWalletClient, custom, encodeFunctionData } from "viem";
import {
  boundaryNow,
  type CheckpointOptions,
  type Core,
  checkpointAt,
  domainOf,
  secretsBySeat,
  startedCore,
  submission,
} from "../support/core.ts";

const connection = await network.create();
const client = createPublicClient({ transport: custom(connection.provider), pollingInterval: 10 });

/** What validators hand each other once a checkpoint is backed. */
async function certified(core: Core, options: CheckpointOptions, absent: readonly number[]) {
  const checkpoint = checkpointAt(options);
  const domain = await domainOf(core);
  const secrets = await secretsBySeat(core, 0);
  const signers = [...secrets.keys()].filter((seat) => !absent.includes(seat));
  const root = getBytes(checkpointRoot(domain, checkpoint));
  const certificate: CheckpointCertificate = {
    epoch: 0,
    domain,
    checkpoint,
    bitmap: toBitmap(signers, secrets.length),
    signature: nativeBls.aggregateSignatures(signers.map((seat) => nativeBls.sign(secrets[seat]!, root))),
  };
  return certificate;
}

describe("the client's own calls", () => {
  let core: Core;
  let settlement: Network;

  before(async () => {
    core = await startedCore(connection);
    settlement = { chainId: 31_337, addresses: core.addresses as Network["addresses"], deployBlock: 0 };
  });

  it("are the bytes that gas is measured with, absentees listed", async () => {
    const root = (await core.elections.snapshotHashOf(0)) as Hash;
    const registry = await readRegistry(client, settlement.addresses, root, 0);
    for (const absent of [[], [2, 6]]) {
      const certificate = await certified(core, { height: 5 }, absent);
      const { checkpoint, proof } = checkpointSubmission(certificate, registry, "balanced");
      const data = encodeFunctionData({
        abi: checkpointManagerAbi,
        functionName: "submit",
        args: [checkpoint, proof],
      });
      const measured = await submission(core, certificate.checkpoint, { absent });
      expect(data).to.equal(
        core.checkpoints.interface.encodeFunctionData("submit", [measured.checkpoint, measured.proof]),
      );
    }
  });

  it("are accepted: a checkpoint, then a boundary that seals the candidate", async () => {
    const registry = await readRegistry(
      client,
      settlement.addresses,
      (await core.elections.snapshotHashOf(0)) as Hash,
      0,
    );
    const account = core.deployer.address as Hash;
    const wallet = createWalletClient({ account, transport: custom(connection.provider) });
    const sender = { client, wallet, account: wallet.account };
    const boundary = await boundaryNow(core);
    for (const options of [{ height: 5 }, { height: 10, boundary }]) {
      const certificate = await certified(core, options, [1]);
      await submitCheckpoint(sender, settlement, certificate, registry, "balanced");
    }
    expect(await core.checkpoints.epochNow()).to.equal(1n);
    expect(await core.elections.sealOf(3)).to.equal(2n);
  });
});
