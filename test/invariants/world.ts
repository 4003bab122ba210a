import { AbiCoder, type BaseContract, type Interface } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { ROLES } from "../../tasks/roles.ts";
import type { InvariantLens } from "../../typechain/test/harness/InvariantLens.ts";
import { COIN, type Core, deployCore, populate, type Signer, start } from "../support/core.ts";
import { impersonate } from "../support/custody.ts";

/** Accounts that delegate. */
export const DELEGATORS = 10;
/** Accounts that report offences and propose. */
const REPORTERS = 2;
const RESERVE = 20_000_000n * COIN;
const GAS = "0xf00000";
const PANIC = "0x4e487b71";

/** A stream of chance that a seed decides (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * limit);
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Part of an amount: often all of it, now and then one base unit. */
  partOf(most: bigint): bigint {
    const draw = this.below(1_000);
    if (draw < 250) return most;
    if (draw < 300) return 1n;
    return (most * BigInt(draw)) / 1_000n;
  }
}

export interface Cohort {
  readonly tokens: bigint;
  readonly shares: bigint;
  readonly day: bigint;
  readonly lastSeal: bigint;
}
export interface Holding {
  readonly shares: bigint;
  readonly tokens: bigint;
  readonly encumbered: boolean;
  readonly parts: readonly bigint[];
  readonly queued: bigint;
}
/** A validator's stake, and whose it is. */
export interface Look {
  readonly bond: bigint;
  readonly delegated: bigint;
  readonly shares: bigint;
  readonly generation: bigint;
  readonly status: number;
  readonly jailedUntil: number;
  readonly bonds: readonly Cohort[];
  readonly delegations: readonly Cohort[];
  readonly owners: readonly Holding[];
  readonly counted: readonly bigint[];
  readonly most: readonly bigint[];
  readonly pay: bigint;
}
/** Balances and totals. */
export interface Sums {
  readonly balances: readonly bigint[];
  readonly totalStake: bigint;
  readonly totalOwed: bigint;
  readonly totalQueued: bigint;
  readonly reserve: bigint;
  readonly outstanding: bigint;
  readonly owed: bigint;
  readonly credits: bigint;
  readonly sealNumber: number;
  readonly blobs: readonly string[];
}

interface Log {
  readonly address: string;
  readonly topics: string[];
  readonly data: string;
}
export interface Event {
  /** Contract, lower case. */
  readonly by: string;
  readonly name: string;
  readonly args: Record<string, unknown>;
}
/** What became of a call. */
export type Outcome =
  | { readonly ok: true; readonly events: readonly Event[]; readonly touched: readonly number[] }
  | { readonly ok: false; readonly data: string };

export interface Tally {
  tries: number;
  successes: number;
}

export interface Account {
  readonly accounting: unknown;
  readonly vector: string;
  readonly submitter: string;
}
export interface Proposal {
  readonly id: bigint;
  readonly total: bigint;
  /** Second of the last vote. */
  readonly end: number;
  open: boolean;
}

/** An invariant that does not hold. */
export class Violation extends Error {}

export function hold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Violation(what);
}

/** Status of a validator. */
export const STATUS = { active: 1, jailed: 2, tombstoned: 3, exited: 4 } as const;

/** The contracts as deployed, those who use them, and what they are entitled to. */
export class World {
  readonly core: Core;
  readonly lens: InvariantLens;
  readonly lensAddress: string;
  readonly delegators: readonly Signer[];
  readonly reporters: readonly Signer[];
  readonly operators: readonly Signer[];
  /** The slashing contract's address: jails and slashes as it likes. */
  readonly slasher: Signer;
  readonly owners: string[];
  /** Whose balances count: delegators, reporters, operators, then the five contracts. */
  readonly accounts: string[];
  readonly chance: Chance;
  readonly actions: Record<string, Tally>;
  at = 0;
  calls = 0;
  looks = new Map<number, Look>();
  sums!: Sums;
  /** Put in less taken out: by delegator, by operator. */
  readonly stakes = new Map<string, bigint>();
  readonly bonds = new Map<string, bigint>();
  readonly operatorOf = new Map<number, Signer>();
  /** Sent without a deposit: custody, distributor, slashing pool. */
  readonly gifts: [bigint, bigint, bigint] = [0n, 0n, 0n];
  /** Rewards kept back for reporters. */
  kept = 0n;
  junior = 0n;
  rewarded = 0n;
  readonly keptIds: string[] = [];
  readonly groups: { readonly id: string; readonly seats: number[] }[] = [];
  readonly epochs: Account[] = [];
  /** By epoch: the seal that decides the one after it, and when its boundary was accepted. */
  readonly accepted: { readonly seal: number; readonly at: number }[] = [];
  accrued = 0;
  readonly proposals: Proposal[] = [];
  /** Validators on seats, by seal. */
  readonly members = new Map<number, readonly number[]>();
  readonly #events: Map<string, Interface>;
  readonly #selectors: Map<string, string>;

