import { signatureFrom } from "@aitbc-hybrid/crypto";
import {
  type Boundary,
  type CheckpointCertificate,
  fromHex,
  type Hash,
  MODES,
  type Mode,
  type Registry,
  type Seat,
  toBitmap,
} from "@aitbc-hybrid/protocol";
import { decodeFunctionData, type PublicClient } from "viem";
import { checkpointManagerAbi } from "../abi/index.ts";
import type { Network } from "../network.ts";
import { backingSeats } from "./checkpoints.ts";

/** What a checkpoint is verified under. */
export interface AcceptedUnder {
  readonly epoch: number;
  readonly domain: Hash;
  readonly registry: Registry;
  readonly mode: Mode;
}

type Call = ReturnType<typeof decodeFunctionData<typeof checkpointManagerAbi>>;
type Submission = Extract<Call, { functionName: "submitBoundary" }>["args"][0];

const NONE = `0x${"00".repeat(32)}`;

/**
 * The backing of an accepted checkpoint as whoever posted it gave it to the contracts; null if no checkpoint of that
 * height was accepted in these blocks, or it was posted through another contract.
 */
export async function readAcceptedBacking(
  client: PublicClient,
  network: Network,
  height: number,
  under: AcceptedUnder,
  blocks: { readonly fromBlock: bigint; readonly toBlock: bigint },
): Promise<CheckpointCertificate | null> {
  const [event] = await client.getContractEvents({
    address: network.addresses.checkpoints,
    abi: checkpointManagerAbi,
    eventName: "CheckpointAccepted",
    args: { height: BigInt(height) },
    strict: true,
    ...blocks,
  });
  if (event === undefined) return null;
  const { input } = await client.getTransaction({ hash: event.transactionHash });
  const found = submissionsIn(input).find(({ checkpoint }) => checkpoint.height === BigInt(height));
  if (found === undefined) return null;
  const { checkpoint: c, boundary, proof } = found;
  return {
    epoch: under.epoch,
    domain: under.domain,
    checkpoint: {
      height,
      view: Number(c.viewNumber),
      stamp: Number(c.stamp),
      blockHash: c.blockHash,
      stateRoot: c.stateRoot,
      blocksRoot: c.blocksRoot,
      previous: c.previous,
      boundary: c.boundary === NONE ? null : boundaryFrom(boundary!),
    },
    bitmap: toBitmap(signersOf(proof, under), under.registry.entries.length),
    signature: signatureFrom(proof.signature),
  };
}

type Posted = Pick<Submission, "checkpoint" | "proof"> & { readonly boundary: Submission["boundary"] | null };

function submissionsIn(data: `0x${string}`): readonly Posted[] {
  let call: Call;
  try {
    call = decodeFunctionData({ abi: checkpointManagerAbi, data });
  } catch {
    return [];
  }
  switch (call.functionName) {
    case "submit":
      return [{ checkpoint: call.args[0], boundary: null, proof: call.args[1] }];
    case "submitBoundary":
    case "submitAndSeal":
      return [call.args[0]];
    case "submitMany":
      return call.args[0];
    default:
      return [];
  }
}

function signersOf(
  proof: { readonly present: boolean; readonly seats: `0x${string}` },
  { registry, mode }: AcceptedUnder,
): readonly Seat[] {
  const bytes = fromHex(proof.seats);
  const listed = Array.from({ length: bytes.length / 2 }, (_, i) => bytes[2 * i]! * 256 + bytes[2 * i + 1]!);
  const absent = new Set(listed);
  return proof.present ? listed : backingSeats(registry, mode).filter((seat) => !absent.has(seat));
}

const boundaryFrom = ({ commitment, accounting }: Submission["boundary"]): Boundary => ({
  commitment: {
    ...commitment,
    modeNext: MODES[commitment.modeNext]!,
    modeWanted: MODES[commitment.modeWanted]!,
  },
  accounting: {
    epoch: Number(accounting.epoch),
    views: Number(accounting.views),
    stamp: Number(accounting.stamp),
    loadMultiplier: accounting.loadMultiplier,
    vectorHash: accounting.vectorHash,
  },
});
