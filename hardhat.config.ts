import { createRequire } from "node:module";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";
import type { HardhatPlugin } from "hardhat/types/plugins";
import { tasks } from "./tasks/index.ts";

// Building and testing must neither ask nor tell anybody anything; Hardhat reads this after loading the configuration.
process.env.HARDHAT_DISABLE_TELEMETRY = "true";

/**
 * The JavaScript build of the compiler, named by path so that nothing is downloaded; `version` below is only a
 * label, the pinned npm package `solc` is what compiles.
 */
const soljson = createRequire(import.meta.url).resolve("solc/soljson.js");

const deployerKey = process.env.AITBC_HYBRID_DEPLOYER_KEY;

const compiler = {
  version: "0.8.37",
  path: soljson,
  settings: {
    evmVersion: "osaka",
    viaIR: false,
    optimizer: { enabled: true, runs: 800 },
    metadata: { bytecodeHash: "none" as const },
  },
};

/** Warnings about the sources of dependencies would bury those about our own. */
const quietDependencies: HardhatPlugin = {
  id: "quiet-dependencies",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        async getCompilationJobErrors(context, job, output, next) {
          const errors = await next(context, job, output);
          return errors.filter(
            ({ severity, formattedMessage }) =>
              severity === "error" || !formattedMessage?.includes("--> ./node_modules/"),
          );
        },
      }),
    }),
  },
};

export default defineConfig({
  plugins: [toolbox, quietDependencies],
  tasks,
  paths: {
    // Solidity below test/: files named *.t.sol are tests, compiled only when they run; all others open internal
    // libraries or imitate a counterpart for the TypeScript tests, which need their artifacts and types.
    sources: ["contracts", "test"],
    tests: { solidity: "test/fuzz", mocha: "test" },
  },
  solidity: {
    splitTestsCompilation: true,
    npmFilesToBuild: [
      "@openzeppelin/contracts/access/manager/AccessManager.sol",
      "@openzeppelin/contracts/governance/TimelockController.sol",
    ],
    // Ignition deploys with the profile "production"; the bytecode tested is the bytecode deployed.
    profiles: {
      default: { compilers: [compiler], isolated: false },
      production: { compilers: [compiler], isolated: false },
    },
  },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", hardfork: "osaka" },
    // The chain the contracts are deployed to, by the account whose key the environment holds, else the node's own.
    settlement: {
      type: "http",
      chainType: "l1",
      url: process.env.AITBC_HYBRID_SETTLEMENT_URL ?? "http://127.0.0.1:8545",
      accounts: deployerKey === undefined ? "remote" : [deployerKey],
    },
  },
  // Sources are verified with whoever the environment has a key for; Blockscout and Sourcify ask for none.
  verify: {
    etherscan:
      process.env.ETHERSCAN_API_KEY === undefined
        ? { enabled: false }
        : { apiKey: process.env.ETHERSCAN_API_KEY },
    blockscout: { enabled: true },
    sourcify: { enabled: true },
  },
  // The generated files do not hold to this repository's compiler settings; what they declare is used all the same.
  typechain: { outDir: "typechain", tsNocheck: true },
  test: {
    // What takes longer hangs, however busy the machine is.
    mocha: { timeout: 600_000 },
    solidity: {
      fuzz: { runs: 256 },
      fsPermissions: { readDirectory: ["vectors"] },
    },
  },
});