  constructor(base: Base, seed: number, actions: Record<string, Tally>) {
    this.core = { ...base.core, members: new Map(base.core.members), secrets: new Map(base.core.secrets) };
    this.lens = base.lens;
    this.lensAddress = base.lensAddress;
    this.slasher = base.slasher;
    this.delegators = this.core.others.slice(0, DELEGATORS);
    this.reporters = this.core.others.slice(DELEGATORS, DELEGATORS + REPORTERS);
    this.operators = this.core.others.slice(DELEGATORS + REPORTERS);
    this.owners = this.delegators.map(({ address }) => address);
    const { pool, queue, distributor, slashing, governor } = this.core.addresses;
    this.accounts = [
      ...this.core.others.map(({ address }) => address),
      pool,
      queue,
      distributor,
      slashing,
      governor,
    ];
    this.chance = new Chance(seed);
    this.actions = actions;
    this.at = base.at;
    this.#events = base.events;
    this.#selectors = base.selectors;
    for (const { id, operator } of this.core.members.values()) this.operatorOf.set(id, operator);
  }

  /** Reads everything once. */
  async begin(): Promise<void> {
    for (const id of this.ids) this.looks.set(id, await this.lookAt(id));
    this.sums = await this.readSums();
    for (const owner of this.owners) this.stakes.set(owner, 0n);
    for (const { address } of this.operators) this.bonds.set(address, 0n);
    for (const [id, { bond }] of this.looks) {
      const { address } = this.operatorOf.get(id)!;
      this.bonds.set(address, this.bonds.get(address)! + bond);
    }
  }

  get ids(): number[] {
    return [...this.operatorOf.keys()];
  }

  async request<T>(method: string, params: unknown[]): Promise<T> {
    return this.core.connection.provider.request({ method, params }) as Promise<T>;
  }

  async read(to: string, contract: Interface, name: string, args: readonly unknown[]) {
    const data = contract.encodeFunctionData(name, args);
    let answer: string;
    try {
      answer = await this.request<string>("eth_call", [{ to, data, gas: "0x1000000" }, "latest"]);
    } catch (error) {
      const reason = revertData(error);
      if (reason === undefined) throw error;
      throw new Violation(`the view ${name} fails: ${reason}`);
    }
    return contract.decodeFunctionResult(name, answer);
  }

  /** One call, counted under a name; `after` seconds after the last. */
  async act(
    name: string,
    from: Signer,
    contract: BaseContract,
    method: string,
    args: readonly unknown[],
    after = 1 + this.chance.below(3),
  ): Promise<Outcome> {
    this.actions[name] ??= { tries: 0, successes: 0 };
    const tally = this.actions[name];
    tally.tries++;
    const outcome = await this.send(from, contract, method, args, after);
    if (outcome.ok) {
      tally.successes++;
      this.calls++;
    }
    return outcome;
  }

  async send(
    from: Signer,
    contract: BaseContract,
    method: string,
    args: readonly unknown[],
    after = 1,
  ): Promise<Outcome> {
    const to = contract.target as string;
    const data = contract.interface.encodeFunctionData(method, args);
    this.at += after;
    await this.request("evm_setNextBlockTimestamp", [this.at]);
    let hash: string;
    try {
      hash = await this.request<string>("eth_sendTransaction", [{ from: from.address, to, data, gas: GAS }]);
    } catch (error) {
      const reason = revertData(error);
      if (reason === undefined) throw error;
      hold(!reason.startsWith(PANIC), `${method} fails by a panic: ${reason}`);
      if (process.env.AITBC_HYBRID_REFUSALS !== undefined) {
        process.stderr.write(`${method}: ${this.#selectors.get(reason.slice(0, 10)) ?? reason}\n`);
      }
      return { ok: false, data: reason };
    }
    const { logs } = await this.request<{ logs: Log[] }>("eth_getTransactionReceipt", [hash]);
    return { ok: true, ...this.#understand(logs) };
  }

  #understand(logs: readonly Log[]): { events: Event[]; touched: number[] } {
    const touched = new Set<number>();
    const events: Event[] = [];
    for (const { address, topics, data } of logs) {
      const contract = this.#events.get(address.toLowerCase());
      const fragment = contract?.getEvent(topics[0]!);
      if (contract === undefined || fragment == null) continue;
      if (topics.length > 1 && contract !== this.core.token.interface) {
        const id = BigInt(topics[1]!);
        if (id > 0n && id < 10_000n) touched.add(Number(id));
      }
      if (INTERESTING.has(fragment.name))
        events.push({
          by: address.toLowerCase(),
          name: fragment.name,
          args: contract.decodeEventLog(fragment, data, topics).toObject(),
        });
    }
    return { events, touched: [...touched].filter((id) => id <= this.operatorOf.size) };
  }

  /** Whether a refusal is this custom error. */
  isRefusal(outcome: Outcome, name: string): boolean {
    return !outcome.ok && this.#selectors.get(outcome.data.slice(0, 10)) === name;
  }

