import { keyWords, pureBls } from "@aitbc-hybrid/crypto";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  type Boundary,
  boundaryHash,
  type Checkpoint,
  checkpointRoot,
  domainHash,
  type Hash,
  type Mode,
  possessionRoot,
  type VoteBody,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import { Contract, getBytes, hexlify, Interface, keccak256, toBeHex, toUtf8Bytes } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import coreModule from "../../deploy/modules/core.ts";
import { coreParameters, delaysOf, type ParameterFile, parametersFor } from "../../tasks/parameters.ts";
import { CONTRACT_NAMES, type Contracts, ROLES, roleCalls } from "../../tasks/roles.ts";
import type { AccessManager } from "../../typechain/@openzeppelin/contracts/access/manager/AccessManager.ts";
import type { TimelockController } from "../../typechain/@openzeppelin/contracts/governance/TimelockController.ts";
import type { CheckpointManager } from "../../typechain/contracts/consensus/CheckpointManager.ts";
import type { ForcedInbox } from "../../typechain/contracts/consensus/ForcedInbox.ts";
import type { HybridManager } from "../../typechain/contracts/consensus/HybridManager.ts";
import type { ConsensusParameters } from "../../typechain/contracts/governance/ConsensusParameters.ts";
import type { EmergencyCouncil } from "../../typechain/contracts/governance/EmergencyCouncil.ts";
import type { HybridGovernor } from "../../typechain/contracts/governance/HybridGovernor.ts";
import type { ModuleUpgrades } from "../../typechain/contracts/governance/ModuleUpgrades.ts";
import type { InclusionLens } from "../../typechain/contracts/lens/InclusionLens.ts";
import type { RewardDistributor } from "../../typechain/contracts/rewards/RewardDistributor.ts";
import type { SlashingManager } from "../../typechain/contracts/slashing/SlashingManager.ts";
import type { Elections } from "../../typechain/contracts/staking/Elections.ts";
import type { StakingPool } from "../../typechain/contracts/staking/StakingPool.ts";
import type { UnbondingQueue } from "../../typechain/contracts/staking/UnbondingQueue.ts";
import type { ValidatorRegistry } from "../../typechain/contracts/staking/ValidatorRegistry.ts";
import type { AITBCToken } from "../../typechain/contracts/token/AITBCToken.ts";
import { signatureWords } from "./points.ts";
import { recorded } from "./recording.ts";

/** An account of the tests' chain. */
export type Signer = Awaited<ReturnType<NetworkConnection["ethers"]["getSigners"]>>[number];

/** Base units of one AITBC. */
export const COIN = 10n ** 18n;
/** Id of the chain that the tests checkpoint. */
export const CHAIN_ID = 26_090;
export const SETTLEMENT_CHAIN_ID = 31_337;
/** What every operator of the tests owns at first. */
export const FUNDS = 50_000_000n * COIN;

export const MODES: readonly Mode[] = ["fast", "balanced", "secure"];
const GROUP_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
export const NO_HINTS = { cut: 0, lastWeight: 0, lastSeat: 0 };
export const ZERO = `0x${"00".repeat(32)}` as Hash;

/** A hash that depends on its label only. */
export const hashOf = (label: string): Hash => keccak256(toUtf8Bytes(label)) as Hash;

/** The secret of a label's key. */
export function secretOf(label: string): Uint8Array {
  // Cleared top bits: below the order of the group.
  const bytes = getBytes(hashOf(`secret ${label}`));
  bytes[0]! &= 0x3f;
  return bytes;
}

/** A validator of the tests. */
export interface Member {
  readonly id: number;
  readonly secret: Uint8Array;
  /** x | y, 96 bytes. */
  readonly keyBytes: Uint8Array;
  /** Operator and withdrawal address. */
  readonly operator: Signer;
}

