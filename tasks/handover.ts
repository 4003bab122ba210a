import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { InterfaceAbi } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { CONTRACT_NAMES, type Contracts, handOverCalls } from "./roles.ts";
import { abisOf } from "./verify-roles.ts";

/**
 * Takes from the deployer, the first account of `--network`, what it needed to admit authorities and to start the
 * chain. Does nothing if that was done before.
 */
export default async function handOverTask(
  args: { readonly networkFile: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> {
  const { addresses } = JSON.parse(readFileSync(resolve(args.networkFile), "utf8")) as {
    addresses: Contracts;
  };
  const { ethers } = await hre.network.create();
  const [deployer] = await ethers.getSigners();
  if (deployer === undefined) throw new Error("no account to sign with: set AITBC_HYBRID_DEPLOYER_KEY");
  const abis = await abisOf(hre.artifacts);
  const access = await ethers.getContractAt(CONTRACT_NAMES.access, addresses.access, deployer);
  const calls = handOverCalls((name) => abis.get(name) as InterfaceAbi, deployer.address);
  await (await access.getFunction("multicall").send(calls)).wait();
  console.log(`${deployer.address} has no power any more; governance: ${addresses.timelock}`);
}
