import { DEFAULT_RULES, type RewardRules } from "@aitbc-hybrid/contract-model";
import type { Hash } from "@aitbc-hybrid/protocol";
import { keccak256, toBeHex } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { RewardDistributor } from "../../typechain/contracts/rewards/RewardDistributor.ts";
import type { AITBCToken } from "../../typechain/contracts/token/AITBCToken.ts";
import type { RewardsWorld } from "../../typechain/test/harness/RewardsWorld.ts";
import {
  boundaryNow,
  COIN,
  type Core,
  checkpointAt,
  plain,
  type Signer,
  startedCore,
  submission,
} from "./core.ts";

export const GWEI = 10n ** 9n;
/** All of an epoch, as the vector counts what was missed. */
export const ALL = 65_535;
export const MODE = { fast: 0, balanced: 1, secure: 2 } as const;
/** A share's pay is kept times this. */
export const ACC = 1n << 64n;
const GENESIS_STAMP = 1_000_000;

/** Governed values: deploy/parameters' defaults. */
export const RULES = DEFAULT_RULES.rewards;

/** What a seat missed (parts of 65,535) and proposed. */
export interface Presence {
  readonly missed?: number;
  readonly proposed?: number;
}

export const vectorOf = (seats: readonly Presence[]): string =>
  `0x${seats.map(({ missed = 0, proposed = 0 }) => toBeHex(missed, 2).slice(2) + toBeHex(proposed, 2).slice(2)).join("")}`;

/** A registry of the stand-in: weights by seat, seats below `authorities` are theirs. */
export interface Registry {
  readonly seal: number;
  readonly authorities: number;
  readonly weights: readonly number[];
  /** Seats of the backing set; all if absent. */
  readonly backing?: readonly number[];
  readonly idle?: number;
  readonly sealer?: string;
}

/** An epoch of the stand-in. */
export interface EpochOptions {
  readonly mode?: keyof typeof MODE;
  readonly blocks?: number;
  readonly views?: number;
  /** Time since the epoch before, ms. */
  readonly time?: number;
  readonly multiplier?: number;
  readonly presence?: readonly Presence[];
  readonly vector?: string;
  readonly recovered?: boolean;
}

/** The distributor among counterparts that believe what they are told. */
export interface World {
  readonly connection: NetworkConnection;
  readonly deployer: Signer;
  readonly others: readonly Signer[];
  readonly token: AITBCToken;
  readonly world: RewardsWorld;
  readonly distributor: RewardDistributor;
  readonly blobs: Map<number, { readonly blob: string; readonly registry: Registry }>;
  /** Stamp that the last epoch ended with, ms. */
  stamp: number;
  epoch: number;
}

export const RESERVE = 200_000_000n * COIN;

export async function deployWorld(
  connection: NetworkConnection,
  rules: Partial<RewardRules> = {},
): Promise<World> {
  const { ethers } = connection;
  const [deployer, ...others] = await ethers.getSigners();
  const token = (await ethers.deployContract("AITBCToken", [
    [{ to: deployer!.address, amount: 1_000_000_000n * COIN }],
  ])) as unknown as AITBCToken;
  const world = (await ethers.deployContract("RewardsWorld", [
    await token.getAddress(),
  ])) as unknown as RewardsWorld;
  const pay = await ethers.deployContract("EpochPay");
  const distributor = (await ethers.deployContract("RewardDistributor", [await world.getAddress()], {
    libraries: { "project/contracts/rewards/EpochPay.sol:EpochPay": await pay.getAddress() },
  })) as unknown as RewardDistributor;
  await world.setRules({ ...RULES, ...rules });
  await token.approve(await distributor.getAddress(), RESERVE);
  await distributor.fund(RESERVE);
  return {
    connection,
    deployer: deployer!,
    others,
    token,
    world,
    distributor,
    blobs: new Map(),
    stamp: GENESIS_STAMP,
    epoch: 0,
  };
}

/** Loads a fixture; what the test adds stays the test's. */
export async function loadWorld(
  connection: NetworkConnection,
  fixture: () => Promise<World>,
): Promise<World> {
  const w = await connection.networkHelpers.loadFixture(fixture);
  return { ...w, blobs: new Map(w.blobs) };
}

export const bitmap = (seats: readonly number[]): [bigint, bigint, bigint, bigint] => {
  const words: [bigint, bigint, bigint, bigint] = [0n, 0n, 0n, 0n];
  for (const seat of seats) words[seat >> 8]! |= 1n << BigInt(seat & 255);
  return words;
};

/** Writes a registry. */
export async function sealRegistry(w: World, registry: Registry): Promise<void> {
  const { weights, authorities, seal, idle = 0 } = registry;
  const args: [number, number, number[], [bigint, bigint, bigint, bigint], number, string] = [
    seal,
    authorities,
    [...weights],
    bitmap(registry.backing ?? weights.map((_, seat) => seat)),
    idle,
    registry.sealer ?? "0x0000000000000000000000000000000000000000",
  ];
  const blob = await w.world.seal.staticCall(...args);
  await w.world.seal(...args);
  w.blobs.set(seal, { blob, registry });
}

