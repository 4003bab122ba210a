import { fileURLToPath } from "node:url";
import {
  defaultLedgerParameters,
  formatGenesisFile,
  type GenesisFile,
  genesisStateRoot,
} from "@aitbc-hybrid/execution";
import type { Network, Sender } from "@aitbc-hybrid/sdk";
import { type PublicClient, toHex } from "viem";
import { aborted } from "./abort.ts";
import { Accounts } from "./accounts.ts";
import { SettlementChain } from "./anvil.ts";
import { settleDelegator } from "./delegator.ts";
import { deployContracts, readNetwork } from "./deployment.ts";
import { DevnetError } from "./errors.ts";
import { Folder } from "./folder.ts";
import { describePause, type Pause, pauseBeyondLease } from "./lease.ts";
import { type DevnetOptions, portsNeeded } from "./options.ts";
import { choosePorts, type Ports } from "./ports.ts";
import { ManagedProcess } from "./processes.ts";
import { bringIn, type Candidate, GAS_MONEY, senderOf, startAtRealTime } from "./setup.ts";
import type { DevnetEvent, DevnetInfo } from "./types.ts";
import { type Configure, type PeerPlace, Validator, type ValidatorKeys } from "./validator.ts";
import { type WalletCommand, type WalletPlan, type WalletReport, walletAccounts } from "./wallet/index.ts";

export interface DevnetHooks {
  readonly onEvent: (event: DevnetEvent) => void;
  /** Aborting ends the run: it stops every process, in order, and reports what was reached. */
  readonly signal: AbortSignal;
  /** For validators that are not all configured alike. */
  readonly configure?: Configure;
}

/** Chain id of a devnet's ledger. */
export const LEDGER_CHAIN_ID = 26_090;
/** Accounts the wallet sends from: enough that nonces never serialize the stream. */
const WALLET_ACCOUNTS = 12;
const COIN = 10n ** 18n;
/** What each account of the ledger owns at genesis. */
const ALLOCATION = 1_000_000n * COIN;

const WALLET = fileURLToPath(new URL("./wallet/main.ts", import.meta.url));

/** Longest the wallet may take to wait for outcomes after it was told to stop. */
const WALLET_END_MS = 35_000;
/** A validator that ends unexpectedly is started again at most this often. */
const RESTARTS = 3;
/** Exit codes of a validator after which starting it again could do harm. */
const NEVER_RESTART: readonly (number | null)[] = [2, 3, 4];
/** How a validator says that its disk is full: nothing on this machine can go on then. */
const DISK_FULL = /no space is left/i;

/** Everything a devnet consists of: its processes, brought up in order and ended so that nothing is lost. */
export class Cluster {
  readonly folder: Folder;
  readonly validators: Validator[] = [];
  /** Validators that ended for good, with what they said. */
  readonly losses: string[] = [];
  readonly #options: DevnetOptions;
  readonly #hooks: DevnetHooks;
  readonly #onReport: (report: WalletReport) => void;
  readonly #names: readonly string[];
  #chain: SettlementChain | null = null;
  #client: PublicClient | null = null;
  #network: Network | null = null;
  #wallet: ManagedProcess | null = null;
  #ports: Ports | null = null;
  #ending = false;
  #fatal: DevnetError | null = null;
  #pause: Pause | null = null;

