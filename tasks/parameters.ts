import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Delays } from "./roles.ts";

/** The folder of parameter files. */
const FOLDER = fileURLToPath(new URL("../deploy/parameters/", import.meta.url));

type Values = Readonly<Record<string, number | Readonly<Record<string, number>>>>;

/** A parameter file (deploy/parameters): amounts in whole AITBC, fractions in millionths. */
export interface ParameterFile {
  readonly about: string;
  /** Settlement chains it is for and refuses to be used beyond; absent: any. */
  readonly settlementChains?: readonly number[];
  /** Id of the chain that is checkpointed. */
  readonly chainId: number;
  /** Who gets how much at deployment; "deployer" stands for the deploying account. */
  readonly allocations: readonly { readonly to: string; readonly amount: number }[];
  /** What the deployer puts into the rewards' reserve, as far as it was allocated that much. */
  readonly reserve: number;
  /** Times (seconds) and bounds of StakingPool; `minimumDelegation` in whole AITBC. */
  readonly unbonding: Readonly<
    Record<
      | "unbondingTime"
      | "cohortPeriod"
      | "maxWait"
      | "redelegationPeriod"
      | "commissionNotice"
      | "commissionStep"
      | "commissionMax"
      | "minimumDelegation"
      | "maxHold",
      number
    >
  >;
  readonly consensus: Values;
  readonly consensusBounds: { readonly lower: Values; readonly upper: Values };
  readonly stake: Values;
  readonly stakeBounds: { readonly lower: Values; readonly upper: Values };
  readonly slashing: Values;
  readonly slashingBounds: { readonly lower: Values; readonly upper: Values };
  readonly rewards: Values;
  readonly rewardsBounds: { readonly lower: Values; readonly upper: Values };
  readonly recovery: Values;
  readonly recoveryBounds: { readonly lower: Values; readonly upper: Values };
  /** Longest that a leak with all its rounds may take, seconds: the unbonding time, except on a devnet. */
  readonly leakWithin: number;
  /** Longest from a block of the settlement chain until headers may name it, seconds; 0 on a devnet. */
  readonly settlementLag: number;
  /** Of HybridGovernor and its timelock, ModuleUpgrades and EmergencyCouncil: seconds, whole AITBC. */
  readonly governance: {
    readonly settings: Values;
    readonly lower: Values;
    readonly upper: Values;
    readonly timelockDelay: number;
    readonly leastTimelockDelay: number;
    readonly upgrades: Readonly<Record<"leastDelay" | "mostDelay" | "validity", number>>;
    readonly council: { readonly members: readonly string[]; readonly threshold: number };
  };
}

const read = (path: string): ParameterFile => JSON.parse(readFileSync(path, "utf8")) as ParameterFile;

/**
 * The parameters for a settlement chain: the file named, or the one in deploy/parameters that names the chain, or
 * default.json.
 * @throws Error if the file named is for other chains.
 */
export function parametersFor(settlementChainId: number, path: string | undefined): ParameterFile {
  if (path !== undefined) {
    const file = read(path);
    if (file.settlementChains !== undefined && !file.settlementChains.includes(settlementChainId)) {
      throw new Error(
        `${path} is for settlement chain ${file.settlementChains.join(", ")} and this is ${settlementChainId}: name another file with --parameters`,
      );
    }
    return file;
  }
  const files = readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => read(FOLDER + name));
  const own = files.find(({ settlementChains }) => settlementChains?.includes(settlementChainId));
  return own ?? read(`${FOLDER}default.json`);
}

/** The arguments of the contracts' constructors, as Ignition's module `Core` takes them. */
export function coreParameters(file: ParameterFile, deployer: string, chainId: number) {
  return {
    allocations: file.allocations.map(({ to, amount }) => ({
      to: to === "deployer" ? deployer : to,
      amount: BigInt(amount) * 10n ** 18n,
    })),
    times: {
      ...file.unbonding,
      minimumDelegation: BigInt(file.unbonding.minimumDelegation) * 10n ** 18n,
    },
    timelockDelay: file.governance.timelockDelay,
    governor: {
      settings: file.governance.settings,
      lower: file.governance.lower,
      upper: file.governance.upper,
      leastTimelockDelay: file.governance.leastTimelockDelay,
    },
    upgrades: { ...file.governance.upgrades },
    council: { ...file.governance.council },
    chainId,
    setup: {
      consensus: file.consensus,
      consensusLower: file.consensusBounds.lower,
      consensusUpper: file.consensusBounds.upper,
      stake: file.stake,
      stakeLower: file.stakeBounds.lower,
      stakeUpper: file.stakeBounds.upper,
      slashing: file.slashing,
      slashingLower: file.slashingBounds.lower,
      slashingUpper: file.slashingBounds.upper,
      rewards: file.rewards,
      rewardsLower: file.rewardsBounds.lower,
      rewardsUpper: file.rewardsBounds.upper,
      recovery: file.recovery,
      recoveryLower: file.recoveryBounds.lower,
      recoveryUpper: file.recoveryBounds.upper,
      leakWithin: file.leakWithin,
      settlementLag: file.settlementLag,
    },
  };
}

/** AccessManager's delays: no change of who may do what is faster than leaving, and no grant than a replacement. */
export const delaysOf = ({ governance, unbonding }: ParameterFile): Delays => ({
  target: unbonding.unbondingTime,
  grant: governance.upgrades.leastDelay,
});