  async lookAt(id: number): Promise<Look> {
    const [l] = await this.read(this.lensAddress, this.lens.interface, "look", [id, this.owners]);
    return {
      bond: l.pool.bond,
      delegated: l.pool.delegated,
      shares: l.pool.shares,
      generation: l.pool.generation,
      status: Number(l.identity.status),
      jailedUntil: Number(l.identity.jailedUntil),
      bonds: l.bonds.map((c: Cohort) => ({ ...cohortOf(c) })),
      delegations: l.delegations.map((c: Cohort) => ({ ...cohortOf(c) })),
      owners: l.owners.map((h: Holding) => ({
        shares: h.shares,
        tokens: h.tokens,
        encumbered: h.encumbered,
        parts: [...h.parts],
        queued: h.queued,
      })),
      counted: [...l.counted],
      most: [...l.most],
      pay: l.pay,
    };
  }

  async readSums(): Promise<Sums> {
    const all = this.core.others.map(({ address }) => address);
    const [s] = await this.read(this.lensAddress, this.lens.interface, "sums", [this.accounts, all]);
    return {
      balances: [...s.balances],
      totalStake: s.totalStake,
      totalOwed: s.totalOwed,
      totalQueued: s.totalQueued,
      reserve: s.reserve,
      outstanding: s.outstanding,
      owed: s.owed,
      credits: s.credits,
      sealNumber: Number(s.sealNumber),
      blobs: [...s.blobs],
    };
  }

  /** Validators on the seats of a seal's registry. */
  async membersOf(seal: number): Promise<readonly number[]> {
    let list = this.members.get(seal);
    if (list === undefined) {
      const { elections } = this.core;
      const [ids] = await this.read(elections.target as string, elections.interface, "validatorsOf", [
        seal,
        0,
        1024,
      ]);
      list = [...(ids as bigint[])].map(Number);
      this.members.set(seal, list);
    }
    return list;
  }
}

const cohortOf = ({ tokens, shares, day, lastSeal }: Cohort): Cohort => ({ tokens, shares, day, lastSeal });

const INTERESTING = new Set([
  "Transfer",
  "Delegated",
  "Credited",
  "Slashed",
  "Convicted",
  "RewardKept",
  "RewardPaid",
  "GroupConvicted",
  "Sealed",
  "Accrued",
]);

function revertData(error: unknown): string | undefined {
  for (let each = error; typeof each === "object" && each !== null; ) {
    const { data, cause } = each as { data?: unknown; cause?: unknown };
    if (typeof data === "string") return data;
    if (typeof data === "object" && data !== null) {
      const inner = (data as { data?: unknown }).data;
      if (typeof inner === "string") return inner;
    }
    each = cause;
  }
  return undefined;
}

/** Where every run begins. */
export interface Base {
  readonly core: Core;
  readonly lens: InvariantLens;
  readonly lensAddress: string;
  readonly slasher: Signer;
  readonly at: number;
  readonly events: Map<string, Interface>;
  readonly selectors: Map<string, string>;
}

/** Contracts with four authorities and four stakers, started in Balanced and funded. */
export async function deployBase(connection: NetworkConnection): Promise<Base> {
  const all = await deployCore(connection);
  const { ethers, networkHelpers } = connection;
  // Operators are the last accounts: `register` gives validator n to the n-th of the others.
  const operators = all.others.slice(DELEGATORS + REPORTERS);
  const core: Core = { ...all, others: operators };
  await populate(core, [10_000, 12_000, 10_500, 30_000], [20_000, 15_000, 11_000, 40_000]);
  await start(core);
  for (const contract of [all.addresses.distributor, all.addresses.governor])
    await all.token.approve(contract, RESERVE);
  await all.distributor.fund(RESERVE);
  for (const proposer of all.others)
    await all.token.connect(proposer).approve(all.addresses.governor, RESERVE);
  await all.access.grantRole(ROLES.council, all.deployer.address, 0);
  const lens = (await ethers.deployContract("InvariantLens", [
    all.addresses.pool,
    all.addresses.elections,
    all.addresses.distributor,
  ])) as unknown as InvariantLens;
  const slasher = await impersonate(all, all.addresses.slashing);
  const events = new Map<string, Interface>();
  const selectors = new Map<string, string>();
  for (const contract of Object.values(all)) {
    if (typeof contract !== "object" || contract === null || !("interface" in contract)) continue;
    const { target, interface: abi } = contract as BaseContract;
    events.set((target as string).toLowerCase(), abi);
    abi.forEachError((error) => selectors.set(error.selector, error.name));
  }
  return {
    core: { ...all, members: core.members, secrets: core.secrets },
    lens,
    lensAddress: await lens.getAddress(),
    slasher,
    at: await networkHelpers.time.latest(),
    events,
    selectors,
  };
}

/** The `params` that name validators in a vote. */
export const naming = (ids: readonly number[]): string =>
  AbiCoder.defaultAbiCoder().encode(["uint64[]"], [ids]);
