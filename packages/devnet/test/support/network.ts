import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeConfigInput } from "@aitbc-hybrid/node";
import {
  consensusParametersAbi,
  hybridManagerAbi,
  type Network,
  type OpenRecovery,
  readRecovery,
} from "@aitbc-hybrid/sdk";
import { createTestClient, createWalletClient, http, type PublicClient, type TestClient } from "viem";
import { compareChains, finalHeight } from "../../src/agreement.ts";
import { Cluster } from "../../src/cluster.ts";
import { rpc } from "../../src/rpc.ts";
import type { Validator } from "../../src/validator.ts";

/** Seconds: hardly longer than checkpoints are apart in the slowest mode. */
const STALL = 12n;
/** Nothing that is waited for takes longer, however busy the machine is, ms. */
const DEADLINE_MS = 600_000;
/** The same of a whole test, with its beginning and end. */
export const HANGS_MS = DEADLINE_MS + 180_000;
/** Between two looks, ms. */
const LOOK_MS = 100;

/** What `hybrid_status` says. */
export interface Status {
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: string;
  readonly heights: { readonly latest: number; readonly finalized: number };
}

/** What of the timelock's parameters tests change. */
interface Times {
  readonly stall: bigint;
  readonly grace: bigint;
  readonly leakAfter: bigint;
  readonly leakRound: bigint;
  readonly leakStep: bigint;
}

type Change = (config: NodeConfigInput) => NodeConfigInput;

/** A devnet of few validators, whose contracts tests may have wait for seconds. */
export class TestNetwork {
  /** What the devnet says to its user. */
  readonly notes: string[] = [];
  /** By name: how a validator's configuration differs from the next start on. */
  readonly changes = new Map<string, Change>();
  readonly #root: string;
  readonly #abort: AbortController;
  readonly #until = Date.now() + DEADLINE_MS;
  readonly #stakers: number;
  readonly #usual: Change;
  #cluster: Cluster;
  #url = "";

  private constructor(name: string, stakers: number, usual: Change) {
    this.#root = mkdtempSync(join(tmpdir(), `devnet ${name} `));
    this.#abort = new AbortController();
    this.#stakers = stakers;
    this.#usual = usual;
    this.#cluster = this.#make();
  }

