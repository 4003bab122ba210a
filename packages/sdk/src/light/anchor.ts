import {
  type Checkpoint,
  checkpointRoot,
  type DomainFields,
  domainHash,
  type Genesis,
  genesisHash,
  type Hash,
  MODES,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import type { PublicClient } from "viem";
import { checkpointManagerAbi } from "../abi/index.ts";
import { SdkError } from "../errors.ts";
import type { Network } from "../network.ts";
import type { LightAnchor } from "./types.ts";

/** From the beginning, on the word of a genesis: its hash is what has to be trusted. Young chains only, see `maxAge`. */
export function genesisAnchor(genesis: Genesis, trusted: Hash): LightAnchor {
  if (genesisHash(genesis) !== trusted)
    throw new SdkError("LIGHT_ANCHOR_INVALID", `the genesis does not hash to ${trusted}`);
  const { mode, snapshotHash, stamp } = genesis;
  return {
    epoch: 0,
    incarnation: 0,
    mode,
    wanted: mode,
    registry: snapshotHash,
    registryNext: snapshotHash,
    firstHeight: 1,
    height: 0,
    stamp,
    checkpoint: null,
  };
}

/**
 * From the end of an epoch on the word of one trusted hash, that of its boundary checkpoint: such as an explorer, a
 * release or a friend tells it.
 * @param domain of the epoch that the checkpoint ends
 * @throws SdkError LIGHT_ANCHOR_INVALID if what is given does not hash to it, or is no boundary
 */
export function boundaryAnchor(trusted: Hash, domain: DomainFields, checkpoint: Checkpoint): LightAnchor {
  const { boundary, height, stamp } = checkpoint;
  if (checkpointRoot(domainHash(domain), checkpoint) !== trusted)
    throw new SdkError("LIGHT_ANCHOR_INVALID", `the checkpoint does not hash to ${trusted}`);
  if (boundary === null || boundary.accounting.epoch !== domain.epoch)
    throw new SdkError("LIGHT_ANCHOR_INVALID", `the checkpoint ${trusted} does not end an epoch`);
  const { modeNext, modeWanted, registryNext, registryAfter } = boundary.commitment;
  return {
    epoch: domain.epoch + 1,
    incarnation: domain.incarnation,
    mode: modeNext,
    wanted: modeWanted,
    registry: registryNext,
    registryNext: registryAfter,
    firstHeight: height + 1,
    height,
    stamp,
    checkpoint: { hash: trusted, content: checkpoint },
  };
}

/** A settlement block by what it is; `finalized` unless the settlement chain has no such tag. */
export type BlockTag = "finalized" | "safe" | "latest";

/** Which chain the contracts checkpoint: what every signature of it is for. @throws SdkError NOT_STARTED */
export async function readGenesisHash(
  client: PublicClient,
  network: Network,
): Promise<{ readonly chainId: number; readonly genesisHash: Hash }> {
  const contract = { address: network.addresses.checkpoints, abi: checkpointManagerAbi } as const;
  const [chainId, hash] = await Promise.all([
    client.readContract({ ...contract, functionName: "chainId" }),
    client.readContract({ ...contract, functionName: "genesisHash" }),
  ]);
  if (hash === ZERO_HASH) notStarted();
  return { chainId: Number(chainId), genesisHash: hash };
}

/**
 * The same one epoch earlier, so that the end of that epoch is verified too, for whoever needs its certificate: null in
 * epoch 0. After a recovery, whose end nobody signed, the present epoch. The stamp is that of the last checkpoint
 * accepted: so old is what the contracts vouch for.
 */
export async function readPastAnchor(
  client: PublicClient,
  network: Network,
  blockTag: BlockTag = "finalized",
): Promise<LightAnchor | null> {
  const { epoch, record, last } = await readPresent(client, network, blockTag);
  if (epoch === 0n) return null;
  const [before, present, next] = await Promise.all([record(epoch - 1n), record(epoch), record(epoch + 1n)]);
  const recovered = before.incarnation !== present.incarnation;
  const [from, to] = recovered ? [present, next] : [before, present];
  return {
    epoch: Number(recovered ? epoch : epoch - 1n),
    incarnation: from.incarnation,
    mode: MODES[from.mode]!,
    wanted: MODES[to.mode]!,
    registry: from.registryRoot,
    registryNext: to.registryRoot,
    firstHeight: Number(from.firstHeight),
    height: Number(from.firstHeight) - 1,
    stamp: Number(last.stamp),
    checkpoint: null,
  };
}

/** What the contracts say of the present, all at one block. */
async function readPresent(client: PublicClient, network: Network, blockTag: BlockTag) {
  const { number: blockNumber } = await client.getBlock({ blockTag });
  const contract = {
    address: network.addresses.checkpoints,
    abi: checkpointManagerAbi,
    blockNumber,
  } as const;
  const [epoch, last] = await Promise.all([
    client.readContract({ ...contract, functionName: "epochNow" }),
    client.readContract({ ...contract, functionName: "lastCheckpoint" }),
  ]);
  const record = (of: bigint) =>
    client.readContract({ ...contract, functionName: "epochRecord", args: [of] });
  return { epoch, last, record };
}

function notStarted(): never {
  throw new SdkError("NOT_STARTED", "the chain was not started: CheckpointManager.start was not called yet");
}

/**
 * From the contracts' latest checkpoint, as the settlement endpoint shows it: trusts that endpoint, and that the block
 * it is read at stays.
 * @throws SdkError NOT_STARTED
 */
export async function readAnchor(
  client: PublicClient,
  network: Network,
  blockTag: BlockTag = "finalized",
): Promise<LightAnchor> {
  const { epoch, record: recordOf, last } = await readPresent(client, network, blockTag);
  const [record, next] = await Promise.all([recordOf(epoch), recordOf(epoch + 1n)]);
  if (record.firstHeight === 0n) notStarted();
  return {
    epoch: Number(epoch),
    incarnation: record.incarnation,
    mode: MODES[record.mode]!,
    wanted: MODES[next.mode]!,
    registry: record.registryRoot,
    registryNext: next.registryRoot,
    firstHeight: Number(record.firstHeight),
    height: Number(last.height),
    stamp: Number(last.stamp),
    checkpoint: null,
  };
}
