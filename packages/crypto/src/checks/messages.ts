import { type Hash, vrfOutput } from "@aitbc-hybrid/protocol";
import { SIGNATURE_BYTES } from "../bls.ts";
import { type Root, rootBytes } from "../bytes.ts";
import { CryptoError } from "../errors.ts";
import type { KeyTable } from "../keytable.ts";
import { bytesOf, type SignatureLike } from "../points.ts";
import { type VrfInput, vrfMessage } from "../vrf/index.ts";
import { bitmapSeats } from "./bitmap.ts";
import type { Check } from "./check.ts";

/** A signature of one seat: a vote, a checkpoint vote, one half of evidence. */
export interface SignedBySeat {
  /** The signing root, from the codec: this package trusts it to belong to the message. */
  readonly root: Root;
  readonly seat: number;
  readonly signature: SignatureLike;
}

/** An aggregate signature: a certificate of a view or of a checkpoint. */
export interface SignedByMany {
  readonly root: Root;
  /** Over all seats of the registry, ceil(n / 8) bytes. */
  readonly bitmap: Uint8Array;
  readonly signature: SignatureLike;
}

/** A proposal: its sender's NOTARIZE and the VRF of the block. */
export interface SignedProposal extends SignedBySeat {
  readonly vrf: {
    /** Who led the term the block was first proposed in; the sender, unless the block is re-proposed. */
    readonly seat: number;
    readonly input: VrfInput;
    readonly proof: SignatureLike;
    /** As the header claims it. */
    readonly output: Hash;
  };
}

/** A vote counts if its seat is in `keys` and signed it. `keys` is the voting set (or W_e for checkpoint votes). */
export function voteCheck(keys: KeyTable, vote: SignedBySeat): Check {
  const key = keys.key(vote.seat);
  if (key === null) return { refused: "seat-unknown" };
  const pairing = { key, root: rootBytes(vote.root), signature: bytesOf(vote.signature) };
  return { refused: null, seats: [vote.seat], pairings: [pairing] };
}

/**
 * A certificate, also a checkpoint's: bits only where `keys` (V_e, for checkpoints W_e) has one, and the aggregate over
 * exactly those seats (protocol.md section 3). Whether they are a quorum is for the caller to count.
 */
export function certificateCheck(keys: KeyTable, certificate: SignedByMany): Check {
  const seats = bitmapSeats(certificate.bitmap, keys.size);
  if (seats === null) return { refused: "bitmap-malformed" };
  if (seats.length === 0) return { refused: "bitmap-empty" };
  if (!keys.covers(seats)) return { refused: "seat-unknown" };
  const root = rootBytes(certificate.root);
  try {
    const key = keys.aggregate(seats);
    return { refused: null, seats, pairings: [{ key, root, signature: bytesOf(certificate.signature) }] };
  } catch (error) {
    if (error instanceof CryptoError && error.code === "KEY_INVALID") return { refused: "keys-cancel" };
    throw error;
  }
}

/** A proposal: the sender's NOTARIZE, the term leader's VRF proof, and the output that the header claims. */
export function proposalCheck(keys: KeyTable, proposal: SignedProposal): Check {
  const { vrf } = proposal;
  const key = keys.key(vrf.seat);
  if (key === null) return { refused: "seat-unknown" };
  const proof = bytesOf(vrf.proof);
  if (proof.length !== SIGNATURE_BYTES || vrfOutput(proof) !== vrf.output) return { refused: "vrf-output" };
  const vote = voteCheck(keys, proposal);
  if (vote.refused !== null) return vote;
  const drawn = { key, root: vrfMessage(vrf.input), signature: proof };
  return { refused: null, seats: vote.seats, pairings: [...vote.pairings, drawn] };
}

/** Evidence: both signatures must hold (protocol.md section 7); whether they contradict is decided by the protocol. */
export function evidenceCheck(first: Check, second: Check): Check {
  if (first.refused !== null) return first;
  if (second.refused !== null) return second;
  const both = first.seats.filter((seat) => second.seats.includes(seat));
  if (both.length === 0) return { refused: "seat-unknown" };
  return { refused: null, seats: both, pairings: [...first.pairings, ...second.pairings] };
}