/** The contracts, deployed and wired as on a network, in one chain of Hardhat's. */
export interface Core {
  readonly connection: NetworkConnection;
  readonly deployer: Signer;
  /** Everybody else, funded. */
  readonly others: readonly Signer[];
  readonly file: ParameterFile;
  readonly addresses: Contracts;
  readonly access: AccessManager;
  readonly token: AITBCToken;
  readonly parameters: ConsensusParameters;
  readonly registry: ValidatorRegistry;
  readonly pool: StakingPool;
  readonly queue: UnbondingQueue;
  readonly elections: Elections;
  readonly checkpoints: CheckpointManager;
  readonly slashing: SlashingManager;
  readonly distributor: RewardDistributor;
  readonly hybrid: HybridManager;
  readonly inclusion: InclusionLens;
  readonly timelock: TimelockController;
  readonly governor: HybridGovernor;
  readonly upgrades: ModuleUpgrades;
  readonly council: EmergencyCouncil;
  readonly inbox: ForcedInbox;
  /** By validator number. */
  readonly members: Map<number, Member>;
  /** Secrets by public key (x | y, hexadecimal): those of keys rotated away too. */
  readonly secrets: Map<string, Uint8Array>;
}

const interfaces = new Map<string, Promise<Interface>>();

/** The interface of a contract, read once for all tests: the artifacts are long. */
function interfaceOf(name: string): Promise<Interface> {
  const known =
    interfaces.get(name) ?? hre.artifacts.readArtifact(name).then(({ abi }) => new Interface(abi as never));
  interfaces.set(name, known);
  return known;
}

const computed = new Map<string, Uint8Array>();

/** What tests compute over and over from the same few secrets: once for all of them. */
function once(compute: () => Uint8Array, ...of: (Uint8Array | string)[]): Uint8Array {
  const name = of.map((each) => hexlify(each)).join();
  const known = computed.get(name) ?? compute();
  computed.set(name, known);
  return known;
}

/** Deploys the contracts with the devnet's parameters, changed by `change`. */
export async function deployCore(
  connection: NetworkConnection,
  change: (file: ParameterFile) => ParameterFile = (file) => file,
): Promise<Core> {
  const [deployer, ...others] = await connection.ethers.getSigners();
  const file = change(parametersFor(SETTLEMENT_CHAIN_ID, undefined));
  const addresses = await recorded(connection, `core ${JSON.stringify(file)}`, () =>
    deployContracts(connection, file),
  );
  return {
    connection,
    deployer: deployer!,
    others,
    file,
    addresses,
    ...(await openContracts(addresses, deployer!)),
    members: new Map(),
    secrets: new Map(),
  };
}

type CoreContracts = Omit<
  Core,
  "connection" | "deployer" | "others" | "file" | "addresses" | "members" | "secrets"
>;

async function openContracts(at: Contracts, runner: Signer): Promise<CoreContracts> {
  const open = async (name: keyof Contracts) =>
    new Contract(at[name], await interfaceOf(CONTRACT_NAMES[name]), runner);
  return Object.fromEntries(
    await Promise.all(
      Object.keys(CONTRACT_NAMES).map(async (name) => [name, await open(name as keyof Contracts)]),
    ),
  ) as unknown as CoreContracts;
}

/** Deploys, wires and funds; where everything stands then. */
async function deployContracts(
  { ethers, ignition }: NetworkConnection,
  file: ParameterFile,
): Promise<Contracts> {
  const [deployer, ...others] = await ethers.getSigners();
  const deployed = await ignition.deploy(coreModule, {
    parameters: { Core: coreParameters(file, deployer!.address, CHAIN_ID) as never },
  });
  const at = Object.fromEntries(
    await Promise.all(
      Object.keys(CONTRACT_NAMES).map(async (name) => [
        name,
        await (deployed as Record<string, { getAddress(): Promise<string> }>)[name]!.getAddress(),
      ]),
    ),
  ) as unknown as Contracts;
  const contracts = await openContracts(at, deployer!);
  const calls = roleCalls(
    at,
    (name) => contracts[name].interface.fragments,
    deployer!.address,
    delaysOf(file),
  );
  await contracts.access.multicall(calls);
  // Tests replace modules without waiting for ModuleUpgrades.
  await contracts.access.grantRole(ROLES.modules, deployer!.address, 0);
  for (const other of others) {
    await contracts.token.transfer(other.address, FUNDS);
    await contracts.token.connect(other).approve(at.pool, FUNDS);
  }
  return at;
}

/** Loads a fixture; what the test adds to its members stays the test's. */
export async function loadCore(connection: NetworkConnection, fixture: () => Promise<Core>): Promise<Core> {
  const core = await connection.networkHelpers.loadFixture(fixture);
  return { ...core, members: new Map(core.members), secrets: new Map(core.secrets) };
}

