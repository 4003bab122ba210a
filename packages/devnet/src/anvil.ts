import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createPublicClient, createTestClient, http, type PublicClient, publicActions } from "viem";
import { DevnetError } from "./errors.ts";
import { ManagedProcess } from "./processes.ts";

/** Chain id of the devnet's settlement chain (anvil's and Hardhat's own). */
export const SETTLEMENT_CHAIN_ID = 31_337;

/**
 * While contracts are deployed every transaction mines a block and each block moves the chain's clock on by at least a
 * second; the chain starts this far in the past so that its clock never runs ahead of real time.
 */
const HEAD_START_S = 900;
/** How long anvil may take to answer its first call. */
const START_MS = 60_000;

export interface SettlementOptions {
  readonly port: number;
  /** Its whole state, read at the start when it exists, written at the end. */
  readonly stateFile: string;
  readonly logFile: string;
  readonly cwd: string;
}

/** The settlement chain: an anvil process of ours. */
export class SettlementChain {
  readonly url: string;
  readonly process: ManagedProcess;
  /** True if it was resumed from a state file. */
  readonly resumed: boolean;

  private constructor(url: string, process: ManagedProcess, resumed: boolean) {
    this.url = url;
    this.process = process;
    this.resumed = resumed;
  }

  /** @throws DevnetError SETTLEMENT_DOWN if it does not answer. */
  static async start(options: SettlementOptions): Promise<SettlementChain> {
    const resumed = existsSync(options.stateFile);
    const args = [
      ...["--port", String(options.port), "--host", "127.0.0.1", "--chain-id", String(SETTLEMENT_CHAIN_ID)],
      ...["--hardfork", "osaka", "--state", options.stateFile, "--preserve-historical-states", "--silent"],
      ...["--accounts", "1", "--order", "fifo"],
      ...(resumed
        ? ["--block-time", "1"]
        : ["--timestamp", String(Math.floor(Date.now() / 1000) - HEAD_START_S)]),
    ];
    const process = new ManagedProcess({
      name: "anvil",
      program: { binary: anvilBinary() },
      args,
      cwd: options.cwd,
      logFile: options.logFile,
    });
    const chain = new SettlementChain(`http://127.0.0.1:${options.port}`, process, resumed);
    await chain.#answers();
    return chain;
  }

  client(): PublicClient {
    return createPublicClient({ transport: http(this.url, { retryCount: 0 }), pollingInterval: 100 });
  }

  async #answers(): Promise<void> {
    const client = this.client();
    const until = Date.now() + START_MS;
    for (;;) {
      try {
        await client.getChainId();
        return;
      } catch (cause) {
        if (this.process.result !== null || Date.now() > until) {
          throw new DevnetError(
            "SETTLEMENT_DOWN",
            `the settlement chain (anvil) did not start: ${this.process.logTail() || "no output"}\nIf its state file is damaged, start with --reset`,
            { cause },
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Gives an account coins for gas. */
  async fund(addresses: readonly `0x${string}`[], wei: bigint): Promise<void> {
    const test = createTestClient({ mode: "anvil", transport: http(this.url) });
    await Promise.all(addresses.map((address) => test.setBalance({ address, value: wei })));
  }

  /** Sets the chain's clock to real time. */
  async alignClock(): Promise<void> {
    const test = createTestClient({ mode: "anvil", transport: http(this.url) }).extend(publicActions);
    const { timestamp } = await test.getBlock();
    const now = Math.floor(Date.now() / 1000);
    if (timestamp >= BigInt(now)) {
      throw new DevnetError(
        "SETTLEMENT_DOWN",
        `the settlement chain's clock is ${timestamp - BigInt(now)} s ahead of real time after the deployment: start again with --reset`,
      );
    }
    await test.request({ method: "evm_setTime" as never, params: [now] as never });
  }

  /** From now on a block a second, with or without transactions, as a public chain would at its own pace. */
  async mineByTheClock(): Promise<void> {
    const test = createTestClient({ mode: "anvil", transport: http(this.url) });
    await test.setAutomine(false);
    await test.setIntervalMining({ interval: 1 });
  }
}

/** Path of the anvil binary that npm installed for this platform. */
export function anvilBinary(): string {
  const require = createRequire(import.meta.url);
  const name = `anvil-${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  try {
    const folder = dirname(require.resolve(`@foundry-rs/${name}/package.json`));
    return join(folder, "bin", process.platform === "win32" ? "anvil.exe" : "anvil");
  } catch (cause) {
    throw new DevnetError(
      "SETTLEMENT_DOWN",
      `anvil is not installed for this platform (@foundry-rs/${name}): run npm ci with optional dependencies`,
      { cause },
    );
  }
}
