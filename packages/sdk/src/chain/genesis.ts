import { addressesHash, type Genesis, genesisHash, MODES } from "@aitbc-hybrid/protocol";
import type { PublicClient } from "viem";
import { checkpointManagerAbi } from "../abi/index.ts";
import { SdkError } from "../errors.ts";
import { coreAddresses, type Network } from "../network.ts";

/**
 * The genesis that `start` recorded, from its event, believed only because it hashes to the stored genesis hash.
 * @throws SdkError NOT_STARTED if `start` was not called; NETWORK_FILE if the file names other contracts.
 */
export async function readGenesis(client: PublicClient, network: Network): Promise<Genesis> {
  const [event] = await client.getContractEvents({
    address: network.addresses.checkpoints,
    abi: checkpointManagerAbi,
    eventName: "Started",
    fromBlock: BigInt(network.deployBlock),
    toBlock: "latest",
    strict: true,
  });
  if (event === undefined) {
    throw new SdkError(
      "NOT_STARTED",
      "the chain was not started: CheckpointManager.start was not called yet",
    );
  }
  const recorded = event.args.genesis;
  const genesis: Genesis = {
    chainId: Number(recorded.chainId),
    settlementChainId: Number(recorded.settlementChainId),
    addressesHash: addressesHash(coreAddresses(network.addresses)),
    snapshotHash: recorded.snapshotHash,
    mode: MODES[recorded.mode]!,
    stateRoot: recorded.stateRoot,
    stamp: Number(recorded.stamp),
  };
  if (genesisHash(genesis) !== event.args.genesisHash) {
    throw new SdkError(
      "NETWORK_FILE",
      `the chain's genesis ${event.args.genesisHash} is not that of the contracts in the network file: write it anew with the deploy task`,
    );
  }
  return genesis;
}
