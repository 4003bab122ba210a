import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  errorDeploymentResultToExceptionMessage,
  HardhatArtifactResolver,
} from "@nomicfoundation/hardhat-ignition/helpers";
import { type DeploymentParameters, DeploymentResultType, deploy } from "@nomicfoundation/ignition-core";
import { getAddress, type InterfaceAbi } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import core from "../deploy/modules/core.ts";
import { coreParameters, delaysOf, parametersFor } from "./parameters.ts";
import { type BlockAt, probeFinality, probePrecompiles } from "./probe.ts";
import { CONTRACT_NAMES, type Contracts, roleCalls } from "./roles.ts";

/** Chains whose blocks cannot be reorganized: one confirmation is final there. */
const LOCAL_CHAINS = [31_337];

interface Arguments {
  readonly networkFile: string;
  readonly parameters: string | undefined;
  readonly stateDir: string | undefined;
}

/**
 * Deploys the contracts to the network named by `--network`, as the first of its accounts, and writes the network file:
 * `{chainId, addresses, parameters, deployBlock}`. Asks nothing. Refuses to begin if a precompile is missing or lax, or
 * the chain's finality slower than the parameters count on.
 */
export default async function deployTask(args: Arguments, hre: HardhatRuntimeEnvironment): Promise<void> {
  if (!(await hre.artifacts.artifactExists("CheckpointManager"))) {
    await hre.tasks.getTask("compile").run({ quiet: true });
  }
  const connection = await hre.network.create();
  const { provider } = connection;
  const request = async <T>(method: string, ...params: unknown[]): Promise<T> =>
    (await provider.request({ method, params })) as T;

  const settlementChainId = Number(await request<string>("eth_chainId"));
  const file = parametersFor(settlementChainId, args.parameters);
  const chainId = Number(process.env.AITBC_HYBRID_CHAIN_ID ?? file.chainId);

  const faults = await probePrecompiles((to, data) => request("eth_call", { to, data }, "latest"));
  if (faults.length > 0) {
    throw new Error(
      `settlement chain ${settlementChainId} cannot hold these contracts; its BLS12-381 precompiles (EIP-2537) fail:\n- ${faults.join("\n- ")}`,
    );
  }
  console.log(`precompiles of chain ${settlementChainId}: as EIP-2537 says`);

  const blockAt: BlockAt = (tag) => request("eth_getBlockByNumber", tag, false);
  const { refLag, settleDepth } = file.consensus as Record<"refLag" | "settleDepth", number>;
  const slow = await probeFinality(blockAt, { settlementLag: file.settlementLag, settleDepth, refLag });
  if (slow !== null) {
    throw new Error(`settlement chain ${settlementChainId} is too slow for these parameters: ${slow}`);
  }

  const accounts = await request<string[]>("eth_accounts");
  const deployer = getAddress(
    accounts[0] ?? fail("no account to deploy with: set AITBC_HYBRID_DEPLOYER_KEY"),
  );
  const deployBlock = Number(await request<string>("eth_blockNumber")) + 1;
  const local = LOCAL_CHAINS.includes(settlementChainId);

  const result = await deploy({
    ignitionModule: core,
    provider,
    artifactResolver: new HardhatArtifactResolver(hre.artifacts),
    deploymentParameters: {
      Core: coreParameters(file, deployer, chainId),
    } as unknown as DeploymentParameters,
    accounts,
    defaultSender: deployer,
    ...(args.stateDir === undefined ? {} : { deploymentDir: resolve(args.stateDir) }),
    config: local ? { requiredConfirmations: 1, blockPollingInterval: 20 } : {},
  });
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) {
    throw new Error(errorDeploymentResultToExceptionMessage(result));
  }
  const addresses = Object.fromEntries(
    Object.entries(core.results).map(([name, future]) => [
      name,
      getAddress(result.contracts[future.id]!.address),
    ]),
  ) as unknown as Contracts;
  console.log("contracts deployed");

  const abis = new Map<keyof Contracts, InterfaceAbi>();
  for (const [name, contract] of Object.entries(CONTRACT_NAMES)) {
    abis.set(name as keyof Contracts, [...(await hre.artifacts.readArtifact(contract)).abi]);
  }
  const access = await connection.ethers.getContractAt("AccessManager", addresses.access);
  const calls = roleCalls(addresses, (name) => abis.get(name)!, deployer, delaysOf(file));
  await (await access.getFunction("multicall").send(calls)).wait();
  console.log(`roles set; ${deployer} may admit authorities and start the chain until \`hardhat handover\``);

  const token = await connection.ethers.getContractAt(CONTRACT_NAMES.token, addresses.token);
  const owned = (await token.getFunction("balanceOf")(deployer)) as bigint;
  const planned = BigInt(file.reserve) * 10n ** 18n;
  const reserve = owned < planned ? owned : planned;
  if (reserve > 0n) {
    const distributor = await connection.ethers.getContractAt(
      CONTRACT_NAMES.distributor,
      addresses.distributor,
    );
    await (await token.getFunction("approve").send(addresses.distributor, reserve)).wait();
    await (await distributor.getFunction("fund").send(reserve)).wait();
    console.log(`rewards' reserve: ${reserve / 10n ** 18n} AITBC`);
  }

  const path = resolve(args.networkFile);
  mkdirSync(dirname(path), { recursive: true });
  const { about: _about, settlementChains: _chains, ...parameters } = file;
  writeFileSync(
    path,
    `${JSON.stringify(
      { chainId: settlementChainId, addresses, deployBlock, parameters: { ...parameters, chainId } },
      null,
      2,
    )}\n`,
  );
  console.log(`network file: ${path}`);
}

function fail(message: string): never {
  throw new Error(message);
}
