import { addWeights, NO_WEIGHT, type Weights } from "../quorum.ts";
import type { Asked, Candidate, Tally } from "../state.ts";
import type { Hash, Peer, Seat } from "../types/index.ts";

/*
 * Votes of one root, kept by (signer, sender) until they are verified (rule 11): a forged vote costs its sender the
 * connection and never displaces the signer's own.
 */

export const emptyTally = <T>(root: Hash, subject: T): Tally<T> => ({
  root,
  subject,
  pending: new Map(),
  verified: new Map(),
  authorities: 0,
  stake: 0n,
  job: null,
});

const weighed = <T>(tally: Tally<T>, by: Weights): Tally<T> => ({
  ...tally,
  authorities: tally.authorities + by.authorities,
  stake: tally.stake + by.stake,
});

/** True if this sender's vote of this signer, or a verified one of the signer, is held already. */
export function holds<T>(tally: Tally<T>, seat: Seat, from: Peer | null): boolean {
  return tally.verified.has(seat) || (tally.pending.get(seat)?.some((c) => c.from === from) ?? false);
}

/** The tally with an unverified vote more; the same object if it is held already. */
export function withVote<T>(tally: Tally<T>, seat: Seat, vote: Candidate, weight: Weights): Tally<T> {
  if (holds(tally, seat, vote.from)) return tally;
  const known = tally.pending.get(seat);
  const pending = new Map(tally.pending).set(seat, known === undefined ? [vote] : [...known, vote]);
  const next = { ...tally, pending };
  return known === undefined ? weighed(next, weight) : next;
}

/** The tally with a verified vote. */
export function withVerified<T>(
  tally: Tally<T>,
  seat: Seat,
  signature: Uint8Array,
  weight: Weights,
): Tally<T> {
  if (tally.verified.has(seat)) return tally;
  const verified = new Map(tally.verified).set(seat, signature);
  if (!tally.pending.has(seat)) return weighed({ ...tally, verified }, weight);
  const pending = new Map(tally.pending);
  pending.delete(seat);
  return { ...tally, pending, verified };
}

/** What the verifier's answer makes of a tally. */
export interface Resolved<T> {
  readonly tally: Tally<T>;
  /** Weight of the valid signers. */
  readonly weight: Weights;
  /** Votes that were forged: their senders are to blame. */
  readonly forged: readonly Asked[];
}

/** Takes in the verifier's answer for the votes it was asked about: valid ones are verified, forged ones gone. */
export function resolve<T>(
  tally: Tally<T>,
  asked: readonly Asked[],
  validSeats: readonly Seat[],
  weights: readonly Weights[],
): Resolved<T> {
  const valid = new Set(validSeats);
  const pending = new Map(tally.pending);
  const verified = new Map(tally.verified);
  const forged: Asked[] = [];
  let weight = NO_WEIGHT;
  let lost = NO_WEIGHT;
  for (const vote of asked) {
    const { seat } = vote;
    if (valid.has(seat)) {
      verified.set(seat, vote.signature);
      pending.delete(seat);
      weight = addWeights(weight, weights[seat]!);
      continue;
    }
    forged.push(vote);
    const left = pending.get(seat)?.filter((candidate) => candidate.from !== vote.from) ?? [];
    if (left.length > 0) pending.set(seat, left);
    else if (pending.delete(seat) && !verified.has(seat)) lost = addWeights(lost, weights[seat]!);
  }
  const authorities = tally.authorities - lost.authorities;
  const stake = tally.stake - lost.stake;
  return { tally: { ...tally, pending, verified, authorities, stake, job: null }, weight, forged };
}

/** One vote per signer for the verifier: the verified one, else the first that came. */
export function votesToVerify<T>(tally: Tally<T>): Asked[] {
  const asked: Asked[] = [];
  for (const [seat, signature] of tally.verified) asked.push({ seat, from: null, signature });
  for (const [seat, [first]] of tally.pending) asked.push({ seat, ...first! });
  return asked.sort((a, b) => a.seat - b.seat);
}
