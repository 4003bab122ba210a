import { fileURLToPath } from "node:url";
import {
  defaultLedgerParameters,
  formatGenesisFile,
  type GenesisFile,
  genesisStateRoot,
} from "@aitbc-hybrid/execution";
import type { Network } from "@aitbc-hybrid/sdk";
import { type PublicClient, toHex } from "viem";
import { Accounts } from "./accounts.ts";
import { compareChains, finalHeight } from "./agreement.ts";
import { SettlementChain } from "./anvil.ts";
import { deployContracts, readNetwork } from "./deployment.ts";
import { DevnetError } from "./errors.ts";
import { Folder } from "./folder.ts";
import { checkLease } from "./lease.ts";
import { misbehave } from "./misbehave.ts";
import { checkOptions, type DevnetOptions, portsNeeded } from "./options.ts";
import { choosePorts } from "./ports.ts";
import { ManagedProcess } from "./processes.ts";
import { rpc } from "./rpc.ts";
import { bringIn, type Candidate, GAS_MONEY, senderOf, startAtRealTime } from "./setup.ts";
import { finalityOf, Rate } from "./statistics.ts";
import type { DevnetEvent, DevnetInfo, DevnetResult, DevnetStatus, ValidatorStatus } from "./types.ts";
import { type PeerPlace, Validator, type ValidatorKeys } from "./validator.ts";
import { type WalletCommand, type WalletPlan, type WalletReport, walletAccounts } from "./wallet/index.ts";
import { SettlementWatch } from "./watch.ts";

export interface DevnetHooks {
  readonly onEvent: (event: DevnetEvent) => void;
  /** Aborting ends the run: it stops every process, in order, and reports what was reached. */
  readonly signal: AbortSignal;
}

/** Chain id of a devnet's ledger. */
export const LEDGER_CHAIN_ID = 26_090;
/** Accounts the wallet sends from: enough that nonces never serialize the stream. */
const WALLET_ACCOUNTS = 12;
const COIN = 10n ** 18n;
/** What each account of the ledger owns at genesis. */
const ALLOCATION = 1_000_000n * COIN;

const WALLET = fileURLToPath(new URL("./wallet/main.ts", import.meta.url));

/** How often the state of everything is read and shown. */
const TICK_MS = 500;
/** Longest until the first block is final. */
const FIRST_FINAL_MS = 90_000;
/** After the wallet ended, validators may take this long to reach one height. */
const AGREEMENT_MS = 20_000;
/** When, after the first final block, faults asked for begin. */
const MISBEHAVE_AFTER_MS = 4_000;
const KILL_AFTER_MS = 9_000;
/** Heights that must become final while the killed validator is down. */
const KILL_HEIGHTS = 6;
/** A validator that ends unexpectedly is started again at most this often. */
const RESTARTS = 3;
/** Exit codes of a validator after which starting it again could do harm. */
const NEVER_RESTART: readonly (number | null)[] = [2, 3, 4];

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Runs a devnet until its time is over or `hooks.signal` aborts; everything it started has ended when it returns.
 * @throws DevnetError with a sentence for the user.
 */
export async function runDevnet(options: DevnetOptions, hooks: DevnetHooks): Promise<DevnetResult> {
  checkOptions(options);
  const devnet = new Devnet(options, hooks);
  try {
    await devnet.begin();
    return await devnet.run();
  } finally {
    await devnet.end();
  }
}

class Devnet {
  readonly #options: DevnetOptions;
  readonly #hooks: DevnetHooks;
  readonly #folder: Folder;
  readonly #names: readonly string[];
  readonly #validators: Validator[] = [];
  readonly #problems: string[] = [];
  #chain: SettlementChain | null = null;
  #client: PublicClient | null = null;
  #network: Network | null = null;
  #wallet: ManagedProcess | null = null;
  #watch: SettlementWatch | null = null;
  #ending = false;
  #epoch = 0;
  #mode = "";
  #latencies: number[] = [];
  #recent: number[] = [];
  #walletReport: WalletReport | null = null;
  #lastCheckpointAt = 0;

