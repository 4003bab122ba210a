import { compressKey } from "@aitbc-hybrid/crypto";
import {
  fromHex,
  type Hash,
  type Params,
  type PerMode,
  type Registry,
  type RegistryEntry,
  type Seat,
  snapshotHash,
} from "@aitbc-hybrid/protocol";
import type { Address, PublicClient } from "viem";
import { checkpointManagerAbi, consensusParametersAbi, electionsAbi } from "../abi/index.ts";
import { SdkError } from "../errors.ts";
import type { Addresses } from "../network.ts";

/** Keys and owners are read in pages of this many seats, each well within a node's call limits. */
const PAGE = 250;
/** How far back candidates are looked through: a registry is seldom carried over for longer. */
const LOOK_BACK = 32;

const EMPTY = new Uint8Array(0);

interface PerModeWords {
  readonly fast: bigint;
  readonly balanced: bigint;
  readonly secure: bigint;
}

const perMode = (value: PerModeWords): PerMode<number> => ({
  fast: Number(value.fast),
  balanced: Number(value.balanced),
  secure: Number(value.secure),
});

function toSet(words: readonly bigint[]): ReadonlySet<Seat> {
  const seats = new Set<Seat>();
  words.forEach((word, at) => {
    for (let bits = word, seat = 256 * at; bits > 0n; bits >>= 1n, seat++) if (bits & 1n) seats.add(seat);
  });
  return seats;
}

/** Consensus values by number, in the client's form. */
export async function readParams(
  client: PublicClient,
  addresses: Addresses,
  number: number,
): Promise<Params> {
  const p = await client.readContract({
    address: addresses.parameters,
    abi: consensusParametersAbi,
    functionName: "consensusAt",
    args: [number],
  });
  return {
    epochLength: perMode(p.epochLength),
    checkpointInterval: perMode(p.checkpointInterval),
    blockTime: perMode(p.blockTime),
    delta: perMode(p.delta),
    termViews: Number(p.termViews),
    ahead: Number(p.ahead),
    lease: Number(p.lease),
    settleLease: Number(p.settleLease),
    refLag: Number(p.refLag),
    settleDepth: Number(p.settleDepth),
    drift: Number(p.drift),
    rootLag: Number(p.rootLag),
    maxBlockBytes: Number(p.maxBlockBytes),
    voteWindow: Number(p.voteWindow),
    forceAfter: Number(p.forceAfter),
    forceQuota: Number(p.forceQuota),
    modeFloor: Number(p.modeFloor),
    fastEntryLoad: Number(p.fastEntryLoad),
    fastExitLoad: Number(p.fastExitLoad),
    fastEntryAvailability: Number(p.fastEntryAvailability),
    fastExitAvailability: Number(p.fastExitAvailability),
    secureAvailability: Number(p.secureAvailability),
    residency: Number(p.residency),
    targetLoad: Number(p.targetLoad),
    capacityStep: Number(p.capacityStep),
    minBlockBytes: Number(p.minBlockBytes),
    valueLimit: Number(p.valueLimit),
    readyDays: Number(p.readyDays),
  };
}

/**
 * The registry of a seal, whole: weights, keys, owners and parameters, believed only because they hash to the sealed
 * `snapshotHash`. A recovery seals one again under the same number, with other weights: `blob` names it.
 * @throws SdkError SNAPSHOT_MISMATCH if what the endpoint answered does not.
 */
export async function readSeal(
  client: PublicClient,
  addresses: Addresses,
  number: number,
  blob?: Address,
): Promise<Registry> {
  const elections = { address: addresses.elections, abi: electionsAbi } as const;
  const sealed =
    blob === undefined
      ? await client.readContract({ ...elections, functionName: "snapshot", args: [number] })
      : await client.readContract({ ...elections, functionName: "snapshotAt", args: [blob] });
  const pages = Array.from({ length: Math.ceil(sealed.n / PAGE) }, (_, page) => page * PAGE);
  const [params, tables, owners] = await Promise.all([
    readParams(client, addresses, sealed.parameters),
    Promise.all(
      pages.map((from) =>
        client.readContract({ ...elections, functionName: "keyTable", args: [number, from, PAGE] }),
      ),
    ),
    Promise.all(
      pages.map((from) =>
        client.readContract({ ...elections, functionName: "validatorsOf", args: [number, from, PAGE] }),
      ),
    ),
  ]);
  const keys = tables.map((table) => fromHex(table));
  const ids = owners.flat();
  const entries: RegistryEntry[] = Array.from({ length: sealed.n }, (_, seat) => {
    const page = keys[Math.floor(seat / PAGE)]!;
    const at = 96 * (seat % PAGE);
    const occupied = sealed.keys[seat] !== 0;
    const keyBytes = occupied ? page.slice(at, at + 96) : EMPTY;
    return {
      validatorId: occupied ? Number(ids[seat]) : 0,
      key: occupied ? compressKey(keyBytes) : EMPTY,
      keyBytes,
      stake: (sealed.weights[Math.floor(seat / 8)]! >> BigInt(32 * (seat % 8))) & 0xffffffffn,
    };
  });
  const registry = {
    entries,
    authorities: sealed.nAuth,
    suspended: toSet([sealed.suspended]),
    backing: toSet(sealed.backing),
    params,
  };
  const root = snapshotHash(registry);
  if (root !== sealed.hash) {
    throw new SdkError(
      "SNAPSHOT_MISMATCH",
      `seal ${number} hashes to ${root}, the contracts recorded ${sealed.hash}: the settlement endpoint answered wrongly, use another`,
    );
  }
  return { root, ...registry };
}

/**
 * The sealed registry with this root, which serves `epoch`: the one on record for it (which a recovery may have sealed
 * anew), its candidate, or one carried over to it.
 * @throws SdkError SNAPSHOT_UNKNOWN if the contracts have not sealed it (yet).
 */
export async function readRegistry(
  client: PublicClient,
  addresses: Addresses,
  root: Hash,
  epoch: number,
): Promise<Registry> {
  const elections = { address: addresses.elections, abi: electionsAbi } as const;
  const checkpoints = { address: addresses.checkpoints, abi: checkpointManagerAbi } as const;
  const [recorded, seal, blob] = await client.readContract({
    ...checkpoints,
    functionName: "recordedRegistry",
    args: [BigInt(epoch)],
  });
  if (recorded === root) return readSeal(client, addresses, seal, blob);
  for (let candidate = epoch; candidate >= Math.max(0, epoch - LOOK_BACK); candidate--) {
    const hash = await client.readContract({
      ...elections,
      functionName: "snapshotHashOf",
      args: [BigInt(candidate)],
    });
    if (hash !== root) continue;
    const number = await client.readContract({
      ...elections,
      functionName: "sealOf",
      args: [BigInt(candidate)],
    });
    return readSeal(client, addresses, number);
  }
  // The chain may be many epochs ahead of the contracts, and carry over what they recorded last.
  const now = await client.readContract({ ...checkpoints, functionName: "epochNow" });
  const [last, number, lastBlob] = await client.readContract({
    ...checkpoints,
    functionName: "recordedRegistry",
    args: [now + 1n],
  });
  if (last === root) return readSeal(client, addresses, number, lastBlob);
  throw new SdkError("SNAPSHOT_UNKNOWN", `the contracts know no registry ${root} for epoch ${epoch} (yet)`);
}