  constructor(options: DevnetOptions, hooks: DevnetHooks, onReport: (report: WalletReport) => void) {
    this.#options = options;
    this.#hooks = hooks;
    this.#onReport = onReport;
    this.folder = new Folder(options.folder);
    this.#names = [
      ...Array.from({ length: options.authorities }, (_, i) => `authority-${i + 1}`),
      ...Array.from({ length: options.stakers }, (_, i) => `staker-${i + 1}`),
    ];
  }

  /** Reads the settlement chain; only after {@link begin}. */
  get client(): PublicClient {
    return this.#client!;
  }

  get network(): Network {
    return this.#network!;
  }

  /** The account that delegates to the first staker, and that validator's number. Only after {@link begin}. */
  async delegator(): Promise<{ readonly sender: Sender; readonly validator: number }> {
    const accounts = await Accounts.open(this.folder);
    return {
      sender: senderOf(this.client, this.#chain!.url, await accounts.account("delegator")),
      validator: this.validators[this.#options.authorities]!.number,
    };
  }

  /** What a recovery takes before anything can become final, ms; 0: none is needed. Only after {@link begin}. */
  get recoveryMs(): number {
    return this.#pause?.recoveryMs ?? 0;
  }

  /** Why the devnet cannot go on; null while it can. */
  get fatal(): DevnetError | null {
    return this.#fatal;
  }

  /** Brings everything up: settlement chain, contracts, validators, wallet. */
  async begin(): Promise<void> {
    const options = this.#options;
    const { folder } = this;
    if (options.reset) folder.wipe();
    const resumed = this.#prepareFolder();
    this.#ports = await choosePorts(options.portBase, portsNeeded(this.#names.length));
    const ports = this.#ports.numbers;
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
      this.#pause = await pauseBeyondLease(this.#client!, this.#network);
      if (this.#pause !== null) this.#note("warn", describePause(this.#pause));
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
    let manifest = this.folder.readManifest();
    if (manifest !== null && !manifest.started) {
      this.#note("warn", "the last start did not get as far as a running chain: beginning anew");
      this.folder.wipe();
      manifest = null;
    }
    if (
      manifest !== null &&
      (manifest.authorities !== authorities || manifest.stakers !== stakers || manifest.mode !== mode)
    ) {
      throw new DevnetError(
        "DATA_FOLDER",
        `${this.folder.root} holds a devnet of ${manifest.authorities} authorities and ${manifest.stakers} stakers in ${manifest.mode} mode: ` +
          "give the same numbers to resume it, start over with --reset, or name another folder with --dir",
      );
    }
    this.folder.create(this.#names);
    if (manifest === null) this.#writeManifest(false);
    return manifest !== null;
  }

  #writeManifest(started: boolean): void {
    const { authorities, stakers, mode } = this.#options;
    this.folder.writeManifest({ authorities, stakers, mode, chainId: LEDGER_CHAIN_ID, started });
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
    return Promise.all(places.map((place) => Validator.openKeys(this.folder, accounts, place)));
  }

  async #setUp(accounts: Accounts, keys: readonly ValidatorKeys[]): Promise<void> {
    const chain = this.#chain!;
    const client = this.#client!;
    const deployer = await accounts.account("deployer");
    const deployerKey = toHex(await accounts.secret(this.folder.account("deployer"), "secp256k1"));
    const network = await this.#step("deploying the contracts", async () => {
      await chain.fund([deployer.address], GAS_MONEY);
      return deployContracts(this.folder, chain.url, deployerKey, LEDGER_CHAIN_ID);
    });
    this.#network = network;
    const sender = senderOf(client, chain.url, deployer);
    const candidates: Candidate[] = keys.map((key) => ({
      name: key.place.name,
      role: key.place.role,
      operator: key.operator,
      blsSecret: key.blsSecret,
    }));
    const numbers = await this.#step(
      `registering ${candidates.length} validators through the contracts`,
      () => bringIn(chain, client, network, sender, candidates, () => this.#checkAborted()),
    );
    const delegator = senderOf(client, chain.url, await accounts.account("delegator"));
    await this.#step("delegating to a staker", async () => {
      await chain.fund([delegator.account.address], GAS_MONEY);
      await settleDelegator(sender, delegator, network, numbers[this.#options.authorities]!);
    });
    const genesis = await this.#genesis(accounts);
    this.folder.write(this.folder.genesis, formatGenesisFile(genesis));
    await this.#step("sealing the first registry and starting the chain", () =>
      startAtRealTime(chain, sender, network, this.#options.mode, genesisStateRoot(genesis)),
    );
    this.#writeManifest(true);
  }

  /** The ledger's coin at height 0: the wallet's accounts and the user's test account. */
  async #genesis(accounts: Accounts): Promise<GenesisFile> {
    const secret = await accounts.secret(this.folder.account("wallet"), "secp256k1");
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
          folder: this.folder,
          network: this.#network!,
          settlementUrl: this.#chain!.url,
          keys: key,
          everybody,
          configure: this.#hooks.configure ?? ((_, config) => config),
        });
        this.validators.push(validator);
        this.#supervise(validator);
      }
      await this.#orAborted(Promise.all(this.validators.map((validator) => validator.start())));
    });
  }

  #supervise(validator: Validator): void {
    let restarts = 0;
    validator.onUnexpectedEnd((ended, tail) => {
      if (this.#ending) return;
      const how = ended.signal ?? `exit code ${ended.code}`;
      if (DISK_FULL.test(tail)) {
        this.#fatal ??= new DevnetError("DISK_FULL", `${validator.name} ended: ${tail}`);
        return;
      }
      if (restarts++ >= RESTARTS || NEVER_RESTART.includes(ended.code)) {
        const loss = `${validator.name} ended (${how}) and stays down: ${tail}`;
        this.losses.push(loss);
        this.#note("warn", loss);
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

  async #startWallet(accounts: Accounts): Promise<void> {
    await accounts.secret(this.folder.account("wallet"), "secp256k1");
    // The wallet talks to authorities that no option disturbs; it moves on when one does not answer.
    const calm = this.validators
      .slice(0, this.#options.authorities - (this.#options.misbehave ? 1 : 0))
      .filter((validator) => !validator.follows);
    const plan: WalletPlan = {
      chainId: LEDGER_CHAIN_ID,
      endpoints: calm.map((validator) => validator.rpc),
      keystore: this.folder.account("wallet"),
      passwordFile: this.folder.password,
      accounts: WALLET_ACCOUNTS,
      rate: this.#options.rate,
    };
    const file = this.folder.deployment("wallet.json");
    this.folder.write(file, JSON.stringify(plan));
    this.#wallet = new ManagedProcess({
      name: "wallet",
      program: { script: WALLET },
      args: [file],
      cwd: this.folder.root,
      logFile: this.folder.log("wallet"),
    });
    this.#wallet.onMessage((message) => {
      this.#onReport(message as WalletReport);
    });
  }

  async #announce(accounts: Accounts, resumed: boolean): Promise<void> {
    const test = await accounts.account("test");
    const first = this.validators[0]!.rpc;
    const quoted = (path: string): string => (/[^\w./-]/.test(path) ? `'${path}'` : path);
    const info: DevnetInfo = {
      folder: this.folder.root,
      settlementUrl: this.#chain!.url,
      validators: this.validators.map((validator) => ({
        name: validator.name,
        rpc: validator.rpc,
        metrics: `${validator.rpc}/metrics`,
      })),
      testAccount: test.address,
      tryIt:
        `npx aitbc-hybrid transfer send --rpc ${first} --keystore ${quoted(this.folder.account("test"))} ` +
        `--password-file ${quoted(this.folder.password)} --to 0x000000000000000000000000000000000000dEaD --amount 1.5`,
      resumed,
    };
    this.#hooks.onEvent({ type: "ready", info });
  }

  /** Tells the wallet to stop and waits until everything it sent has an outcome. */
  async endWallet(): Promise<void> {
    const wallet = this.#wallet;
    if (wallet === null || wallet.result !== null) return;
    wallet.tell({ type: "stop" } satisfies WalletCommand);
    await Promise.race([wallet.ended, new Promise((resolve) => setTimeout(resolve, WALLET_END_MS).unref())]);
    await wallet.stop();
  }

  /** Stops everything in the order in which nothing is lost: wallet, validators, settlement chain. */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#wallet?.stop();
    await Promise.all(this.validators.map((validator) => validator.stop()));
    await this.#chain?.process.stop();
    await this.#ports?.release();
    this.#ports = null;
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

  async #orAborted<T>(work: Promise<T>): Promise<T> {
    return Promise.race([
      work,
      aborted(this.#hooks.signal).then(() => {
        throw new DevnetError("INTERRUPTED", "stopped before the devnet ran");
      }),
    ]);
  }
}
