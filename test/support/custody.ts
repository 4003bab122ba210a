import { expect } from "chai";
import { AbiCoder, id, ZeroAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { StubModule } from "../../typechain/test/harness/StubModule.ts";
import { COIN, type Core, deployCore, type Signer } from "./core.ts";

/** Lists of cohorts, as UnbondingQueue numbers them. */
export const KIND = { bond: 0, delegation: 1, redelegation: 2 } as const;
export const NEVER = 0xffff_ffffn;

/** An account to call the pool with as a contract's address. */
export async function impersonate(core: Core, address: string): Promise<Signer> {
  const { networkHelpers, ethers } = core.connection;
  await networkHelpers.impersonateAccount(address);
  await networkHelpers.setBalance(address, COIN);
  return ethers.getSigner(address);
}

/** The pool as the slasher in office sees it. */
export async function asSlasher(core: Core) {
  return core.pool.connect(await impersonate(core, core.addresses.slashing));
}

/** The fraction that takes an amount of what is liable; all of it where it is more. */
const fraction = (amount: bigint, [junior, senior]: readonly bigint[]): [bigint, bigint] => {
  const all = junior! + senior!;
  return amount < all ? [amount, all] : [1n, 1n];
};

/** Slashes without a hold. */
export async function slash(core: Core, validator: number, seal: number, amount: bigint) {
  const pool = await asSlasher(core);
  return pool.slash(validator, seal, ...fraction(amount, await pool.liable(validator, seal)), 0);
}

/** Sum of what validators' books say, by the events' owners of nothing: bonds, pools, cohorts. */
export async function sums(core: Core) {
  let [staked, queued] = [0n, 0n];
  for (let id = 1n; id <= (await core.registry.validatorCount()); id++) {
    staked += await core.pool.stakeOf(id);
    for (const kind of [KIND.bond, KIND.delegation]) {
      const count = await core.queue.cohortCount(id, kind);
      for (let i = 0n; i < count; i++) queued += (await core.queue.cohort(id, kind, i)).tokens;
    }
  }
  return { staked, queued };
}

/** Custody holds what it owes, to the wei; `gifts` were sent without a deposit. */
export async function expectSolvent(core: Core, gifts = 0n) {
  const { staked, queued } = await sums(core);
  expect(await core.pool.totalStake(), "staked").to.equal(staked);
  expect(await core.queue.totalQueued(), "queued").to.equal(queued);
  expect(await core.token.balanceOf(core.addresses.pool), "held").to.equal(
    staked + queued + (await core.pool.totalOwed()) + gifts,
  );
  expect(await core.token.balanceOf(core.addresses.queue)).to.equal(0n);
}

const ACTS = { answer: 0, fail: 1, burn: 2, call: 3 } as const;
const WORDS = AbiCoder.defaultAbiCoder();

/** A module that answers as it is told. */
export class Stub {
  readonly contract: StubModule;
  readonly address: string;

  constructor(contract: StubModule, address: string) {
    this.contract = contract;
    this.address = address;
  }

  /** Has a function, named by its signature, return words. */
  async answer(signature: string, ...words: bigint[]): Promise<void> {
    const data = WORDS.encode(
      words.map(() => "uint256"),
      words,
    );
    await this.contract.plan(selectorOf(signature), ACTS.answer, ZeroAddress, data);
  }

  async fail(signature: string): Promise<void> {
    await this.contract.plan(selectorOf(signature), ACTS.fail, ZeroAddress, "0x");
  }

  /** Has a function use up the gas it is given. */
  async burn(signature: string): Promise<void> {
    await this.contract.plan(selectorOf(signature), ACTS.burn, ZeroAddress, "0x");
  }

  /** Has a function call somebody. */
  async call(signature: string, target: string, data: string): Promise<void> {
    await this.contract.plan(selectorOf(signature), ACTS.call, target, data);
  }

  /** Calls somebody as this module. */
  async execute(target: string, data: string) {
    return this.contract.execute(target, data);
  }
}

const selectorOf = (signature: string): string => id(signature).slice(0, 10);

/** Custody with every other module but token and registry replaced by stubs, and validators without keys. */
export interface Custody extends Core {
  readonly seals: Stub;
  readonly clock: Stub;
  readonly rewards: Stub;
  /** In office from the beginning. */
  readonly judge: Stub;
  /** Delegators, funded and having approved the pool. */
  readonly owners: readonly Signer[];
  /** Operator and withdrawal address of validator 1, 2, ... */
  readonly operators: readonly Signer[];
}

export const SIGNATURES = {
  sealNumber: "sealNumber()",
  refresh: "refresh(uint64)",
  rewards: "settle(uint64,address)",
  paid: "paidSeal(uint64,address)",
  surcharge: "settle(uint64)",
  epochNow: "epochNow()",
  registry: "recordedRegistry(uint64)",
  accepted: "boundaryAcceptedAt(uint64)",
} as const;

/** Bond of each validator at first. */
export const BOND = 1_000n * COIN;

/** Custody with validators 1 to 4, one seal executed, nothing accepted. */
export async function deployCustody(connection: NetworkConnection): Promise<Custody> {
  const core = await deployCore(connection);
  const { ethers, networkHelpers } = connection;
  const stub = async (at?: string) => {
    const contract = await ethers.deployContract("StubModule");
    if (at === undefined) return new Stub(contract, await contract.getAddress());
    await networkHelpers.setCode(at, (await contract.getDeployedCode())!);
    return new Stub(await ethers.getContractAt("StubModule", at), at);
  };
  const [seals, clock, rewards] = [await stub(), await stub(), await stub()];
  const judge = await stub(core.addresses.slashing);
  const operators = core.others.slice(0, 4);
  for (const operator of operators) {
    await core.registry.connect(operator).reserve(operator.address, ZeroAddress, "");
  }
  await core.pool.setElections(seals.address);
  await core.pool.setDistributor(rewards.address);
  await core.queue.setCheckpoints(clock.address);
  await seals.answer(SIGNATURES.sealNumber, 1n);
  await clock.answer(SIGNATURES.epochNow, 0n);
  await clock.answer(SIGNATURES.registry, 1n, 0n, 0n);
  await clock.answer(SIGNATURES.accepted, 0n);
  for (const [i, operator] of operators.entries()) {
    await core.pool.connect(operator).depositBond(i + 1, BOND);
  }
  return { ...core, seals, clock, rewards, judge, operators, owners: core.others.slice(4) };
}

/** Seals executed so far. */
export const sealed = (c: Custody, count: number) => c.seals.answer(SIGNATURES.sealNumber, BigInt(count));

/** The boundary of every epoch was accepted now, and every epoch after one is decided under this seal. */
export async function accepted(c: Custody, seal: number, at?: number): Promise<void> {
  await c.clock.answer(SIGNATURES.epochNow, 9n);
  await c.clock.answer(SIGNATURES.registry, 1n, BigInt(seal), 0n);
  const now = at ?? (await c.connection.networkHelpers.time.latest());
  await c.clock.answer(SIGNATURES.accepted, BigInt(now));
}

/** The pool as its slasher calls it. */
export async function convict(
  c: Custody,
  validator: number,
  seal: number,
  amount: bigint,
  { until = 0 }: { readonly until?: number } = {},
) {
  const [part, whole] = fraction(amount, await c.pool.liable(validator, seal));
  return c.judge.execute(
    c.addresses.pool,
    c.pool.interface.encodeFunctionData("slash", [validator, seal, part, whole, until]),
  );
}