/** Key and proof of possession as `register` and `setKey` take them. */
export function possession(core: Core, label: string, validator: number) {
  const secret = secretOf(label);
  const keyBytes = once(() => pureBls.parseKey(nativeBls.publicKey(secret)).uncompressed, secret);
  core.secrets.set(hexlify(keyBytes), secret);
  const root = possessionRoot({
    settlementChainId: SETTLEMENT_CHAIN_ID,
    registryAddress: core.addresses.registry.toLowerCase() as Hash,
    validatorId: validator,
    keyBytes,
  });
  return {
    secret,
    keyBytes,
    key: keyWords(keyBytes),
    proof: signatureWords(once(() => nativeBls.provePossession(secret, getBytes(root)), secret, root)),
  };
}

/** Registers a validator under the next number; the operator owns it. */
export async function register(core: Core, label: string, operator?: Signer): Promise<Member> {
  const id = Number(await core.registry.validatorCount()) + 1;
  const owner = operator ?? core.others[id % core.others.length]!;
  const { secret, keyBytes, key, proof } = possession(core, label, id);
  const tx = await core.registry.connect(owner).register(owner.address, owner.address, key, proof, label);
  await tx.wait();
  const member = { id, secret, keyBytes, operator: owner };
  core.members.set(id, member);
  return member;
}

/** Registers, bonds (whole AITBC) and, for an authority, admits. */
export async function bringIn(core: Core, role: "authority" | "staker", bond: number): Promise<Member> {
  const member = await register(core, `${role} ${await core.registry.validatorCount()}`);
  if (role === "authority") await core.registry.admit(member.id);
  await core.pool.connect(member.operator).depositBond(member.id, BigInt(bond) * COIN);
  return member;
}

/** Registers and seats validators, authorities first. Bonds in whole AITBC. */
export async function populate(
  core: Core,
  authorities: readonly number[],
  stakers: readonly number[],
): Promise<Member[]> {
  const members: Member[] = [];
  for (const bond of authorities) members.push(await bringIn(core, "authority", bond));
  for (const bond of stakers) members.push(await bringIn(core, "staker", bond));
  await core.elections.enter(members.map(({ id }) => id));
  return members;
}

/** The seven addresses that `start` takes. */
export function coreAddresses({ addresses }: Core) {
  const { token, registry, pool, queue, elections, checkpoints, slashing } = addresses;
  return { token, registry, pool, queue, elections, checkpoints, slashing };
}

/** Starts the chain with the hints that fit. */
export async function start(
  core: Core,
  mode: Mode = "balanced",
  stateRoot: string = hashOf("genesis state"),
) {
  const hints = await core.elections.sealHints.staticCall();
  return core.checkpoints.start(coreAddresses(core), MODES.indexOf(mode), stateRoot, plain(hints));
}

/** Hints as the contract returned them, as it takes them. */
export const plain = (hints: { cut: bigint; lastWeight: bigint; lastSeat: bigint }) => ({
  cut: hints.cut,
  lastWeight: hints.lastWeight,
  lastSeat: hints.lastSeat,
});

/** Contracts with four authorities and three stakers, started: the devnet's population. */
export async function startedCore(connection: NetworkConnection): Promise<Core> {
  const core = await deployCore(connection);
  await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000]);
  await start(core);
  return core;
}

/** What a checkpoint of the tests says unless told otherwise. */
export interface CheckpointOptions {
  readonly height: number;
  readonly boundary?: Boundary;
  readonly stamp?: number;
  readonly stateRoot?: Hash;
}

export function checkpointAt({ height, boundary, stamp, stateRoot }: CheckpointOptions): Checkpoint {
  return {
    height,
    view: height,
    stamp: stamp ?? 1_800_000_000_000 + 500 * height,
    blockHash: hashOf(`block ${height}`),
    stateRoot: stateRoot ?? hashOf(`state ${height}`),
    blocksRoot: hashOf(`blocks ${height}`),
    previous: hashOf(`previous ${height}`),
    boundary: boundary ?? null,
  };
}