  #make(): Cluster {
    return new Cluster(
      {
        authorities: 1,
        stakers: this.#stakers,
        mode: "balanced",
        forMs: null,
        folder: join(this.#root, "data"),
        reset: false,
        portBase: null,
        rate: 5,
        misbehave: false,
        kill: false,
      },
      {
        signal: this.#abort.signal,
        configure: (name, config) => (this.changes.get(name) ?? this.#usual)(config),
        onEvent: (event) => {
          if (event.type === "ready") this.#url = event.info.settlementUrl;
          if (event.type !== "note") return;
          this.notes.push(event.text);
          console.log(`# ${event.text}`);
        },
      },
      () => {},
    );
  }

  /**
   * Runs a test over a network of one authority and some stakers, and ends it.
   * @param usual what is different in everybody's configuration
   */
  static async during(
    name: string,
    stakers: number,
    run: (network: TestNetwork) => Promise<void>,
    usual: Change = (config) => config,
  ): Promise<void> {
    const network = new TestNetwork(name, stakers, usual);
    try {
      await network.cluster.begin();
      await run(network);
    } finally {
      network.#abort.abort();
      await network.cluster.end();
      rmSync(network.#root, { recursive: true, force: true });
    }
  }

  get cluster(): Cluster {
    return this.#cluster;
  }

  /** Ends the devnet and starts it again from its folder. */
  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.#cluster.end();
    await meanwhile();
    this.#cluster = this.#make();
    await this.#cluster.begin();
  }

  get client(): PublicClient {
    return this.cluster.client;
  }

  get contracts(): Network {
    return this.cluster.network;
  }

  get authority(): Validator {
    return this.cluster.validators[0]!;
  }

  get stakers(): readonly Validator[] {
    return this.cluster.validators.slice(1);
  }

  get hybrid() {
    return { address: this.contracts.addresses.hybrid, abi: hybridManagerAbi } as const;
  }

  /** Resolves once it is reached; fails where that takes too long. */
  async reaches(what: string, reached: () => Promise<boolean>): Promise<void> {
    const left = this.#until - Date.now();
    assert.ok(await this.isReached(what, left, reached), `${what}: not in time`);
  }

  /** Whether it is reached within a time, ms. */
  async isReached(what: string, within: number, reached: () => Promise<boolean>): Promise<boolean> {
    const until = Math.min(this.#until, Date.now() + within);
    while (!(await reached().catch(() => false))) {
      if (Date.now() >= until) return false;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    console.log(`# ${what}`);
    return true;
  }

  async status(validator: Validator): Promise<Status> {
    return (await rpc(validator.rpc, "hybrid_status")) as Status;
  }

  /** The final chains of these agree, at every height. */
  async assertAgreement(validators: readonly Validator[]): Promise<void> {
    const target = Math.max(...(await Promise.all(validators.map(({ rpc }) => finalHeight(rpc)))));
    const { agreed, problem } = await compareChains(
      validators.map(({ rpc }) => rpc),
      target,
      Date.now() + 60_000,
    );
    assert.equal(agreed, true, problem ?? "");
  }

  /** What the contracts show of the open recovery; null if none is. */
  async recovery(): Promise<OpenRecovery | null> {
    return (await readRecovery(this.client, this.contracts)).open;
  }

  /**
   * Resolves once a recovery is open of a chain that stands still. Only until then is a short silence enough: a chain
   * that goes on slowly, before or after it, is not taken for one that stands still.
   */
  async opensRecovery(): Promise<OpenRecovery> {
    const { stall } = await this.#recoveryTimes();
    await this.changeRecovery({ stall: STALL });
    await this.reaches("recovery is open", async () => (await this.recovery()) !== null);
    await this.changeRecovery({ stall });
    return (await this.recovery())!;
  }

  /** Has grace of a recovery be over. */
  async endsGrace({ graceEnd }: OpenRecovery): Promise<void> {
    const left = graceEnd - Number((await this.client.getBlock()).timestamp);
    if (left >= 0) await this.travel(left + 1);
  }

  #recoveryTimes() {
    return this.client.readContract({ ...this.#parameters(), functionName: "recovery" });
  }

  /** Changes the times of a recovery as governance would: by the timelock. */
  async changeRecovery(values: Partial<Times>): Promise<void> {
    const rules = await this.#recoveryTimes();
    await this.#succeeds(
      (await this.#timelock()).writeContract({
        ...this.#parameters(),
        chain: null,
        functionName: "setRecovery",
        args: [{ ...rules, ...values }],
      }),
    );
  }

  /** The same of the settlement lease, ms, of registries that are sealed from now on. */
  async changeLease(settleLease: bigint): Promise<void> {
    const rules = await this.client.readContract({ ...this.#parameters(), functionName: "consensus" });
    await this.#succeeds(
      (await this.#timelock()).writeContract({
        ...this.#parameters(),
        chain: null,
        functionName: "setConsensus",
        args: [{ ...rules, settleLease }],
      }),
    );
  }

  #parameters() {
    return { address: this.contracts.addresses.parameters, abi: consensusParametersAbi } as const;
  }

  async #timelock() {
    const { timelock } = this.contracts.addresses;
    const chain = this.#chain();
    await chain.impersonateAccount({ address: timelock });
    await chain.setBalance({ address: timelock, value: 10n ** 18n });
    return createWalletClient({ transport: http(this.#url), account: timelock });
  }

  async #succeeds(sending: Promise<`0x${string}`>): Promise<void> {
    const { status } = await this.client.waitForTransactionReceipt({ hash: await sending });
    assert.equal(status, "success");
  }

  /** Moves the settlement chain's clock on. */
  async travel(seconds: number): Promise<void> {
    await this.#chain().increaseTime({ seconds });
  }

  #chain(): TestClient {
    return createTestClient({ mode: "anvil", transport: http(this.#url) });
  }
}