  constructor(options: DevnetOptions, hooks: DevnetHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#folder = new Folder(options.folder);
    this.#names = [
      ...Array.from({ length: options.authorities }, (_, i) => `authority-${i + 1}`),
      ...Array.from({ length: options.stakers }, (_, i) => `staker-${i + 1}`),
    ];
  }

  /** Brings everything up: settlement chain, contracts, validators, wallet. */
  async begin(): Promise<void> {
    const { options, folder } = { options: this.#options, folder: this.#folder };
    if (options.reset) folder.wipe();
    const resumed = this.#prepareFolder();
    const ports = await choosePorts(options.portBase, portsNeeded(this.#names.length));
    const accounts = await Accounts.open(folder);
    await this.#step(
      resumed ? "resuming the settlement chain (anvil)" : "starting the settlement chain (anvil)",
      async () => {
        this.#chain = await SettlementChain.start({
          port: ports[0]!,
          stateFile: folder.settlementState,
          logFile: folder.log("anvil"),
          cwd: folder.root,
        });
        this.#client = this.#chain.client();
      },
    );
    this.#guardChain();
    const places = this.#places(ports);
    const keys = await this.#step("opening keys", () => this.#keys(accounts, places));
    if (resumed) {
      this.#network = readNetwork(folder);
      await checkLease(this.#client!, this.#network);
    } else {
      await this.#setUp(accounts, keys);
    }
    await this.#startValidators(places, keys);
    await this.#startWallet(accounts);
    await this.#announce(accounts, resumed);
  }

  /** True if the folder holds a devnet to resume. */
  #prepareFolder(): boolean {
    const { authorities, stakers, mode } = this.#options;
    let manifest = this.#folder.readManifest();
    if (manifest !== null && !manifest.started) {
      this.#note("warn", "the last start did not get as far as a running chain: beginning anew");
      this.#folder.wipe();
      manifest = null;
    }
    if (
      manifest !== null &&
      (manifest.authorities !== authorities || manifest.stakers !== stakers || manifest.mode !== mode)
    ) {
      throw new DevnetError(
        "DATA_FOLDER",
        `${this.#folder.root} holds a devnet of ${manifest.authorities} authorities and ${manifest.stakers} stakers in ${manifest.mode} mode: ` +
          "give the same numbers to resume it, start over with --reset, or name another folder with --dir",
      );
    }
    this.#folder.create(this.#names);
    if (manifest === null) this.#writeManifest(false);
    return manifest !== null;
  }

  #writeManifest(started: boolean): void {
    const { authorities, stakers, mode } = this.#options;
    this.#folder.writeManifest({ authorities, stakers, mode, chainId: LEDGER_CHAIN_ID, started });
  }

  #places(ports: readonly number[]): PeerPlace[] {
    const count = this.#names.length;
    return this.#names.map((name, at) => ({
      name,
      role: at < this.#options.authorities ? "authority" : "staker",
      rpcPort: ports[1 + at]!,
      p2pPort: ports[1 + count + at]!,
    }));
  }

  async #keys(accounts: Accounts, places: readonly PeerPlace[]): Promise<ValidatorKeys[]> {
    return Promise.all(places.map((place) => Validator.openKeys(this.#folder, accounts, place)));
  }

  async #setUp(accounts: Accounts, keys: readonly ValidatorKeys[]): Promise<void> {
    const chain = this.#chain!;
    const client = this.#client!;
    const deployer = await accounts.account("deployer");
    const deployerKey = toHex(await accounts.secret(this.#folder.account("deployer"), "secp256k1"));
    const network = await this.#step("deploying the contracts", async () => {
      await chain.fund([deployer.address], GAS_MONEY);
      return deployContracts(this.#folder, chain.url, deployerKey, LEDGER_CHAIN_ID);
    });
    this.#network = network;
    const sender = senderOf(client, chain.url, deployer);
    const candidates: Candidate[] = keys.map((key) => ({
      name: key.place.name,
      role: key.place.role,
      operator: key.operator,
      blsSecret: key.blsSecret,
    }));
    await this.#step(`registering ${candidates.length} validators through the contracts`, () =>
      bringIn(chain, client, network, sender, candidates, () => this.#checkAborted()),
    );
    const genesis = await this.#genesis(accounts);
    this.#folder.write(this.#folder.genesis, formatGenesisFile(genesis));
    await this.#step("sealing the first registry and starting the chain", () =>
      startAtRealTime(chain, sender, network, this.#options.mode, genesisStateRoot(genesis)),
    );
    this.#writeManifest(true);
  }

  /** The ledger's coin at height 0: the wallet's accounts and the user's test account. */
  async #genesis(accounts: Accounts): Promise<GenesisFile> {
    const secret = await accounts.secret(this.#folder.account("wallet"), "secp256k1");
    const test = await accounts.account("test");
    const owners = [...walletAccounts(secret, WALLET_ACCOUNTS).map(({ address }) => address), test.address];
    return {
      parameters: defaultLedgerParameters(LEDGER_CHAIN_ID),
      allocation: new Map(owners.map((address) => [address.toLowerCase() as `0x${string}`, ALLOCATION])),
    };
  }

  async #startValidators(places: readonly PeerPlace[], keys: readonly ValidatorKeys[]): Promise<void> {
    await this.#step(`starting ${places.length} validators, a process each`, async () => {
      const everybody = await Validator.describe(this.#client!, this.#network!, keys);
      for (const key of keys) {
        const validator = new Validator({
          folder: this.#folder,
          network: this.#network!,
          settlementUrl: this.#chain!.url,
          keys: key,
          everybody,
        });
        this.#validators.push(validator);
        this.#supervise(validator);
      }
      await this.#orAborted(Promise.all(this.#validators.map((validator) => validator.start())));
    });
  }

  #supervise(validator: Validator): void {
    let restarts = 0;
    validator.onUnexpectedEnd((ended, tail) => {
      if (this.#ending) return;
      const how = ended.signal ?? `exit code ${ended.code}`;
      if (restarts++ >= RESTARTS || NEVER_RESTART.includes(ended.code)) {
        this.#note("warn", `${validator.name} ended (${how}) and stays down: ${tail}`);
        return;
      }
      this.#note("warn", `${validator.name} ended (${how}); starting it again`);
      validator.start().catch((error: unknown) => this.#note("warn", String((error as Error).message)));
    });
  }

  #guardChain(): void {
    const { process } = this.#chain!;
    process.ended.then(({ code, signal }) => {
      if (this.#ending) return;
      this.#fatal ??= new DevnetError(
        "SETTLEMENT_DOWN",
        `the settlement chain (anvil) ended unexpectedly (${signal ?? `exit code ${code}`}): its last state may be lost, so start over with --reset. ` +
          `Its log: ${process.logFile}`,
      );
    });
  }

  #fatal: DevnetError | null = null;

  async #startWallet(accounts: Accounts): Promise<void> {
    await accounts.secret(this.#folder.account("wallet"), "secp256k1");
    // The wallet talks to authorities that no option disturbs; it moves on when one does not answer.
    const calm = this.#validators.slice(0, this.#options.authorities - (this.#options.misbehave ? 1 : 0));
    const plan: WalletPlan = {
      chainId: LEDGER_CHAIN_ID,
      endpoints: calm.map((validator) => validator.rpc),
      keystore: this.#folder.account("wallet"),
      passwordFile: this.#folder.password,
      accounts: WALLET_ACCOUNTS,
      rate: this.#options.rate,
    };
    const file = this.#folder.deployment("wallet.json");
    this.#folder.write(file, JSON.stringify(plan));
    this.#wallet = new ManagedProcess({
      name: "wallet",
      program: { script: WALLET },
      args: [file],
      cwd: this.#folder.root,
      logFile: this.#folder.log("wallet"),
    });
    this.#wallet.onMessage((message) => {
      const report = message as WalletReport;
      this.#walletReport = report;
      this.#latencies.push(...report.latencies);
      this.#recent = [...this.#recent, ...report.latencies].slice(-2_000);
    });
  }

  async #announce(accounts: Accounts, resumed: boolean): Promise<void> {
    const test = await accounts.account("test");
    const first = this.#validators[0]!.rpc;
    const quoted = (path: string): string => (/[^\w./-]/.test(path) ? `'${path}'` : path);
    const info: DevnetInfo = {
      folder: this.#folder.root,
      settlementUrl: this.#chain!.url,
      validators: this.#validators.map((validator) => ({
        name: validator.name,
        rpc: validator.rpc,
        metrics: `${validator.rpc}/metrics`,
      })),
      testAccount: test.address,
      tryIt:
        `npx aitbc-hybrid transfer send --rpc ${first} --keystore ${quoted(this.#folder.account("test"))} ` +
        `--password-file ${quoted(this.#folder.password)} --to 0x000000000000000000000000000000000000dEaD --amount 1.5`,
      resumed,
    };
    this.#hooks.onEvent({ type: "ready", info });
  }

  /** Shows the devnet until its time is over, then ends the wallet and compares the chains. */
  async run(): Promise<DevnetResult> {
    const startHeight = Math.max(...(await this.#heights()));
    this.#watch = await SettlementWatch.begin(this.#client!, this.#network!, await this.#readEpoch());
    const rate = new Rate(5_000);
    const began = Date.now();
    let firstFinalAt: number | null = null;
    let faults: Promise<void> | null = null;
    for (;;) {
      if (this.#fatal !== null) throw this.#fatal;
      const status = await this.#status(rate, firstFinalAt);
      const now = Date.now();
      if (firstFinalAt === null && status.height > startHeight) firstFinalAt = now;
      if (firstFinalAt === null && now - began > FIRST_FINAL_MS) {
        throw new DevnetError(
          "TIMEOUT",
          `nothing became final within ${FIRST_FINAL_MS / 1000} s: see the logs in ${this.#folder.root}/logs`,
        );
      }
      if (firstFinalAt !== null) faults ??= this.#faults(firstFinalAt);
      this.#hooks.onEvent({ type: "status", status });
      const over =
        firstFinalAt !== null && this.#options.forMs !== null && now - firstFinalAt >= this.#options.forMs;
      if (over || this.#hooks.signal.aborted) break;
      await Promise.race([sleep(TICK_MS), this.#aborted()]);
    }
    const ranMs = firstFinalAt === null ? 0 : Date.now() - firstFinalAt;
    if (!this.#hooks.signal.aborted && faults !== null) await faults;
    return this.#conclude(ranMs, startHeight);
  }

  async #conclude(ranMs: number, startHeight: number): Promise<DevnetResult> {
    await this.#endWallet();
    const target = Math.max(...(await this.#heights()));
    const agreement = await compareChains(
      this.#validators.map((validator) => validator.rpc),
      target,
      Date.now() + AGREEMENT_MS,
    );
    const watch = this.#watch!;
    await watch.update(await this.#readEpoch());
    const finalized = this.#walletReport?.finalized ?? 0;
    const finality = finalityOf(this.#latencies);
    if (target <= startHeight || finalized === 0) this.#problems.push("no transfer became final");
    if (watch.checkpoints === 0) this.#problems.push("no checkpoint was accepted on the settlement chain");
    if (!agreement.agreed)
      this.#problems.push(`the finalized chains were not shown to agree: ${agreement.problem}`);
    if (this.#options.misbehave && watch.slashed === 0)
      this.#problems.push("the misbehaving authority was not slashed");
    return {
      height: agreement.height,
      finalizedTransactions: finalized,
      rejectedTransactions: this.#walletReport?.rejected ?? 0,
      tps: ranMs === 0 ? 0 : Math.round((finalized * 10_000) / ranMs) / 10,
      finalityMs: finality ?? { p50: 0, p99: 0 },
      handOvers: watch.handOvers,
      checkpoints: watch.checkpoints,
      slashed: watch.slashed,
      validators: this.#validators.length,
      agreement: agreement.agreed,
      epoch: this.#epoch,
      seconds: Math.round(ranMs / 100) / 10,
      checkpointGas: Number(watch.lastCheckpoint?.gasUsed ?? 0n),
      problems: this.#problems,
    };
  }

  async #endWallet(): Promise<void> {
    const wallet = this.#wallet;
    if (wallet === null || wallet.result !== null) return;
    wallet.tell({ type: "stop" } satisfies WalletCommand);
    await Promise.race([wallet.ended, sleep(15_000)]);
    await wallet.stop();
  }

  async #status(rate: Rate, firstFinalAt: number | null): Promise<DevnetStatus> {
    const validators: ValidatorStatus[] = await Promise.all(
      this.#validators.map(async (validator) => {
        const height = await finalHeight(validator.rpc).catch(() => -1);
        return {
          name: validator.name,
          rpc: validator.rpc,
          up: height >= 0,
          finalHeight: Math.max(0, height),
        };
      }),
    );
    await this.#readEpoch();
    const now = Date.now();
    if (now - this.#lastCheckpointAt >= 1_000) {
      this.#lastCheckpointAt = now;
      await this.#watch!.update(this.#epoch).catch(() => {});
    }
    const { forMs } = this.#options;
    const report = this.#walletReport;
    return {
      mode: this.#mode,
      epoch: this.#epoch,
      height: Math.max(...validators.map((validator) => validator.finalHeight)),
      finality: finalityOf(this.#recent),
      tps: rate.mark(now, report?.finalized ?? 0),
      finalized: report?.finalized ?? 0,
      rejected: report?.rejected ?? 0,
      pending: report?.pending ?? 0,
      validators,
      checkpoints: this.#watch!.checkpoints,
      lastCheckpoint: this.#watch!.lastCheckpoint,
      handOvers: this.#watch!.handOvers,
      slashed: this.#watch!.slashed,
      leftMs: firstFinalAt === null || forMs === null ? null : Math.max(0, firstFinalAt + forMs - now),
    };
  }

  async #readEpoch(): Promise<number> {
    for (const validator of this.#validators) {
      try {
        const status = (await rpc(validator.rpc, "hybrid_status")) as { epoch: number; mode: string };
        this.#epoch = Math.max(this.#epoch, status.epoch);
        this.#mode = status.mode;
        break;
      } catch {
        // It is down: the next one knows.
      }
    }
    return this.#epoch;
  }

  #heights(): Promise<number[]> {
    return Promise.all(this.#validators.map((validator) => finalHeight(validator.rpc).catch(() => 0)));
  }

  /** What `--misbehave` and `--kill` asked for; failures become problems of the result. */
  async #faults(firstFinalAt: number): Promise<void> {
    const guarded = async (after: number, what: () => Promise<void>): Promise<void> => {
      await Promise.race([sleep(Math.max(0, firstFinalAt + after - Date.now())), this.#aborted()]);
      if (this.#hooks.signal.aborted) return;
      try {
        await what();
      } catch (error) {
        if (!this.#hooks.signal.aborted) this.#problems.push((error as Error).message);
      }
    };
    await Promise.all([
      this.#options.misbehave ? guarded(MISBEHAVE_AFTER_MS, () => this.#misbehave()) : null,
      this.#options.kill ? guarded(KILL_AFTER_MS, () => this.#kill()) : null,
    ]);
  }

  async #misbehave(): Promise<void> {
    const authority = this.#validators[this.#options.authorities - 1]!;
    this.#note("warn", `${authority.name} is taken over by an adversary with its keys`);
    await authority.stop();
    const plan = await authority.adversaryPlan(this.#client!);
    const before = this.#watch!.slashed;
    await misbehave(
      this.#folder,
      plan,
      () => this.#watch!.slashed > before || this.#hooks.signal.aborted,
      (text) => this.#note("warn", text),
    );
    if (this.#hooks.signal.aborted) return;
    this.#note(
      "info",
      `${authority.name} was convicted on the settlement chain: jailed, its stake cut; it goes on as a follower`,
    );
    await authority.startAsFollower();
  }

  async #kill(): Promise<void> {
    const staker = this.#validators[this.#validators.length - 1]!;
    const before = Math.max(...(await this.#heights()));
    await staker.crash();
    this.#note("warn", `${staker.name} was killed with SIGKILL at height ${before}`);
    while (Math.max(...(await this.#heights())) < before + KILL_HEIGHTS && !this.#hooks.signal.aborted)
      await sleep(200);
    if (this.#hooks.signal.aborted) return;
    await staker.start();
    const until = Date.now() + AGREEMENT_MS;
    for (;;) {
      const heights = await this.#heights();
      if (heights.at(-1)! >= Math.max(...heights) - 2) break;
      if (this.#hooks.signal.aborted) return;
      if (Date.now() > until)
        throw new DevnetError("TIMEOUT", `${staker.name} did not catch up after its restart`);
      await sleep(200);
    }
    this.#note("info", `${staker.name} restarted and caught up`);
  }

  /** Stops everything in the order in which nothing is lost: wallet, validators, settlement chain. */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#wallet?.stop();
    await Promise.all(this.#validators.map((validator) => validator.stop()));
    await this.#chain?.process.stop();
  }

  async #step<T>(text: string, work: () => Promise<T>): Promise<T> {
    this.#checkAborted();
    this.#hooks.onEvent({ type: "step", text });
    const began = performance.now();
    const value = await work();
    this.#hooks.onEvent({ type: "done", ms: performance.now() - began });
    return value;
  }

  #note(level: "info" | "warn", text: string): void {
    this.#hooks.onEvent({ type: "note", level, text });
  }

  #checkAborted(): void {
    if (this.#fatal !== null) throw this.#fatal;
    if (this.#hooks.signal.aborted) throw new DevnetError("INTERRUPTED", "stopped before the devnet ran");
  }

  #aborted(): Promise<void> {
    const { signal } = this.#hooks;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  async #orAborted<T>(work: Promise<T>): Promise<T> {
    return Promise.race([
      work,
      this.#aborted().then(() => {
        throw new DevnetError("INTERRUPTED", "stopped before the devnet ran");
      }),
    ]);
  }
}
