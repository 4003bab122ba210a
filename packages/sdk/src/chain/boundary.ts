import type { Accounting } from "@aitbc-hybrid/protocol";
import type { Address, PublicClient } from "viem";
import { checkpointManagerAbi } from "../abi/index.ts";
import type { Network } from "../network.ts";

/** Settlement blocks asked for events in one call. */
const LOG_PAGE = 1_000n;

/** What an accepted boundary left for the pay of its epoch. */
export interface AcceptedBoundary {
  readonly accounting: Accounting;
  /** Who submitted it, and is credited for that. */
  readonly submitter: Address;
}

/** The end of an epoch as the contracts accepted it, looked for from the head back; null while they did not. */
export async function readBoundary(
  client: PublicClient,
  network: Network,
  epoch: number,
): Promise<AcceptedBoundary | null> {
  const lowest = BigInt(network.deployBlock);
  const contract = {
    address: network.addresses.checkpoints,
    abi: checkpointManagerAbi,
    strict: true,
  } as const;
  const args = { epoch: BigInt(epoch) };
  for (let toBlock = await client.getBlockNumber({ cacheTime: 0 }); toBlock >= lowest; toBlock -= LOG_PAGE) {
    const fromBlock = toBlock - LOG_PAGE + 1n > lowest ? toBlock - LOG_PAGE + 1n : lowest;
    const page = { ...contract, args, fromBlock, toBlock } as const;
    const [[accepted], [recovered]] = await Promise.all([
      client.getContractEvents({ ...page, eventName: "BoundaryAccepted" }),
      client.getContractEvents({ ...page, eventName: "EpochRecovered" }),
    ]);
    if (accepted !== undefined) {
      const at = accepted.blockNumber;
      // Both events are of one call: the last checkpoint of the epoch is its boundary.
      const checkpoints = await client.getContractEvents({
        ...page,
        eventName: "CheckpointAccepted",
        fromBlock: at,
        toBlock: at,
      });
      const submitter = checkpoints.at(-1)?.args.submitter;
      if (submitter === undefined) return null;
      return { accounting: accountingFrom(accepted.args.boundary.accounting), submitter };
    }
    if (recovered !== undefined) {
      const { from } = await client.getTransaction({ hash: recovered.transactionHash });
      return { accounting: accountingFrom(recovered.args.accounting), submitter: from };
    }
  }
  return null;
}

const accountingFrom = (a: {
  readonly epoch: bigint;
  readonly views: bigint;
  readonly stamp: bigint;
  readonly loadMultiplier: number;
  readonly vectorHash: `0x${string}`;
}): Accounting => ({
  epoch: Number(a.epoch),
  views: Number(a.views),
  stamp: Number(a.stamp),
  loadMultiplier: Number(a.loadMultiplier),
  vectorHash: a.vectorHash,
});
