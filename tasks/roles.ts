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
  readonly timelock: string;
  readonly governor: string;
  readonly upgrades: string;
  readonly council: string;
  readonly inbox: string;
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
  timelock: "TimelockController",
  governor: "HybridGovernor",
  upgrades: "ModuleUpgrades",
  council: "EmergencyCouncil",
  inbox: "ForcedInbox",
};

/**
 * Roles in AccessManager. 0 is its admin, which may also call every restricted function that no role is named for;
 * 2 and 4 name nobody: custody and the registry keep their slasher, and custody its distributor, themselves.
 */
export const ROLES = {
  admin: 0n,
  governance: 1n,
  checkpoints: 3n,
  recovery: 5n,
  council: 6n,
  modules: 7n,
} as const;

/** Which restricted functions a role may call. */
export const PERMISSIONS: readonly {
  readonly role: bigint;
  readonly contract: keyof Contracts;
  readonly functions: readonly string[];
}[] = [
  { role: ROLES.governance, contract: "registry", functions: ["admit", "revoke"] },
  { role: ROLES.governance, contract: "checkpoints", functions: ["start"] },
  {
    role: ROLES.governance,
    contract: "parameters",
    functions: ["setConsensus", "setStake", "setSlashing", "setRewards", "setRecovery"],
  },
  { role: ROLES.governance, contract: "upgrades", functions: ["announce", "cancel"] },
  { role: ROLES.governance, contract: "council", functions: ["setMembers"] },
  { role: ROLES.governance, contract: "slashing", functions: ["spend"] },
  { role: ROLES.checkpoints, contract: "elections", functions: ["sealGenesis"] },
  { role: ROLES.governance, contract: "inbox", functions: ["setFees"] },
  { role: ROLES.recovery, contract: "checkpoints", functions: ["noteStall", "recover"] },
  { role: ROLES.recovery, contract: "elections", functions: ["sealRecovery", "readmit"] },
  { role: ROLES.recovery, contract: "slashing", functions: ["leak"] },
  { role: ROLES.council, contract: "pool", functions: ["pauseDeposits"] },
  { role: ROLES.council, contract: "parameters", functions: ["requestModeFloor"] },
  { role: ROLES.modules, contract: "registry", functions: ["setElections", "setSlasher"] },
  { role: ROLES.modules, contract: "pool", functions: ["setElections", "setDistributor", "setSlasher"] },
  { role: ROLES.modules, contract: "queue", functions: ["setCheckpoints"] },
  { role: ROLES.modules, contract: "elections", functions: ["setCheckpoints"] },
];

/** Who holds a role once the deployer has handed over: one contract each. */
export const HOLDERS: readonly { readonly role: bigint; readonly holder: keyof Contracts }[] = [
  { role: ROLES.admin, holder: "timelock" },
  { role: ROLES.governance, holder: "timelock" },
  { role: ROLES.checkpoints, holder: "checkpoints" },
  { role: ROLES.recovery, holder: "hybrid" },
  { role: ROLES.council, holder: "council" },
  { role: ROLES.modules, holder: "upgrades" },
];

/** Roles of the timelock, all of the governor alone. It is its own administrator. */
export const TIMELOCK_ROLES = ["PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"] as const;

/** Delays of AccessManager, seconds: at least as long as stake takes to leave. */
export interface Delays {
  /** From a change of who may call a contract's functions to its effect. */
  readonly target: number;
  /** From the grant of a role to its effect. */
  readonly grant: number;
}

/** Contracts whose functions AccessManager guards. */
export const MANAGED = [...new Set(PERMISSIONS.map(({ contract }) => contract))];

/**
 * The calls to AccessManager (for its `multicall`) that set who may do what. The founder keeps what he needs to admit the
 * first authorities and to start the chain until he hands over.
 * @param abiOf ABI of a contract by its name in the network file
 * @param founder AccessManager's present admin
 */
export function roleCalls(
  contracts: Contracts,
  abiOf: (name: keyof Contracts) => InterfaceAbi,
  founder: string,
  delays: Delays,
): string[] {
  const access = new Interface(abiOf("access"));
  const calls = PERMISSIONS.map(({ role, contract, functions }) => {
    const target = new Interface(abiOf(contract));
    const selectors = functions.map((name) => target.getFunction(name)!.selector);
    return access.encodeFunctionData("setTargetFunctionRole", [contracts[contract], selectors, role]);
  });
  for (const [name, role] of Object.entries(ROLES)) {
    if (role !== ROLES.admin) calls.push(access.encodeFunctionData("labelRole", [role, name.toUpperCase()]));
  }
  for (const { role, holder } of HOLDERS) {
    calls.push(access.encodeFunctionData("grantRole", [role, contracts[holder], 0]));
  }
  calls.push(access.encodeFunctionData("grantRole", [ROLES.governance, founder, 0]));
  // AccessManager lets both delays take effect five days later.
  for (const role of Object.values(ROLES)) {
    calls.push(access.encodeFunctionData("setGrantDelay", [role, delays.grant]));
  }
  for (const contract of MANAGED) {
    calls.push(access.encodeFunctionData("setTargetAdminDelay", [contracts[contract], delays.target]));
  }
  return calls;
}

/** The calls to AccessManager with which the founder gives up all he has. */
export function handOverCalls(abiOf: (name: keyof Contracts) => InterfaceAbi, founder: string): string[] {
  const access = new Interface(abiOf("access"));
  return [ROLES.governance, ROLES.admin].map((role) =>
    access.encodeFunctionData("renounceRole", [role, founder]),
  );
}
