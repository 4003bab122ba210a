import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Network, parseNetwork } from "@aitbc-hybrid/sdk";
import { DevnetError } from "./errors.ts";
import type { Folder } from "./folder.ts";
import { ManagedProcess } from "./processes.ts";

/** The Hardhat project: contracts, Ignition modules and the deploy task live at the repository's root. */
const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Deploys the contracts to `url` by the project's own deploy task, as an operator would, and reads the network file it
 * writes. The deployer's key goes through the environment of that one process.
 * @throws DevnetError DEPLOYMENT with the end of its log.
 */
export async function deployContracts(
  folder: Folder,
  url: string,
  deployerKey: `0x${string}`,
  ledgerChainId: number,
): Promise<Network> {
  const require = createRequire(join(PROJECT, "package.json"));
  const hardhat = join(dirname(require.resolve("hardhat/package.json")), "dist", "src", "cli.js");
  const process = new ManagedProcess({
    name: "deployment",
    program: { script: hardhat },
    args: ["--network", "settlement", "deploy", "--network-file", folder.network],
    cwd: PROJECT,
    logFile: folder.log("deployment"),
    env: {
      AITBC_HYBRID_SETTLEMENT_URL: url,
      AITBC_HYBRID_DEPLOYER_KEY: deployerKey,
      AITBC_HYBRID_CHAIN_ID: String(ledgerChainId),
    },
  });
  const { code } = await process.ended;
  if (code !== 0) {
    throw new DevnetError("DEPLOYMENT", `the contracts could not be deployed:\n${process.logTail(12)}`);
  }
  return readNetwork(folder);
}

/** The network file of a devnet. @throws SdkError NETWORK_FILE. */
export function readNetwork(folder: Folder): Network {
  return parseNetwork(JSON.parse(readFileSync(folder.network, "utf8")));
}
