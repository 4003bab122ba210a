import {
  deployed,
  mint,
  type Outcome,
  type Refused,
  type Rules,
  run,
  type SeatParticipation,
  type State,
  type Transaction,
} from "@aitbc-hybrid/contract-model";
import type { Hash } from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import {
  type BaseContract,
  type ContractTransactionReceipt,
  type ContractTransactionResponse,
  Interface,
  isError,
} from "ethers";
import type { ParameterFile } from "../../../tasks/parameters.ts";
import type { Core, Signer } from "../../support/core.ts";

/** An epoch's accounting as its boundary committed to it. */
export interface EpochAccount {
  readonly accounting: {
    readonly epoch: number;
    readonly views: number;
    readonly stamp: number;
    readonly loadMultiplier: number;
    readonly vectorHash: Hash;
  };
  readonly vector: readonly SeatParticipation[];
  readonly submitter: string;
}

/** Accounts that delegate. Few, so that they meet. */
const OWNERS = 5;

/** The contracts and the model of them, after the same history. */
export interface World {
  readonly core: Core;
  /** Delegators and everybody else whose balance is compared. */
  readonly owners: readonly Signer[];
  /** Acts as the slasher in office. */
  readonly slasher: Signer;
  state: State;
  /** Time of the last transaction. */
  at: number;
  /** What boundaries said of their epochs, for the accrual. */
  readonly accounts: EpochAccount[];
  /** Groups convicted together: names here and there. */
  readonly groups: { readonly id: string; readonly here: string }[];
  /** Rewards kept back, likewise. */
  readonly kept: { readonly id: string; readonly here: string }[];
  /** How often what went through, and was refused with which error. */
  readonly seen: Map<string, number>;
  readonly errors: Interface;
}

const numbers = (group: Readonly<Record<string, unknown>>, of: readonly string[]) =>
  Object.fromEntries(
    Object.entries(group).map(([name, value]) => [
      name,
      of.includes(name) ? Number(value) : BigInt(value as number),
    ]),
  );

/** The rules of a parameter file as the model takes them. */
export function rulesOf(file: ParameterFile): Rules {
  const values = file as unknown as Record<string, Record<string, unknown>>;
  const { epochLength, lease, drift } = values.consensus as unknown as Rules["consensus"];
  return {
    consensus: { epochLength, lease, drift, settlementLag: file.settlementLag },
    stake: numbers(values.stake!, ["stakeCapFrom", "balancedSeats", "maxSeats"]),
    slashing: numbers(values.slashing!, [
      "evidenceValidity",
      "jailTime",
      "correlationWindow",
      "jailAfter",
      "absenceDelay",
    ]),
    rewards: numbers(values.rewards!, ["epochPaidTime", "accrualLag", "accrualDeadline"]),
    recovery: numbers(values.recovery!, ["stall", "grace", "leakAfter", "leakRound"]),
  } as unknown as Rules;
}

/** All custom errors of the contracts. */
function errorsOf(core: Core): Interface {
  const contracts = Object.values(core).filter(
    (value): value is BaseContract => typeof value === "object" && value !== null && "interface" in value,
  );
  const fragments = contracts.flatMap(({ interface: { fragments } }) =>
    fragments.filter(({ type }) => type === "error").map((fragment) => fragment.format("full")),
  );
  return new Interface([...new Set(fragments)]);
}

/** Contracts just deployed and the model of them. `slasher` is the account that acts as the slasher in office. */
export async function worldOf(core: Core, slasher: Signer): Promise<World> {
  const times = (await core.pool.times()) as unknown as { toObject(): Record<string, bigint> };
  const { minimumDelegation, ...rest } = times.toObject();
  const seconds = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, Number(value)]));
  const state = deployed({ ...seconds, minimumDelegation } as never, rulesOf(core.file));
  for (const { address } of [core.deployer, ...core.others])
    mint(state, address, await core.token.balanceOf(address));
  return {
    core,
    owners: core.others.slice(0, OWNERS),
    slasher,
    state,
    at: await core.connection.networkHelpers.time.latest(),
    accounts: [],
    groups: [],
    kept: [],
    seen: new Map(),
    errors: errorsOf(core),
  };
}

/** Revert data somewhere in an error. */
function revertData(error: unknown): string | undefined {
  for (let each = error; typeof each === "object" && each !== null; ) {
    const { data, cause, info, error: inner } = each as Record<string, unknown>;
    if (typeof data === "string" && data.length >= 10) return data;
    if (typeof data === "object" && data !== null && typeof (data as { data?: unknown }).data === "string")
      return (data as { data: string }).data;
    each = cause ?? info ?? inner;
  }
  return undefined;
}

/** Name of the custom error that a call was refused with; anything else is thrown on. */
export function refusalOf(world: World, error: unknown): Refused {
  const data =
    revertData(error) ?? (isError(error, "CALL_EXCEPTION") ? (error.data ?? undefined) : undefined);
  const parsed = data === undefined ? null : world.errors.parseError(data);
  if (parsed === null) throw error;
  return { name: parsed.name, args: [...parsed.args] };
}

export interface Step<T> {
  readonly name: string;
  readonly from: Signer;
  readonly contract: (overrides: { gasLimit: bigint }) => Promise<ContractTransactionResponse>;
  readonly model: (tx: Transaction) => T;
  /** Seconds since the last transaction. */
  readonly after?: number;
}

/** Both sides' accounts of a step that ended alike. */
export interface Performed<T> {
  readonly outcome: Outcome<T>;
  readonly receipt: ContractTransactionReceipt | null;
}

const count = (world: World, what: string): void => {
  world.seen.set(what, (world.seen.get(what) ?? 0) + 1);
};

/** Performs one transaction on both sides at one time, and demands the same outcome. */
export async function perform<T>(world: World, step: Step<T>): Promise<Performed<T>> {
  const { time } = world.core.connection.networkHelpers;
  world.at += step.after ?? 1;
  await time.setNextBlockTimestamp(world.at);
  let refused: Refused | undefined;
  let receipt: ContractTransactionReceipt | null = null;
  try {
    const tx = await step.contract({ gasLimit: 16_000_000n });
    receipt = await tx.wait();
  } catch (error) {
    refused = refusalOf(world, error);
  }
  const outcome = run(world.state, { from: step.from.address, at: world.at }, step.model);
  const said = outcome.ok ? "goes through" : outcome.refused.name;
  expect(refused?.name ?? "goes through", `${step.name}: the contracts against the model`).to.equal(said);
  if (outcome.ok) world.state = outcome.state;
  count(world, outcome.ok ? step.name : `${step.name}: ${said}`);
  return { outcome, receipt };
}
