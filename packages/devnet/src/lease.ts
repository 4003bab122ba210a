import { checkpointManagerAbi, consensusParametersAbi, type Network, readParams } from "@aitbc-hybrid/sdk";
import type { PublicClient } from "viem";
import { DevnetError } from "./errors.ts";

/**
 * A chain that was paused for longer than the settlement lease can only come back through recovery on the settlement
 * chain (protocol.md section 6): validators sign nothing any more.
 * @throws DevnetError LEASE_PASSED with the remedy.
 */
export async function checkLease(client: PublicClient, network: Network): Promise<void> {
  const acceptedAt = await client.readContract({
    address: network.addresses.checkpoints,
    abi: checkpointManagerAbi,
    functionName: "lastAcceptedAt",
  });
  const inForce = await client.readContract({
    address: network.addresses.parameters,
    abi: consensusParametersAbi,
    functionName: "number",
  });
  const { settleLease } = await readParams(client, network.addresses, inForce);
  const pausedMs = Date.now() - Number(acceptedAt);
  if (pausedMs > settleLease) {
    const hours = (ms: number): string => `${(ms / 3_600_000).toFixed(1)} h`;
    throw new DevnetError(
      "LEASE_PASSED",
      `this devnet was paused for ${hours(pausedMs)}, longer than its settlement lease of ${hours(settleLease)}: its validators ` +
        "may sign nothing any more, and recovery is not part of this release. Start over with --reset",
    );
  }
}
