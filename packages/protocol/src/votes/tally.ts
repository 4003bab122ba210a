import { Growing } from "../growing.ts";
import { rootOf } from "../memo.ts";
import { addWeights, NO_WEIGHT, type Weights } from "../quorum.ts";
import type { Asked, Candidate, Tally } from "../state.ts";
import type { Hash, Seat, Vote, VoteBody } from "../types/index.ts";

/*
 * Votes of one root, kept by (signer, sender) until they are verified (rule 11): a forged vote costs its sender the
 * connection and never displaces the signer's own.
 */

const NOBODY: Growing<Seat, never> = Growing.empty();

export const emptyTally = <T>(root: Hash, subject: T): Tally<T> => ({
  root,
  subject,
  pending: NOBODY,
  verified: NOBODY,
  authorities: 0,
  stake: 0n,
  job: null,
});

/** The tally of votes that say the same: found by what they say, so that one root is hashed for all of them. */
export function tallyOf(tallies: readonly Tally<VoteBody>[], vote: Vote): Tally<VoteBody> {
  const { kind, view, parentView, blockHash } = vote;
  for (const tally of tallies) {
    const { subject } = tally;
    if (subject.kind !== kind) continue;
    if (kind === "nullify" || (subject.blockHash === blockHash && subject.parentView === parentView))
      return tally;
  }
  return emptyTally(rootOf(vote.domain, vote), { kind, view, parentView, blockHash });
}

/** The tally with an unverified vote more; the same object if it is held already. */
export function withVote<T>(tally: Tally<T>, seat: Seat, vote: Candidate, weight: Weights): Tally<T> {
  if (tally.verified.has(seat)) return tally;
  const known = tally.pending.get(seat);
  if (known === undefined) return counted(tally, tally.pending.with(seat, [vote]), tally.verified, weight);
  if (known.some((candidate) => candidate.from === vote.from)) return tally;
  return { ...tally, pending: tally.pending.with(seat, [...known, vote]) };
}

/** The tally with a verified vote. */
export function withVerified<T>(
  tally: Tally<T>,
  seat: Seat,
  signature: Uint8Array,
  weight: Weights,
): Tally<T> {
  if (tally.verified.has(seat)) return tally;
  const verified = tally.verified.with(seat, signature);
  if (!tally.pending.has(seat)) return counted(tally, tally.pending, verified, weight);
  return { ...tally, pending: tally.pending.without(seat), verified };
}

const counted = <T>(
  { root, subject, authorities, stake, job }: Tally<T>,
  pending: Tally<T>["pending"],
  verified: Tally<T>["verified"],
  by: Weights,
): Tally<T> => ({
  root,
  subject,
  pending,
  verified,
  authorities: authorities + by.authorities,
  stake: stake + by.stake,
  job,
});

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
  return {
    tally: {
      ...tally,
      pending: Growing.of(pending),
      verified: Growing.of(verified),
      authorities,
      stake,
      job: null,
    },
    weight,
    forged,
  };
}

/** One vote per signer for the verifier: the verified one, else the first that came. */
export function votesToVerify<T>(tally: Tally<T>): Asked[] {
  const asked: Asked[] = [];
  tally.verified.forEach((signature, seat) => {
    asked.push({ seat, from: null, signature });
  });
  return bySeat([...asked, ...unverified(tally)]);
}

/** The first vote that came of each signer who has no verified one. */
export function unverified<T>(tally: Tally<T>): Asked[] {
  const asked: Asked[] = [];
  tally.pending.forEach(([first], seat) => {
    asked.push({ seat, from: first!.from, signature: first!.signature });
  });
  return bySeat(asked);
}

const bySeat = (asked: Asked[]): Asked[] => asked.sort((a, b) => a.seat - b.seat);
