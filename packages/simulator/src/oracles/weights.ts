import type { Mode, Registry, Seat } from "@aitbc-hybrid/protocol";

/** Fewer stakers than this count as none (protocol.md section 2). */
const LEAST_STAKERS = 3;

/** V_e of a mode, by seat. Written from protocol.md alone: the harness must not judge the rules by themselves. */
export function votingSeats(registry: Registry, mode: Mode): Seat[] {
  const seats: Seat[] = [];
  registry.entries.forEach((entry, seat) => {
    if (entry.key.length === 0 || registry.suspended.has(seat)) return;
    if (mode === "fast" && seat >= registry.authorities) return;
    if (mode === "balanced" && !registry.backing.has(seat)) return;
    seats.push(seat);
  });
  return seats;
}

/** W_e of a mode: the voting set, in Fast what Balanced would seat. */
export const backingSeats = (registry: Registry, mode: Mode): Seat[] =>
  votingSeats(registry, mode === "fast" ? "balanced" : mode);

/** Both weights of some seats. */
export interface Weights {
  readonly authorities: number;
  readonly stake: bigint;
}

/** Weights of those of `seats` that `of` contains (all of them without it). */
export function weigh(registry: Registry, seats: readonly Seat[], of?: ReadonlySet<Seat>): Weights {
  let authorities = 0;
  let stake = 0n;
  for (const seat of seats) {
    if (of !== undefined && !of.has(seat)) continue;
    if (seat < registry.authorities) authorities++;
    stake += registry.entries[seat]!.stake;
  }
  return { authorities, stake };
}

/** Totals A and S of a set; S is 0 with fewer than three stakers in it who have any weight. */
export function totals(registry: Registry, seats: readonly Seat[]): Weights {
  const sum = weigh(registry, seats);
  const stakers = seats.filter(
    (seat) => seat >= registry.authorities && registry.entries[seat]!.stake > 0n,
  ).length;
  return stakers < LEAST_STAKERS ? { authorities: sum.authorities, stake: 0n } : sum;
}

/** Q(X) of section 2's table for the seats in `signers`. */
export function isQuorum(registry: Registry, mode: Mode, signers: ReadonlySet<Seat>): boolean {
  const voting = votingSeats(registry, mode);
  const all = totals(registry, voting);
  const part = weigh(registry, voting, signers);
  const authorities = 3 * part.authorities > 2 * all.authorities;
  const stake = 3n * part.stake > 2n * all.stake;
  if (mode === "fast") return all.authorities > 0 && authorities;
  if (mode === "balanced") {
    if (all.authorities === 0 && all.stake === 0n) return false;
    return (all.authorities === 0 || authorities) && (all.stake === 0n || stake);
  }
  return all.stake > 0n && stake && (all.authorities === 0 || 3 * part.authorities > all.authorities);
}

/** All of V_e together are a quorum: no other registry begins an epoch. */
export const canDecide = (registry: Registry, mode: Mode): boolean =>
  isQuorum(registry, mode, new Set(registry.entries.keys()));

/** Q of the mode and more than 2/3 of the backing stake, as a checkpoint needs. */
export function backs(registry: Registry, mode: Mode, signers: ReadonlySet<Seat>): boolean {
  const backing = backingSeats(registry, mode);
  const all = totals(registry, backing);
  const part = weigh(registry, backing, signers);
  return isQuorum(registry, mode, signers) && (all.stake === 0n || 3n * part.stake > 2n * all.stake);
}
