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
  .addOption({
    name: "admin",
    description: "Who gets the roles; the deployer then gives them up. Otherwise the deployer keeps them",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .setAction(() => import("./deploy.ts"))
  .build();

export const tasks = [deploy];
