import { keyWords } from "@aitbc-hybrid/crypto";
import { type Hash, merkleProof } from "@aitbc-hybrid/protocol";
import { getBytes, hexlify, solidityPackedKeccak256, toBeHex } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { CheckpointLightClient } from "../../typechain/contracts/consensus/CheckpointLightClient.ts";
import { CHAIN_ID, type Core, type submission, ZERO } from "./core.ts";

const NO_KEY = { xHigh: ZERO, xLow: ZERO, yHigh: ZERO, yLow: ZERO };

/** A registry as the light client is told of it: the preimage of its root, its keys by seat, its weight words. */
export interface Preimage {
  readonly root: Hash;
  readonly header: {
    readonly keysRoot: string;
    readonly weightsRoot: string;
    readonly n: bigint;
    readonly nAuth: bigint;
    readonly suspended: bigint;
    readonly totalStake: bigint;
    readonly backing: readonly bigint[];
    readonly backingStake: bigint;
    readonly paramsHash: string;
  };
  readonly params: Awaited<ReturnType<Core["parameters"]["consensusAt"]>>;
  /** 96 bytes by seat; empty where vacant. */
  readonly keys: readonly Uint8Array[];
  readonly words: readonly bigint[];
}

/** Reads a recorded registry from the settlement chain. */
export async function preimageOf(core: Core, epoch: number): Promise<Preimage> {
  const { snapshot, registryRoot } = await core.checkpoints.recordedRegistry(epoch);
  const s = await core.elections.snapshotAt(snapshot);
  const table = getBytes(await core.elections.keyTable(s.number, 0, 1024));
  const keys = Array.from({ length: Number(s.n) }, (_, seat) => {
    const key = table.slice(96 * seat, 96 * seat + 96);
    return key.some((byte) => byte !== 0) ? key : new Uint8Array();
  });
  return {
    root: registryRoot as Hash,
    header: {
      keysRoot: s.keysRoot,
      weightsRoot: s.weightsRoot,
      n: s.n,
      nAuth: s.nAuth,
      suspended: s.suspended,
      totalStake: s.totalStake,
      backing: [...s.backing],
      backingStake: s.backingStake,
      paramsHash: s.paramsHash,
    },
    params: await core.parameters.consensusAt(s.parameters),
    keys,
    words: [...s.weights],
  };
}

/** A registry's parts as the contract takes them. */
export const headerOf = ({ header }: Preimage) => ({
  ...header,
  backing: [...header.backing] as [bigint, bigint, bigint, bigint],
});

export const paramsOf = ({ params }: Preimage) =>
  [...params].map((field) => (typeof field === "bigint" ? field : [...field])) as never;

const leafOf = (seat: number, key: Uint8Array): Hash =>
  (key.length === 0
    ? ZERO
    : solidityPackedKeccak256(["bytes1", "uint16", "bytes"], ["0x32", seat, key])) as Hash;
const pointOf = (key: Uint8Array) => (key.length === 0 ? NO_KEY : keyWords(key));
const leaves = (keys: readonly Uint8Array[]): Hash[] => keys.map((key, seat) => leafOf(seat, key));
const has = (words: readonly bigint[], seat: number) => ((words[seat >> 8] ?? 0n) >> BigInt(seat & 255)) & 1n;

/** A seat with the proofs of its key and weight. */
export function listed(p: Preimage, seat: number) {
  return {
    seat,
    key: pointOf(p.keys[seat] ?? new Uint8Array()),
    keyPath: merkleProof(leaves(p.keys), seat, 10) as never,
    word: p.words[seat >> 3] ?? 0n,
    wordPath: merkleProof(
      p.words.map((word) => toBeHex(word, 32) as Hash),
      seat >> 3,
      7,
    ) as never,
  };
}

/** The seats by which one registry differs from another, each with its path in the tree as those before left it. */
export function changes(from: Preimage | undefined, to: Preimage) {
  const keys: Uint8Array[] = Array.from({ length: 1024 }, (_, seat) => from?.keys[seat] ?? new Uint8Array());
  const isMember = (p: Preimage | undefined, seat: number) =>
    p !== undefined && (p.keys[seat]?.length ?? 0) > 0 && !has([p.header.suspended], seat);
  const result = [];
  for (let seat = 0; seat < 1024; seat++) {
    const before = keys[seat]!;
    const key = to.keys[seat] ?? new Uint8Array();
    const moved =
      isMember(from, seat) !== isMember(to, seat) ||
      has(from?.header.backing ?? [], seat) !== has(to.header.backing, seat);
    if (hexlify(before) === hexlify(key) && !moved) continue;
    result.push({
      seat,
      before: pointOf(before),
      key: pointOf(key),
      path: merkleProof(leaves(keys.slice(0, Math.max(seat + 1, to.keys.length))), seat, 10) as never,
    });
    keys[seat] = key;
  }
  return result;
}

/** A light client on a chain of its own, with what it takes to lead it along. */
export interface Follower {
  readonly client: CheckpointLightClient;
  readonly owner: string;
  readonly known: Map<Hash, Preimage>;
}

/** Where the chain is now, for `anchor`. */
export async function anchorNow(core: Core) {
  const epoch = Number(await core.checkpoints.epochNow());
  const record = await core.checkpoints.epochRecord(epoch);
  const next = await core.checkpoints.epochRecord(epoch + 1);
  const last = await core.checkpoints.lastCheckpoint();
  return {
    epoch,
    incarnation: record.incarnation,
    mode: record.mode,
    wanted: next.mode,
    registry: record.registryRoot,
    registryNext: next.registryRoot,
    firstHeight: record.firstHeight,
    height: last.height,
    stamp: last.stamp,
  };
}

export async function follow(core: Core, elsewhere: NetworkConnection, patience = 86_400): Promise<Follower> {
  const [owner] = await elsewhere.ethers.getSigners();
  const client = (await elsewhere.ethers.deployContract("CheckpointLightClient", [
    owner!.address,
    CHAIN_ID,
    await core.checkpoints.genesisHash(),
    patience,
    await anchorNow(core),
  ])) as unknown as CheckpointLightClient;
  return { client, owner: owner!.address, known: new Map() };
}

/** Makes the registry of an epoch known, built from another one that is. */
export async function learn(
  core: Core,
  { client, known }: Follower,
  epoch: number,
  from?: Preimage,
  stakers: readonly number[] = [],
): Promise<Preimage> {
  const p = await preimageOf(core, epoch);
  if (await client.isKnown(p.root)) return p;
  await client.begin(headerOf(p), paramsOf(p), from?.root ?? ZERO);
  const all = changes(from, p);
  for (let at = 0; at < all.length; at += 5) await client.change(p.root, all.slice(at, at + 5));
  await client.finish(
    p.root,
    stakers.map((seat) => listed(p, seat)),
  );
  known.set(p.root, p);
  return p;
}

type Given = Awaited<ReturnType<typeof submission>>;

/** A submission for the settlement chain as the light client takes it, under the registry given. */
export function translated(p: Preimage, given: Given) {
  const bytes = getBytes(given.proof.seats);
  const seats = Array.from({ length: bytes.length / 2 }, (_, i) => 256 * bytes[2 * i]! + bytes[2 * i + 1]!);
  return {
    checkpoint: given.checkpoint,
    boundary: given.boundary,
    proof: {
      signature: given.proof.signature,
      present: given.proof.present,
      seats: seats.map((seat) => listed(p, seat)),
    },
  };
}
