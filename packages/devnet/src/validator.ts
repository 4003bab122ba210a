import { fileURLToPath } from "node:url";
import { pureBls } from "@aitbc-hybrid/crypto";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { type NodeConfigInput, type PeerEntry, peerIdOf } from "@aitbc-hybrid/node";
import type { Seat } from "@aitbc-hybrid/protocol";
import { checkpointManagerAbi, electionsAbi, type Network, validatorRegistryAbi } from "@aitbc-hybrid/sdk";
import { keccak256, type PublicClient, toHex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import type { Accounts } from "./accounts.ts";
import type { AdversaryPlan } from "./adversary/index.ts";
import { DevnetError } from "./errors.ts";
import type { Folder } from "./folder.ts";
import { type Ended, ManagedProcess } from "./processes.ts";

/** ValidatorRegistry's Status.Tombstoned. */
const TOMBSTONED = 3;

const PROGRAM = fileURLToPath(import.meta.resolve("@aitbc-hybrid/node/main"));

/** Longest until a validator's RPC answers after its start. */
const READY_MS = 120_000;
/** How often the settlement chain (a block a second) is polled, and how long a validator's turn to post lasts. */
const POLL_MS = 250;
const TURN_MS = 1_500;

/** Where a validator lives. */
export interface PeerPlace {
  readonly name: string;
  readonly role: "authority" | "staker";
  readonly rpcPort: number;
  readonly p2pPort: number;
}

/** A validator's keys. */
export interface ValidatorKeys {
  readonly place: PeerPlace;
  readonly blsSecret: Uint8Array;
  readonly networkSeed: Uint8Array;
  readonly operator: PrivateKeyAccount;
}

/** What validators know of each other. */
export type Everybody = readonly (PeerEntry & {
  readonly name: string;
  readonly validatorId: number;
  /** Convicted on the settlement chain: its key must not be used again. */
  readonly slashed: boolean;
})[];

export interface ValidatorOptions {
  readonly folder: Folder;
  readonly network: Network;
  readonly settlementUrl: string;
  readonly keys: ValidatorKeys;
  readonly everybody: Everybody;
  /** Called at every start: what it returns is the configuration. */
  readonly configure: Configure;
}

/** Makes another configuration of a validator's usual one. */
export type Configure = (validator: string, config: NodeConfigInput) => NodeConfigInput;

/** One validator of the devnet: a process running the node, started and restarted from its folder. */
export class Validator {
  readonly name: string;
  readonly rpc: string;
  readonly #options: ValidatorOptions;
  #process: ManagedProcess | null = null;
  #expected = false;
  #onUnexpectedEnd: (ended: Ended, tail: string) => void = () => {};

  constructor(options: ValidatorOptions) {
    this.#options = options;
    this.name = options.keys.place.name;
    this.rpc = `http://127.0.0.1:${options.keys.place.rpcPort}`;
  }

  /** Opens a validator's keystores, made when there are none. @throws CryptoError KEYSTORE_*. */
  static async openKeys(folder: Folder, accounts: Accounts, place: PeerPlace): Promise<ValidatorKeys> {
    const at = (file: string): string => folder.validator(place.name, file);
    return {
      place,
      blsSecret: await accounts.secret(at("bls.json"), "bls12-381"),
      networkSeed: await accounts.secret(at("network.json"), "secp256k1"),
      operator: privateKeyToAccount(toHex(await accounts.secret(at("operator.json"), "secp256k1"))),
    };
  }

  /** Everybody's peer id, address and number in ValidatorRegistry. */
  static async describe(
    client: PublicClient,
    network: Network,
    keys: readonly ValidatorKeys[],
  ): Promise<Everybody> {
    return Promise.all(
      keys.map(async ({ place, blsSecret, networkSeed }) => {
        const [validator] = await client.readContract({
          address: network.addresses.registry,
          abi: validatorRegistryAbi,
          functionName: "usedKey",
          args: [keccak256(pureBls.parseKey(nativeBls.publicKey(blsSecret)).uncompressed)],
        });
        if (validator === 0n) {
          throw new DevnetError(
            "KEYSTORE",
            `the key of ${place.name} is not registered on this settlement chain: the keystore was replaced; restore it, or start with --reset`,
          );
        }
        const { status } = await client.readContract({
          address: network.addresses.registry,
          abi: validatorRegistryAbi,
          functionName: "validator",
          args: [validator],
        });
        return {
          name: place.name,
          slashed: status === TOMBSTONED,
          peerId: await peerIdOf(networkSeed),
          addresses: [`/ip4/127.0.0.1/tcp/${place.p2pPort}`],
          validatorId: Number(validator),
        };
      }),
    );
  }

  onUnexpectedEnd(listener: (ended: Ended, tail: string) => void): void {
    this.#onUnexpectedEnd = listener;
  }

  /**
   * Starts the process and waits until it answers; one that was slashed before goes on as a follower.
   * @throws DevnetError VALIDATOR_DOWN with the end of its log.
   */
  async start(): Promise<void> {
    await this.#launch(this.#config(!this.#own.slashed));
  }

  /** True if it was slashed before this run: it follows, and takes no transactions. */
  get follows(): boolean {
    return this.#own.slashed;
  }

  /** Its number in ValidatorRegistry. */
  get number(): number {
    return this.#own.validatorId;
  }

  /** Starts it without keys: it verifies and follows, and signs nothing. */
  async startAsFollower(): Promise<void> {
    await this.#launch(this.#config(false));
  }

  async stop(): Promise<void> {
    this.#expected = true;
    await this.#process?.stop();
  }

  /** Ends it at once, as a crash would. */
  async crash(): Promise<void> {
    this.#expected = true;
    await this.#process?.crash();
  }

  /** What a program needs to act as this validator. */
  async adversaryPlan(client: PublicClient): Promise<AdversaryPlan> {
    const { folder, keys } = this.#options;
    return {
      blsKeystore: folder.validator(this.name, "bls.json"),
      networkKeystore: folder.validator(this.name, "network.json"),
      passwordFile: folder.password,
      seat: await this.#seat(client),
      listen: [`/ip4/127.0.0.1/tcp/${keys.place.p2pPort}`],
      peers: this.#peers(),
    };
  }

  /** Its seat in the registry in force, by its key. */
  async #seat(client: PublicClient): Promise<Seat> {
    const { network, keys } = this.#options;
    const epoch = await client.readContract({
      address: network.addresses.checkpoints,
      abi: checkpointManagerAbi,
      functionName: "epochNow",
    });
    const [, seal] = await client.readContract({
      address: network.addresses.checkpoints,
      abi: checkpointManagerAbi,
      functionName: "recordedRegistry",
      args: [epoch],
    });
    const owners = await client.readContract({
      address: network.addresses.elections,
      abi: electionsAbi,
      functionName: "validatorsOf",
      args: [seal, 0, 1_000],
    });
    const seat = owners.indexOf(BigInt(this.#own.validatorId));
    if (seat < 0) throw new DevnetError("VALIDATOR_DOWN", `${keys.place.name} has no seat in seal ${seal}`);
    return seat;
  }

  get #own(): Everybody[number] {
    return this.#options.everybody.find(({ name }) => name === this.name)!;
  }

  #peers(): PeerEntry[] {
    return this.#options.everybody
      .filter(({ name }) => name !== this.name)
      .map(({ peerId, addresses, validatorId }) => ({ peerId, addresses, validatorId }));
  }

  #config(signs: boolean): NodeConfigInput {
    const { folder, settlementUrl, keys } = this.#options;
    const at = (file: string): string => folder.validator(this.name, file);
    const own = this.#own;
    const { password: passwordFile } = folder;
    return {
      dataDir: at("data"),
      protectionDir: at("protection"),
      ...(signs
        ? {
            validator: {
              id: own.validatorId,
              blsKeystore: at("bls.json"),
              passwordFile,
              feeRecipient: keys.operator.address.toLowerCase(),
            },
          }
        : {}),
      ledger: { genesisFile: folder.genesis, workers: 1 },
      network: {
        keystore: at("network.json"),
        passwordFile,
        listen: [`/ip4/127.0.0.1/tcp/${keys.place.p2pPort}`],
        peers: this.#peers().map((peer) => ({ ...peer, addresses: [...peer.addresses] })),
      },
      settlement: {
        url: settlementUrl,
        networkFile: folder.network,
        pollMs: POLL_MS,
        turnMs: TURN_MS,
        ...(signs ? { operator: { keystore: at("operator.json"), passwordFile } } : {}),
      },
      rpc: { port: keys.place.rpcPort },
      log: { file: folder.log(this.name) },
    };
  }

  async #launch(config: NodeConfigInput): Promise<void> {
    const { folder, configure } = this.#options;
    const file = folder.validator(this.name, "config.json");
    folder.write(file, `${JSON.stringify(configure(this.name, config), null, 2)}\n`);
    this.#expected = false;
    let ready: () => void;
    const answered = new Promise<"ready">((resolve) => {
      ready = () => resolve("ready");
    });
    const process = new ManagedProcess({
      name: this.name,
      program: { script: PROGRAM },
      args: ["--config", file],
      cwd: folder.root,
      logFile: folder.log(`${this.name}.stderr`),
      onLine: (line) => {
        if (line.includes('"ready":true')) ready();
      },
    });
    this.#process = process;
    const outcome = await Promise.race([
      answered,
      process.ended,
      new Promise<"late">((resolve) => setTimeout(() => resolve("late"), READY_MS).unref()),
    ]);
    if (outcome !== "ready") {
      this.#expected = true;
      await process.stop();
      throw new DevnetError(
        "VALIDATOR_DOWN",
        `${this.name} did not start${outcome === "late" ? ` within ${READY_MS / 1000} s` : ""}: ${process.logTail() || `see ${folder.log(this.name)}`}`,
      );
    }
    process.ended.then((ended) => {
      if (this.#process === process && !this.#expected) this.#onUnexpectedEnd(ended, process.logTail(2));
    });
  }
}