/** What the boundary of the present epoch commits to unless told otherwise: the candidate if there is one. */
export async function boundaryNow(
  core: Core,
  change: Partial<Boundary["commitment"]> = {},
): Promise<Boundary> {
  const epoch = Number(await core.checkpoints.epochNow());
  const { registryRoot: next } = await core.checkpoints.recordedRegistry(epoch + 1);
  const candidate = epoch === 0 ? ZERO : await core.elections.snapshotHashOf(epoch + 2);
  const record = await core.checkpoints.epochRecord(epoch);
  const mode = MODES[Number(record.mode)]!;
  return {
    commitment: {
      registryNext: next as Hash,
      registryAfter: (candidate === ZERO ? next : candidate) as Hash,
      modeNext: mode,
      modeWanted: mode,
      seedNext: hashOf(`seed ${epoch + 1}`),
      ...change,
    },
    accounting: {
      epoch,
      views: 10,
      stamp: 1_800_000_000_000,
      loadMultiplier: 1_000_000,
      vectorHash: hashOf(`vector ${epoch}`),
    },
  };
}

export interface DomainOptions {
  readonly epoch?: number;
  readonly incarnation?: number;
  readonly mode?: Mode;
  readonly registry?: Hash;
  readonly genesisHash?: Hash;
  readonly chainId?: number;
}

/** The domain of an epoch as the client computes it. */
export async function domainOf(core: Core, options: DomainOptions = {}): Promise<Hash> {
  const epoch = options.epoch ?? Number(await core.checkpoints.epochNow());
  const record = await core.checkpoints.epochRecord(epoch);
  return domainHash({
    chainId: options.chainId ?? CHAIN_ID,
    genesisHash: options.genesisHash ?? ((await core.checkpoints.genesisHash()) as Hash),
    epoch,
    incarnation: options.incarnation ?? Number(record.incarnation),
    mode: options.mode ?? MODES[Number(record.mode)]!,
    registry: options.registry ?? (record.registryRoot as Hash),
  });
}

/** Secrets by seat of the registry of an epoch. */
export async function secretsBySeat(core: Core, epoch: number): Promise<(Uint8Array | undefined)[]> {
  const { seal } = await core.checkpoints.recordedRegistry(epoch);
  const keys = await core.elections.keyTable(seal, 0, 1024);
  return Array.from({ length: (keys.length - 2) / 192 }, (_, seat) =>
    core.secrets.get(`0x${keys.slice(2 + 192 * seat, 194 + 192 * seat)}`),
  );
}

export const seatList = (seats: readonly number[]): string =>
  `0x${seats.map((seat) => toBeHex(seat, 2).slice(2)).join("")}`;

/** Sum of the signatures of `secrets` under a root, as the contracts take it: what the sum of the secrets signs. */
export const signedBy = (secrets: readonly Uint8Array[], root: string) => {
  const sum = secrets.reduce((total, secret) => (total + BigInt(hexlify(secret))) % GROUP_ORDER, 0n);
  return signatureWords(nativeBls.sign(getBytes(toBeHex(sum, 32)), getBytes(root)));
};

/** A boundary as the contracts take it. */
export const wordsOfBoundary = (boundary: Boundary) => ({
  commitment: {
    registryNext: boundary.commitment.registryNext,
    registryAfter: boundary.commitment.registryAfter,
    modeNext: MODES.indexOf(boundary.commitment.modeNext),
    modeWanted: MODES.indexOf(boundary.commitment.modeWanted),
    seedNext: boundary.commitment.seedNext,
  },
  accounting: { ...boundary.accounting },
});

const NO_BOUNDARY = wordsOfBoundary({
  commitment: {
    registryNext: ZERO,
    registryAfter: ZERO,
    modeNext: "fast",
    modeWanted: "fast",
    seedNext: ZERO,
  },
  accounting: { epoch: 0, views: 0, stamp: 0, loadMultiplier: 0, vectorHash: ZERO },
});

/** A checkpoint as the contracts take it. */
export function words(checkpoint: Checkpoint) {
  return {
    height: checkpoint.height,
    viewNumber: checkpoint.view,
    stamp: checkpoint.stamp,
    blockHash: checkpoint.blockHash,
    stateRoot: checkpoint.stateRoot,
    blocksRoot: checkpoint.blocksRoot,
    previous: checkpoint.previous,
    boundary: checkpoint.boundary === null ? ZERO : boundaryHash(checkpoint.boundary),
  };
}

export interface ProofOptions extends DomainOptions {
  /** Seats that do not sign. */
  readonly absent?: readonly number[];
  /** Lists the signers instead of the absent. */
  readonly present?: boolean;
  /** The list given, whatever was signed. */
  readonly listed?: readonly number[];
}

