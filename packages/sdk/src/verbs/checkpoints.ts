import { signatureWords } from "@aitbc-hybrid/crypto";
import {
  boundaryHash,
  type Checkpoint,
  type CheckpointCertificate,
  fromBitmap,
  type Hash,
  type Mode,
  modeIndex,
  type Registry,
  type Seat,
  Writer,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { type Hex, toHex } from "viem";
import { checkpointManagerAbi, electionsAbi } from "../abi/index.ts";
import type { Network } from "../network.ts";
import { sealHints } from "./elections.ts";
import { type Sender, type Sent, transact } from "./transact.ts";

/** Who signs checkpoints of an epoch in `mode`: W_e (protocol.md section 1). */
export function backingSeats(registry: Registry, mode: Mode): Seat[] {
  const seats: Seat[] = [];
  registry.entries.forEach((entry, seat) => {
    const member = mode === "secure" ? entry.validatorId !== 0 : registry.backing.has(seat);
    if (member && !registry.suspended.has(seat)) seats.push(seat);
  });
  return seats;
}

/** Seats as the contracts take a list of them: two bytes each. */
export const seatBytes = (seats: readonly Seat[]): Hex => {
  const writer = new Writer(2 * seats.length + 2);
  for (const seat of seats) writer.u16(seat, "seat");
  return toHex(writer.done());
};

/** A certificate's signers as the contracts take them: absentees or those present, whichever list is shorter. */
export function seatsProof(
  certificate: { readonly bitmap: Uint8Array; readonly signature: Uint8Array },
  registry: Registry,
  mode: Mode,
) {
  const signed = new Set(fromBitmap(certificate.bitmap));
  const absent = backingSeats(registry, mode).filter((seat) => !signed.has(seat));
  const present = absent.length > signed.size;
  return {
    signature: signatureWords(certificate.signature),
    present,
    seats: seatBytes(present ? [...signed] : absent),
  };
}

const NO_ACCOUNTING = { epoch: 0n, views: 0n, stamp: 0n, loadMultiplier: 0, vectorHash: ZERO_HASH } as const;
const NO_BOUNDARY = {
  commitment: {
    registryNext: ZERO_HASH,
    registryAfter: ZERO_HASH,
    modeNext: 0,
    modeWanted: 0,
    seedNext: ZERO_HASH,
  },
  accounting: NO_ACCOUNTING,
} as const;

/** A checkpoint in the contracts' form: of a boundary's content its hash. */
export const checkpointWords = (checkpoint: Checkpoint) => ({
  height: BigInt(checkpoint.height),
  viewNumber: BigInt(checkpoint.view),
  stamp: BigInt(checkpoint.stamp),
  blockHash: checkpoint.blockHash,
  stateRoot: checkpoint.stateRoot,
  blocksRoot: checkpoint.blocksRoot,
  previous: checkpoint.previous,
  boundary: checkpoint.boundary === null ? ZERO_HASH : boundaryHash(checkpoint.boundary),
});

/** A backed checkpoint in the contracts' form. */
export function checkpointSubmission(certificate: CheckpointCertificate, registry: Registry, mode: Mode) {
  const { checkpoint } = certificate;
  const { boundary } = checkpoint;
  return {
    checkpoint: checkpointWords(checkpoint),
    boundary:
      boundary === null
        ? NO_BOUNDARY
        : {
            commitment: {
              ...boundary.commitment,
              modeNext: modeIndex(boundary.commitment.modeNext),
              modeWanted: modeIndex(boundary.commitment.modeWanted),
            },
            accounting: {
              ...boundary.accounting,
              epoch: BigInt(boundary.accounting.epoch),
              views: BigInt(boundary.accounting.views),
              stamp: BigInt(boundary.accounting.stamp),
            },
          },
    proof: seatsProof(certificate, registry, mode),
  };
}

/**
 * Posts a backed checkpoint; a boundary seals the candidate of the third epoch from it in the same transaction, unless
 * that is done already.
 * @throws SdkError REVERTED (CheckpointManagerBadHeight: somebody was faster).
 */
export async function submitCheckpoint(
  sender: Sender,
  network: Network,
  certificate: CheckpointCertificate,
  registry: Registry,
  mode: Mode,
): Promise<Sent> {
  const call = { address: network.addresses.checkpoints, abi: checkpointManagerAbi } as const;
  const submission = checkpointSubmission(certificate, registry, mode);
  if (submission.checkpoint.boundary === ZERO_HASH) {
    const args = [submission.checkpoint, submission.proof];
    return transact(sender, { ...call, functionName: "submit", args });
  }
  const sealed = await sender.client.readContract({
    address: network.addresses.elections,
    abi: electionsAbi,
    functionName: "sealOf",
    args: [BigInt(certificate.epoch + 3)],
  });
  if (sealed !== 0) return transact(sender, { ...call, functionName: "submitBoundary", args: [submission] });
  const args = [submission, await sealHints(sender, network)];
  return transact(sender, { ...call, functionName: "submitAndSeal", args });
}

/**
 * Begins the chain under the registry of those who entered. Once; the sender needs governance's role.
 * @param stateRoot The ledger's root at genesis.
 */
export async function startChain(
  sender: Sender,
  network: Network,
  mode: Mode,
  stateRoot: Hash,
): Promise<Sent> {
  const { token, registry, pool, queue, elections, checkpoints, slashing } = network.addresses;
  const core = { token, registry, pool, queue, elections, checkpoints, slashing };
  return transact(sender, {
    address: checkpoints,
    abi: checkpointManagerAbi,
    functionName: "start",
    args: [core, modeIndex(mode), stateRoot, await sealHints(sender, network)],
  });
}
