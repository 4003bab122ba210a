import type { Weights } from "../quorum.ts";
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

const weighed = <T>(tally: Tally<T>, by: Weights, sign: 1 | -1): Tally<T> => ({
  ...tally,
  authorities: tally.authorities + sign * by.authorities,
  stake: sign === 1 ? tally.stake + by.stake : tally.stake - by.stake,
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
  return known === undefined ? weighed(next, weight, 1) : next;
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
  if (!tally.pending.has(seat)) return weighed({ ...tally, verified }, weight, 1);
  const pending = new Map(tally.pending);
  pending.delete(seat);
  return { ...tally, pending, verified };
}

/** The tally without one sender's vote, which was forged. */
export function withoutVote<T>(tally: Tally<T>, seat: Seat, from: Peer | null, weight: Weights): Tally<T> {
  const known = tally.pending.get(seat);
  if (known === undefined) return tally;
  const left = known.filter((c) => c.from !== from);
  if (left.length === known.length) return tally;
  const pending = new Map(tally.pending);
  if (left.length > 0) {
    pending.set(seat, left);
    return { ...tally, pending };
  }
  pending.delete(seat);
  return weighed({ ...tally, pending }, weight, -1);
}

/** One vote per signer for the verifier: the verified one, else the first that came. */
export function votesToVerify<T>(tally: Tally<T>): Asked[] {
  const asked: Asked[] = [];
  for (const [seat, signature] of tally.verified) asked.push({ seat, from: null, signature });
  for (const [seat, [first]] of tally.pending) asked.push({ seat, ...first! });
  return asked.sort((a, b) => a.seat - b.seat);
}