/** A checkpoint signed by the backing set less the absent, as the contracts take it. */
export async function submission(core: Core, checkpoint: Checkpoint, options: ProofOptions = {}) {
  const epoch = Number(await core.checkpoints.epochNow());
  const root = checkpointRoot(await domainOf(core, options), checkpoint);
  const secrets = await secretsBySeat(core, epoch);
  const record = await core.checkpoints.epochRecord(epoch);
  const snapshot = await core.elections.snapshotAt(record.snapshot);
  const everybody = record.mode === 2n;
  const set = secrets
    .map((_, seat) => seat)
    .filter(
      (seat) =>
        (everybody && !((snapshot.suspended >> BigInt(seat)) & 1n)) ||
        ((snapshot.backing[seat >> 8]! >> BigInt(seat & 255)) & 1n) === 1n,
    );
  const absent = options.absent ?? [];
  const signers = set.filter((seat) => secrets[seat] !== undefined && !absent.includes(seat));
  const present = options.present ?? false;
  return {
    checkpoint: words(checkpoint),
    boundary: checkpoint.boundary === null ? NO_BOUNDARY : wordsOfBoundary(checkpoint.boundary),
    proof: {
      signature: signedBy(
        signers.map((seat) => secrets[seat]!),
        root,
      ),
      present,
      seats: seatList(options.listed ?? (present ? signers : absent)),
    },
  };
}

/** Accepts the boundary of the present epoch, sealing the candidate of the epoch three later first to last. */
export async function closeEpoch(
  core: Core,
  options: {
    readonly seal?: boolean;
    readonly commitment?: Partial<Boundary["commitment"]>;
    readonly stamp?: number;
  } = {},
) {
  const epoch = Number(await core.checkpoints.epochNow());
  const { lastHeight } = await core.checkpoints.epochRecord(epoch);
  const boundary = await boundaryNow(core, options.commitment);
  const { stamp } = options;
  const s = await submission(
    core,
    checkpointAt({ height: Number(lastHeight), boundary, ...(stamp === undefined ? {} : { stamp }) }),
  );
  const tx = await core.checkpoints.submitBoundary(s);
  if (options.seal ?? true) {
    await core.elections.seal(epoch + 3, plain(await core.elections.sealHints.staticCall()));
  }
  return tx;
}

const KINDS = { notarize: 2, finalize: 3, nullify: 4 } as const;

/** A pair of votes by one seat as SlashingManager takes it. */
export async function votePair(
  core: Core,
  seat: number,
  first: VoteBody,
  second: VoteBody,
  options: DomainOptions & {
    readonly secret?: Uint8Array;
    readonly secondDomain?: Hash;
  } = {},
) {
  const epoch = options.epoch ?? Number(await core.checkpoints.epochNow());
  const record = await core.checkpoints.epochRecord(epoch);
  const domain = await domainOf(core, { ...options, epoch });
  const secret = options.secret ?? (await secretsBySeat(core, epoch))[seat]!;
  const roots = [voteRoot(domain, first), voteRoot(options.secondDomain ?? domain, second)];
  const wordsOf = (vote: VoteBody) => ({
    kind: KINDS[vote.kind],
    viewNumber: vote.view,
    parentView: vote.parentView,
    blockHash: vote.blockHash,
  });
  return {
    epoch,
    incarnation: options.incarnation ?? 0,
    mode: MODES.indexOf(options.mode ?? MODES[Number(record.mode)]!),
    registryRoot: options.registry ?? record.registryRoot,
    seat,
    first: wordsOf(first),
    second: wordsOf(second),
    signature: signatureWords(
      nativeBls.aggregateSignatures(roots.map((root) => nativeBls.sign(secret, getBytes(root)))),
    ),
  };
}

export const notarize = (view: number, label: string, parentView = view - 1): VoteBody => ({
  kind: "notarize",
  view,
  parentView,
  blockHash: hashOf(label),
});
export const finalize = (view: number, label: string, parentView = view - 1): VoteBody => ({
  kind: "finalize",
  view,
  parentView,
  blockHash: hashOf(label),
});
export const nullify = (view: number): VoteBody => ({
  kind: "nullify",
  view,
  parentView: 0,
  blockHash: ZERO,
});

/** A conviction as the registry keeps it, for tests that need none in particular. */
export const CONVICTION = { time: 1, seal: 1, mark: 0 };

/** Lets an account jail and convict in the slashing contract's place. */
export async function actAsSlasher(core: Core, account: Signer = core.deployer): Promise<Signer> {
  await core.registry.setSlasher(account.address);
  return account;
}
