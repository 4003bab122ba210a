import { Interface, type InterfaceAbi } from "ethers";

/** Contracts of a network by their names in the network file. */
export interface Contracts {
  readonly access: string;
  readonly token: string;
  readonly registry: string;
  readonly pool: string;
  readonly queue: string;
  readonly elections: string;
  readonly checkpoints: string;
  readonly slashing: string;
  readonly distributor: string;
  readonly parameters: string;
  readonly hybrid: string;
  readonly inclusion: string;
}

/** Contract names by their names in the network file. */
export const CONTRACT_NAMES: Readonly<Record<keyof Contracts, string>> = {
  access: "AccessManager",
  token: "AITBCToken",
  registry: "ValidatorRegistry",
  pool: "StakingPool",
  queue: "UnbondingQueue",
  elections: "Elections",
  checkpoints: "CheckpointManager",
  slashing: "SlashingManager",
  distributor: "RewardDistributor",
  parameters: "ConsensusParameters",
  hybrid: "HybridManager",
  inclusion: "InclusionLens",
};

/** Roles in AccessManager. 0 is its admin, which may also call every restricted function that no role is named for. */
export const ROLES = {
  admin: 0n,
  governance: 1n,
  slasher: 2n,
  checkpoints: 3n,
  recovery: 5n,
  council: 6n,
} as const;

/** Which restricted functions a role may call. */
export const PERMISSIONS: readonly {
  readonly role: bigint;
  readonly contract: Exclude<
    keyof Contracts,
    "access" | "token" | "slashing" | "distributor" | "hybrid" | "inclusion"
  >;
  readonly functions: readonly string[];
}[] = [
  { role: ROLES.governance, contract: "registry", functions: ["admit", "revoke", "setElections"] },
  { role: ROLES.governance, contract: "pool", functions: ["setElections", "setDistributor", "setSlasher"] },
  { role: ROLES.governance, contract: "queue", functions: ["setCheckpoints"] },
  { role: ROLES.governance, contract: "elections", functions: ["setCheckpoints"] },
  { role: ROLES.governance, contract: "checkpoints", functions: ["start"] },
  {
    role: ROLES.governance,
    contract: "parameters",
    functions: ["setConsensus", "setStake", "setSlashing", "setRewards", "setRecovery"],
  },
  { role: ROLES.slasher, contract: "registry", functions: ["jail", "tombstone"] },
  { role: ROLES.checkpoints, contract: "elections", functions: ["sealGenesis"] },
  { role: ROLES.recovery, contract: "checkpoints", functions: ["recover"] },
  { role: ROLES.recovery, contract: "elections", functions: ["sealRecovery", "readmit"] },
  { role: ROLES.council, contract: "pool", functions: ["pauseDeposits"] },
];

/**
 * The calls to AccessManager (for its `multicall`) that set who may do what.
 * @param abiOf ABI of a contract by its name in the network file
 * @param admin who gets governance, and AccessManager itself if it is not the deployer
 * @param deployer AccessManager's present admin
 */
export function roleCalls(
  contracts: Contracts,
  abiOf: (name: keyof Contracts) => InterfaceAbi,
  admin: string,
  deployer: string,
): string[] {
  const access = new Interface(abiOf("access"));
  const calls = PERMISSIONS.map(({ role, contract, functions }) => {
    const target = new Interface(abiOf(contract));
    const selectors = functions.map((name) => target.getFunction(name)!.selector);
    return access.encodeFunctionData("setTargetFunctionRole", [contracts[contract], selectors, role]);
  });
  const grant = (role: bigint, to: string) => access.encodeFunctionData("grantRole", [role, to, 0]);
  calls.push(
    access.encodeFunctionData("labelRole", [ROLES.governance, "GOVERNANCE"]),
    access.encodeFunctionData("labelRole", [ROLES.slasher, "SLASHER"]),
    access.encodeFunctionData("labelRole", [ROLES.checkpoints, "CHECKPOINTS"]),
    access.encodeFunctionData("labelRole", [ROLES.recovery, "RECOVERY"]),
    grant(ROLES.governance, admin),
    grant(ROLES.slasher, contracts.slashing),
    grant(ROLES.checkpoints, contracts.checkpoints),
    grant(ROLES.recovery, contracts.hybrid),
  );
  if (admin !== deployer) {
    calls.push(grant(ROLES.admin, admin), access.encodeFunctionData("renounceRole", [ROLES.admin, deployer]));
  }
  return calls;
}
