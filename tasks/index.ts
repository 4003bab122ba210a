import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";

/** `hardhat deploy`: probes the settlement chain, deploys the contracts, sets the roles, writes the network file. */
const deploy = task("deploy", "Deploys the contracts and writes the network file")
  .addOption({
    name: "networkFile",
    description: "Where to write the network file (JSON)",
    type: ArgumentType.FILE,
    defaultValue: "network.json",
  })
  .addOption({
    name: "parameters",
    description:
      "Parameter file; otherwise the one in deploy/parameters that names the chain, or default.json",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({
    name: "stateDir",
    description: "Where Ignition keeps its journal, to resume a deployment; otherwise in memory",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .setAction(() => import("./deploy.ts"))
  .build();

const networkFile = {
  name: "networkFile",
  description: "The network file that the deploy task wrote (JSON)",
  type: ArgumentType.FILE,
  defaultValue: "network.json",
} as const;

/** `hardhat handover`: ends the deployer's power; the timelock's remains. */
const handover = task("handover", "Takes from the deployer what it needed to start the chain")
  .addOption(networkFile)
  .setAction(() => import("./handover.ts"))
  .build();

/** `hardhat verify:roles`: prints as JSON who holds which power; ends with an error if the role table says otherwise. */
const roles = task(
  "verify:roles",
  "Reads who holds which power and fails if it is not what the role table says",
)
  .addOption(networkFile)
  .setAction(() => import("./verify-roles.ts"))
  .build();

export const tasks = [deploy, handover, roles];