/** Ends the next epoch; what `accrue` then takes. */
export async function endEpoch(w: World, seal: number, options: EpochOptions = {}) {
  const { blob, registry } = w.blobs.get(seal)!;
  const { mode = "balanced", blocks = 7_200, multiplier = 1_000_000, time = 3_600_000 } = options;
  const vector =
    (options.recovered ? "0x" : options.vector) ??
    vectorOf(options.presence ?? registry.weights.map((): Presence => ({})));
  const epoch = w.epoch++;
  w.stamp += time;
  const accounting = {
    epoch,
    views: options.views ?? blocks,
    stamp: w.stamp,
    loadMultiplier: multiplier,
    vectorHash: keccak256(vector),
  };
  const relayer = w.others[0]!.address;
  const boundaryAt = await w.connection.networkHelpers.time.latest();
  await w.world.end(epoch, blob, MODE[mode], blocks, boundaryAt, accounting, relayer);
  return { epoch, accounting, vector, relayer, boundaryAt };
}

/** Ends and accrues the next epoch. */
export async function accrueEpoch(w: World, seal: number, options: EpochOptions = {}) {
  const { epoch, accounting, vector, relayer } = await endEpoch(w, seal, options);
  const tx = await w.distributor.connect(w.others[1]!).accrue(epoch, accounting, vector, relayer);
  return { epoch, tx };
}

/** Everybody's money is there: what is reserved and what is owed. */
export async function expectCovered(w: Pick<World, "distributor" | "token">): Promise<bigint> {
  const [reserve, outstanding, balance] = await Promise.all([
    w.distributor.reserve(),
    w.distributor.outstanding(),
    w.token.balanceOf(await w.distributor.getAddress()),
  ]);
  if (balance < reserve + outstanding) throw new Error(`${balance} for ${reserve} and ${outstanding}`);
  return balance - reserve - outstanding;
}

/** The contracts as deployed, started and funded: four authorities and three stakers. */
export async function fundedCore(connection: NetworkConnection): Promise<Core> {
  const core = await startedCore(connection);
  const amount = 1_000_000n * COIN;
  await core.token.approve(core.addresses.distributor, amount);
  await core.distributor.fund(amount);
  return core;
}

/** An epoch of the contracts as deployed. */
export interface PaidOptions {
  readonly presence?: Readonly<Record<number, Presence>>;
  /** Whether the candidate three epochs later is sealed. */
  readonly seal?: boolean;
  /** Whether the boundary names the registry before beside a candidate. */
  readonly carry?: boolean;
  readonly relayer?: Signer;
  readonly sealer?: Signer;
}

/** Ends the present epoch after an hour; what `accrue` then takes. */
export async function endHour(core: Core, options: PaidOptions = {}) {
  const { presence = {}, relayer = core.others[15]!, sealer = core.others[16]! } = options;
  await core.connection.networkHelpers.time.increase(3_600);
  const epoch = Number(await core.checkpoints.epochNow());
  const record = await core.checkpoints.epochRecord(epoch);
  const { n } = await core.elections.snapshotAt(record.snapshot);
  const vector = vectorOf(Array.from({ length: Number(n) }, (_, seat) => presence[seat] ?? {}));
  const { registryRoot } = await core.checkpoints.recordedRegistry(epoch + 1);
  const plainBoundary = await boundaryNow(core, options.carry ? { registryAfter: registryRoot as Hash } : {});
  const boundary = {
    ...plainBoundary,
    accounting: {
      ...plainBoundary.accounting,
      stamp: 4_000_000_000_000,
      vectorHash: keccak256(vector) as Hash,
    },
  };
  const s = await submission(core, checkpointAt({ height: Number(record.lastHeight), boundary }));
  await core.checkpoints.connect(relayer).submitBoundary(s);
  if (options.seal ?? true) {
    const hints = plain(await core.elections.sealHints.staticCall());
    await core.elections.connect(sealer).seal(epoch + 3, hints);
  }
  return { epoch, accounting: boundary.accounting, vector, relayer: relayer.address };
}

/** Ends the present epoch and pays it. */
export async function payHour(core: Core, options: PaidOptions = {}) {
  const { epoch, accounting, vector, relayer } = await endHour(core, options);
  const tx = await core.distributor.connect(core.others[17]!).accrue(epoch, accounting, vector, relayer);
  return { epoch, tx };
}

/** Opens or adds to a delegation. */
export async function delegate(core: Core, owner: Signer, validator: number, amount: number) {
  return core.pool.connect(owner).delegate(validator, BigInt(amount) * COIN);
}
