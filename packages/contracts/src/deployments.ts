import type { Addresses, Network } from "@aitbc-hybrid/sdk";
import { deployments } from "./generated/index.ts";

/** A network whose contracts are published with this package. */
export type Deployment = Network;

/** A contract by its name in a network file. */
export type DeploymentName = keyof Addresses;

/** Whether the contracts are deployed on a settlement chain, as far as this version knows. */
export const isDeployedOn = (settlementChainId: number): boolean =>
  deployments[settlementChainId] !== undefined;

/**
 * Where the contracts are on a settlement chain.
 * @throws RangeError if this version knows of none there: a private network's addresses are in its network file.
 */
export function deploymentOn(settlementChainId: number): Deployment {
  const found = deployments[settlementChainId];
  if (found === undefined) {
    throw new RangeError(`no contracts are known on settlement chain ${settlementChainId}`);
  }
  return found;
}
