import { type Bls, signatureWords } from "@aitbc-hybrid/crypto";
import {
  type Certificate,
  equalBytes,
  fromBitmap,
  type Header,
  type Mode,
  type Registry,
  type RestartBody,
  type RestartVote,
  type Seat,
} from "@aitbc-hybrid/protocol";
import { hybridManagerAbi } from "../abi/index.ts";
import { type Anchor, readLastAccepted } from "../chain/index.ts";
import type { Network } from "../network.ts";
import { backingSeats, seatBytes, seatsProof } from "./checkpoints.ts";
import { type Sender, type Sent, transact } from "./transact.ts";

const call = (sender: Sender, network: Network, functionName: string, args: readonly unknown[]) =>
  transact(sender, { address: network.addresses.hybrid, abi: hybridManagerAbi, functionName, args });

/**
 * Opens recovery of the contracts' epoch once no checkpoint was accepted for the stall time. Anyone.
 * @throws SdkError REVERTED (HybridManagerAlreadyOpen: somebody was faster).
 */
export const openRecovery = (sender: Sender, network: Network): Promise<Sent> =>
  call(sender, network, "open", []);

/** A header in the contracts' form; its domain is theirs to know. */
export const headerWords = (header: Header) => ({
  viewNumber: BigInt(header.view),
  parentView: BigInt(header.parentView),
  parentHash: header.parentHash,
  height: BigInt(header.height),
  stamp: BigInt(header.stamp),
  refNumber: BigInt(header.reference.number),
  refHash: header.reference.hash,
  settledAt: BigInt(header.settledAt),
  inboxCursor: BigInt(header.inboxCursor),
  feeRecipient: header.feeRecipient,
  vrfOutput: header.vrfOutput,
  batchesRoot: header.batchesRoot,
  stateRoot: header.stateRoot,
  receiptsRoot: header.receiptsRoot,
  certificatesHash: header.certificatesHash,
  lateVotesHash: header.lateVotesHash,
  commitment: header.commitment,
});

/** N or F with its block, in the contracts' form: in Fast the list names who signed. */
export function certificateWords(certificate: Certificate, header: Header, registry: Registry, mode: Mode) {
  const { signature } = certificate;
  return {
    isFinal: certificate.kind === "finalize",
    viewNumber: BigInt(certificate.view),
    parentView: BigInt(certificate.parentView),
    header: headerWords(header),
    proof:
      mode === "fast"
        ? {
            signature: signatureWords(signature),
            present: true,
            seats: seatBytes(fromBitmap(certificate.bitmap)),
          }
        : seatsProof(certificate, registry, mode),
  };
}

/**
 * Posts N or F of the epoch under recovery.
 * @throws SdkError REVERTED (HybridManagerNotHigher: as high a one is posted).
 */
export async function postCertificate(
  sender: Sender,
  network: Network,
  certificate: Certificate,
  header: Header,
  registry: Registry,
  mode: Mode,
): Promise<Sent> {
  const words = certificateWords(certificate, header, registry, mode);
  return call(sender, network, "post", [words, await anchorOf(sender, network)]);
}

/** What RESTARTs are weighed by. */
export interface RestartSets {
  readonly registry: Registry;
  readonly mode: Mode;
  /** R_(e+1), and of the modes that e + 1 may still get the one that seats more. */
  readonly registryNext: Registry;
  readonly modeNext: Mode;
}

/**
 * RESTARTs of one block, added up; null if none of the signers is a member of either set. A key on the same seat of both
 * registries is listed and added once.
 */
export function restartProof(
  bls: Pick<Bls, "aggregateSignatures">,
  votes: readonly RestartVote[],
  { registry, mode, registryNext, modeNext }: RestartSets,
) {
  const members = new Set(backingSeats(registry, mode));
  const nextMembers = new Set(backingSeats(registryNext, modeNext));
  const isSameKey = (seat: Seat): boolean => {
    const [a, b] = [registry.entries[seat], registryNext.entries[seat]];
    return a !== undefined && b !== undefined && a.key.length > 0 && equalBytes(a.key, b.key);
  };
  const seats: Seat[] = [];
  const nextSeats: Seat[] = [];
  const signatures: Uint8Array[] = [];
  for (const { seat, seatNext, signature } of votes) {
    const isMember = seat !== null && members.has(seat);
    if (isMember) {
      seats.push(seat);
      signatures.push(signature);
    }
    if (seatNext === null || !nextMembers.has(seatNext)) continue;
    if (isMember && seat === seatNext && isSameKey(seat)) continue;
    nextSeats.push(seatNext);
    signatures.push(signature);
  }
  const ascending = (list: Seat[]) => seatBytes(list.sort((a, b) => a - b));
  return signatures.length === 0
    ? null
    : {
        signature: signatureWords(bls.aggregateSignatures(signatures)),
        present: true,
        seats: ascending(seats),
        nextPresent: true,
        nextSeats: ascending(nextSeats),
      };
}

/** Posts RESTARTs of one block, after grace. */
export const submitRestarts = (
  sender: Sender,
  network: Network,
  place: RestartBody,
  proof: NonNullable<ReturnType<typeof restartProof>>,
): Promise<Sent> => call(sender, network, "restart", [BigInt(place.view), place.blockHash, proof]);

/**
 * Restarts the chain from a block that enough stake asked for.
 * @throws SdkError REVERTED (HybridManagerNotCertified: its certificate has to be posted first).
 */
export async function activateRecovery(sender: Sender, network: Network, place: RestartBody): Promise<Sent> {
  return call(sender, network, "activate", [
    BigInt(place.view),
    place.blockHash,
    await anchorOf(sender, network),
  ]);
}

/** Runs a round of the leak. @throws SdkError REVERTED (HybridManagerNotYet, HybridManagerNothingToLeak). */
export const leak = (sender: Sender, network: Network): Promise<Sent> => call(sender, network, "leak", []);

/** Charges validators that a leak left out, by their seats in the recovered epoch's registry. */
export const chargeLeak = (
  sender: Sender,
  network: Network,
  id: number,
  seats: readonly Seat[],
): Promise<Sent> => call(sender, network, "charge", [id, [...seats]]);

/** Lets an authority that a recovery left out count again, by its READY of the present epoch and of today. */
export const comeBack = (
  sender: Sender,
  network: Network,
  validator: number,
  day: number,
  signature: Uint8Array,
): Promise<Sent> => call(sender, network, "comeBack", [BigInt(validator), day, signatureWords(signature)]);

const anchorOf = (sender: Sender, network: Network): Promise<Anchor> =>
  readLastAccepted(sender.client, network);
