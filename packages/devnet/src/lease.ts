import {
  checkpointManagerAbi,
  consensusParametersAbi,
  hybridManagerAbi,
  type Network,
  readParams,
} from "@aitbc-hybrid/sdk";
import type { PublicClient } from "viem";

/** A chain that was away for longer than its validators may sign without the settlement chain. */
export interface Pause {
  readonly pausedMs: number;
  readonly leaseMs: number;
  /** What a recovery waits for, all in all, before anybody is asked for a restart. */
  readonly recoveryMs: number;
}

/**
 * Whether a chain was paused for longer than its settlement lease: it then comes back only through a recovery on the
 * settlement chain (protocol.md section 6), which its validators open by themselves. Null if it was not.
 */
export async function pauseBeyondLease(client: PublicClient, network: Network): Promise<Pause | null> {
  const { checkpoints, hybrid, parameters } = network.addresses;
  const [acceptedAt, leaseEnd, recovery, inForce] = await Promise.all([
    client.readContract({
      address: checkpoints,
      abi: checkpointManagerAbi,
      functionName: "lastAcceptedAt",
    }),
    client.readContract({ address: hybrid, abi: hybridManagerAbi, functionName: "settlementLease" }),
    client.readContract({ address: parameters, abi: consensusParametersAbi, functionName: "recovery" }),
    client.readContract({ address: parameters, abi: consensusParametersAbi, functionName: "number" }),
  ]);
  const now = Date.now();
  if (now <= Number(leaseEnd)) return null;
  // Where Fast may be on, grace waits for its lease too.
  const { lease, drift, modeFloor } = await readParams(client, network.addresses, inForce);
  const fast = modeFloor === 0 ? lease + 2 * drift : 0;
  return {
    pausedMs: now - Number(acceptedAt),
    leaseMs: Number(leaseEnd - acceptedAt),
    recoveryMs: 1_000 * Number(recovery.stall + recovery.grace) + fast,
  };
}

/** The same as a sentence. */
export function describePause({ pausedMs, leaseMs, recoveryMs }: Pause): string {
  const hours = (ms: number): string =>
    ms < 3_600_000 ? `${Math.round(ms / 1_000)} s` : `${(ms / 3_600_000).toFixed(1)} h`;
  return (
    `this devnet was paused for ${hours(pausedMs)}, longer than its settlement lease of ${hours(leaseMs)}: its validators sign nothing ` +
    `until they recovered it through the contracts, which takes ${Math.ceil(recoveryMs / 1_000)} s and some more. --reset starts over at once`
  );
}
