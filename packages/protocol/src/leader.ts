import { draw } from "./codec/index.ts";
import type { Electorate } from "./quorum.ts";
import type { Hash, Seat } from "./types/index.ts";

/** Share of Balanced's terms that an authority leads: 7 of 10 (parameters.md, "proposer is an authority"). */
const AUTHORITY_TENTHS = 7n;

/** Terms count from 1: views (t-1)K+1 .. tK belong to term t (protocol.md section 3). */
export const termOf = (view: number, termViews: number): number =>
  (view + termViews - 1 - ((view + termViews - 1) % termViews)) / termViews;

/** last(v). */
export const lastOfTerm = (view: number, termViews: number): number => termViews * termOf(view, termViews);

/** The first view of v's term. */
export const firstOfTerm = (view: number, termViews: number): number =>
  lastOfTerm(view, termViews) - termViews + 1;

/** Candidates of one class with integer cumulative stake; authorities weigh one each. */
interface Urn {
  readonly seats: readonly Seat[];
  readonly cumulative: readonly bigint[];
  readonly total: bigint;
}

function urn(e: Electorate, take: (seat: Seat) => bigint): Urn {
  const seats: Seat[] = [];
  const cumulative: bigint[] = [];
  let total = 0n;
  for (let seat = 0; seat < e.voters.length; seat++) {
    const weight = e.voters[seat] ? take(seat) : 0n;
    if (weight === 0n) continue;
    total += weight;
    seats.push(seat);
    cumulative.push(total);
  }
  return { seats, cumulative, total };
}

function pick(from: Urn, value: bigint): Seat {
  const point = value % from.total;
  let low = 0;
  let high = from.seats.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (from.cumulative[middle]! > point) high = middle;
    else low = middle + 1;
  }
  return from.seats[low]!;
}

interface Urns {
  readonly authorities: Urn;
  readonly stakers: Urn;
}

const urns = new WeakMap<Electorate, Urns>();

/** The candidates of an electorate, worked out once. */
function urnsOf(e: Electorate): Urns {
  let found = urns.get(e);
  if (found === undefined) {
    const nAuth = e.registry.authorities;
    const stakeOf = (seat: Seat): bigint => e.registry.entries[seat]!.stake;
    found = {
      authorities: urn(e, (seat) => (seat < nAuth ? 1n : 0n)),
      stakers: urn(e, (seat) => (e.mode === "secure" || seat >= nAuth ? stakeOf(seat) : 0n)),
    };
    urns.set(e, found);
  }
  return found;
}

/**
 * Builds leader(seed_e, term) of an epoch: independent draws for the class (Balanced only) and the member
 * (protocol.md section 5). An empty class leaves all terms to the other.
 */
export function leaderSchedule(e: Electorate, domain: Hash, seed: Hash): (term: number) => Seat {
  const { authorities, stakers } = urnsOf(e);
  return (term) => {
    const member = draw("member", domain, seed, term);
    if (e.mode === "fast" || stakers.total === 0n) return pick(authorities, member);
    if (e.mode === "secure" || authorities.total === 0n) return pick(stakers, member);
    const isAuthority = draw("class", domain, seed, term) % 10n < AUTHORITY_TENTHS;
    return pick(isAuthority ? authorities : stakers, member);
  };
}
