import { ProtocolError } from "./errors.ts";
import type { Mode, Registry, Seat } from "./types/index.ts";

/** Two weights of one set of keys: authorities count one each, stake in whole AITBC (protocol.md section 1). */
export interface Weights {
  readonly authorities: number;
  readonly stake: bigint;
}

export const NO_WEIGHT: Weights = { authorities: 0, stake: 0n };

/** Below this many stakers the stakers of a set count as none: a third of two cannot be exceeded by one (section 2). */
const FEWEST_STAKERS = 3;

/** Who signs in an epoch and what it takes: V_e, W_e and their totals under one mode (section 2). Immutable. */
export interface Electorate {
  readonly mode: Mode;
  readonly registry: Registry;
  /** V_e, by seat. */
  readonly voters: readonly boolean[];
  /** W_e, by seat. */
  readonly backers: readonly boolean[];
  /** Weights by seat; of seats in neither set, zero. */
  readonly weights: readonly Weights[];
  /** A: authorities of V_e. */
  readonly authorities: number;
  /** S over V_e; 0 where the stakers of V_e are too few to count. */
  readonly stake: bigint;
  /** S over W_e; 0 where the stakers of W_e are too few to count. */
  readonly backingStake: bigint;
}

const isPresent = (registry: Registry, seat: Seat): boolean =>
  registry.entries[seat]!.key.length > 0 && !registry.suspended.has(seat);

function countedStake(registry: Registry, members: readonly boolean[]): bigint {
  let total = 0n;
  let stakers = 0;
  for (let seat = 0; seat < members.length; seat++) {
    if (!members[seat]) continue;
    const { stake } = registry.entries[seat]!;
    total += stake;
    if (seat >= registry.authorities && stake > 0n) stakers++;
  }
  return stakers < FEWEST_STAKERS ? 0n : total;
}

const electorates = new WeakMap<Registry, Map<Mode, Electorate>>();

/** The sets and totals of `registry` under `mode` (section 1, "Registry"; section 2). Worked out once for each. */
export function electorate(registry: Registry, mode: Mode): Electorate {
  const known = electorates.get(registry) ?? new Map<Mode, Electorate>();
  electorates.set(registry, known);
  let found = known.get(mode);
  if (found === undefined) {
    found = electorateOf(registry, mode);
    known.set(mode, found);
  }
  return found;
}

function electorateOf(registry: Registry, mode: Mode): Electorate {
  const present = registry.entries.map((_, seat) => isPresent(registry, seat));
  const inBalanced = present.map((here, seat) => here && registry.backing.has(seat));
  const voters =
    mode === "secure"
      ? present
      : mode === "balanced"
        ? inBalanced
        : present.map((here, seat) => here && seat < registry.authorities);
  const backers = mode === "secure" ? present : inBalanced;
  let suspended = 0;
  for (const seat of registry.suspended) if (seat < registry.authorities) suspended++;
  return {
    mode,
    registry,
    voters,
    backers,
    weights: registry.entries.map((entry, seat) =>
      voters[seat] || backers[seat]
        ? { authorities: seat < registry.authorities ? 1 : 0, stake: entry.stake }
        : NO_WEIGHT,
    ),
    // As the contracts count it: a vacant authority seat that is not suspended still weighs, which only raises the bar.
    authorities: registry.authorities - suspended,
    stake: mode === "fast" ? 0n : countedStake(registry, voters),
    backingStake: countedStake(registry, backers),
  };
}

/** True if `x` is Q(X) of the mode (section 2). Exact thirds are not enough. */
export function isQuorum(e: Electorate, x: Weights): boolean {
  const twoThirdsOfAuthorities = 3 * x.authorities > 2 * e.authorities;
  const twoThirdsOfStake = 3n * x.stake > 2n * e.stake;
  switch (e.mode) {
    case "fast":
      return e.authorities > 0 && twoThirdsOfAuthorities;
    case "balanced":
      return (
        (e.authorities > 0 || e.stake > 0n) &&
        (e.authorities === 0 || twoThirdsOfAuthorities) &&
        (e.stake === 0n || twoThirdsOfStake)
      );
    case "secure":
      return e.stake > 0n && twoThirdsOfStake && (e.authorities === 0 || 3 * x.authorities > e.authorities);
  }
}

/** True if `x` backs a checkpoint: Q of the mode and more than 2/3 of the backing stake, which drops out if none counts (section 8). */
export function isBacking(e: Electorate, x: Weights): boolean {
  return isQuorum(e, x) && (e.backingStake === 0n || 3n * x.stake > 2n * e.backingStake);
}

export const addWeights = (a: Weights, b: Weights): Weights => ({
  authorities: a.authorities + b.authorities,
  stake: a.stake + b.stake,
});

/**
 * Weights of a bitmap's signers; null if it has another length than the registry's or a bit outside `members`
 * (such a certificate is invalid, section 3).
 */
export function bitmapWeights(
  e: Electorate,
  members: readonly boolean[],
  bitmap: Uint8Array,
): Weights | null {
  const seats = members.length;
  if (bitmap.length !== (seats + ((8 - (seats % 8)) % 8)) / 8) return null;
  let authorities = 0;
  let stake = 0n;
  for (let byte = 0; byte < bitmap.length; byte++) {
    const bits = bitmap[byte]!;
    if (bits === 0) continue;
    for (let bit = 0; bit < 8; bit++) {
      if (((bits >> bit) & 1) === 0) continue;
      const seat = byte * 8 + bit;
      if (!members[seat]) return null;
      const weight = e.weights[seat]!;
      authorities += weight.authorities;
      stake += weight.stake;
    }
  }
  return { authorities, stake };
}

/** True if the seat's bit is set. */
export const hasSeat = (bitmap: Uint8Array, seat: Seat): boolean =>
  ((bitmap[seat >> 3] ?? 0) & (1 << (seat & 7))) !== 0;

function everybodyOf({ voters, weights }: Electorate): Weights {
  let authorities = 0;
  let stake = 0n;
  for (let seat = 0; seat < voters.length; seat++) {
    if (!voters[seat]) continue;
    authorities += weights[seat]!.authorities;
    stake += weights[seat]!.stake;
  }
  return { authorities, stake };
}

const deciding = new WeakMap<Electorate, boolean>();

/** True if any quorum of the mode can come from the registry: all of V_e together are one. */
export function canDecide(e: Electorate): boolean {
  let decides = deciding.get(e);
  if (decides === undefined) {
    decides = isQuorum(e, everybodyOf(e));
    deciding.set(e, decides);
  }
  return decides;
}

/**
 * Refuses a registry that no quorum of `mode` can come from.
 * @throws ProtocolError REGISTRY_INVALID
 */
export function requireElectorate(e: Electorate): void {
  if (!canDecide(e)) {
    const everybody = everybodyOf(e);
    throw new ProtocolError(
      "REGISTRY_INVALID",
      `registry ${e.registry.root} has no quorum in ${e.mode} mode: ${everybody.authorities} of ${e.authorities} authorities, ${everybody.stake} of ${e.stake} AITBC can vote`,
    );
  }
}
