import { type Mode, type Params, type Registry, type Seat, snapshotHash } from "@aitbc-hybrid/protocol";
import { backs, isQuorum } from "../oracles/index.ts";
import type { Random } from "../random.ts";
import { type Keyring, named } from "../signatures.ts";

/** A seat before it is sealed: which validator of the simulated world holds it, and with what stake. */
export interface SeatPlan {
  /** Null: vacant. */
  readonly validator: number | null;
  readonly stake: bigint;
}

export interface RegistryPlan {
  readonly authorities: number;
  readonly seats: readonly SeatPlan[];
  readonly suspended: ReadonlySet<Seat>;
  /** Stakers that Balanced does not seat. */
  readonly unseated: ReadonlySet<Seat>;
  readonly params: Params;
}

/** What the contracts would seal of a plan. */
function contentsOf(plan: RegistryPlan, keyring: Keyring): Omit<Registry, "root"> {
  const backing = new Set<Seat>();
  const empty = new Uint8Array(0);
  const entries = plan.seats.map((seat, index) => {
    if (seat.validator === null) return { validatorId: 0, key: empty, keyBytes: empty, stake: 0n };
    if (!plan.suspended.has(index) && !plan.unseated.has(index)) backing.add(index);
    return {
      validatorId: seat.validator + 1,
      key: keyring.key(seat.validator),
      keyBytes: keyring.keyBytes(seat.validator),
      stake: seat.stake,
    };
  });
  const { authorities, suspended, params } = plan;
  return { entries, authorities, suspended, backing, params };
}

/** Seals a plan as the contracts would. */
export function sealRegistry(plan: RegistryPlan, keyring: Keyring): Registry {
  const contents = contentsOf(plan, keyring);
  return { ...contents, root: snapshotHash(contents) };
}

/** A registry of more seats than the format holds: it has a name in place of a root, and cannot be handed over to. */
export const outsizedRegistry = (plan: RegistryPlan, keyring: Keyring): Registry => ({
  ...contentsOf(plan, keyring),
  root: named("registry", plan.seats.length),
});

/** Seats that validators of `of` hold. */
export function seatsOf(registry: Registry, of: (validator: number) => boolean): Set<Seat> {
  const seats = new Set<Seat>();
  registry.entries.forEach((entry, seat) => {
    if (entry.validatorId > 0 && of(entry.validatorId - 1)) seats.add(seat);
  });
  return seats;
}

/** True if the validators outside `byzantine` can finalize and back alone: the bound under which liveness is owed. */
export function honestSuffice(registry: Registry, mode: Mode, byzantine: ReadonlySet<number>): boolean {
  const honest = seatsOf(registry, (validator) => !byzantine.has(validator));
  return isQuorum(registry, mode, honest) && backs(registry, mode, honest);
}

/** The ways in which stakes are made awkward (protocol.md section 10). */
export const STAKE_STYLES = ["equal", "residue", "whale", "thirds", "spread", "heavyAuthorities"] as const;
export type StakeStyle = (typeof STAKE_STYLES)[number];

/** Stakes of `count` seats of which the first `authorities` are the authorities'. */
export function awkwardStakes(
  style: StakeStyle,
  count: number,
  authorities: number,
  random: Random,
): bigint[] {
  const stakers = count - authorities;
  const stakes = Array.from({ length: count }, (_, seat): bigint => (seat < authorities ? 0n : 1000n));
  const first = authorities;
  switch (style) {
    case "equal":
      break;
    case "residue":
      // Totals of every remainder mod 3, so that a quorum off by one unit shows.
      for (let seat = first; seat < count; seat++) stakes[seat] = BigInt(random.whole(1, 9));
      break;
    case "whale":
      // One seat holds exactly a third.
      if (stakers >= 2) {
        for (let seat = first + 1; seat < count; seat++) stakes[seat] = 10n;
        stakes[first] = BigInt((10 * (stakers - 1)) / 2);
      }
      break;
    case "thirds":
      for (let seat = first; seat < count; seat++)
        stakes[seat] = BigInt(3 * Math.floor(300 / Math.max(1, stakers)));
      break;
    case "spread":
      for (let seat = first; seat < count; seat++) stakes[seat] = BigInt(10 ** random.whole(0, 5));
      break;
    case "heavyAuthorities":
      for (let seat = 0; seat < authorities; seat++) stakes[seat] = BigInt(random.whole(500, 20_000));
      for (let seat = first; seat < count; seat++) stakes[seat] = BigInt(random.whole(500, 2000));
      break;
  }
  return stakes;
}

/** The validators of a plan. */
export const membersOf = (plan: RegistryPlan): number[] =>
  plan.seats.flatMap((seat) => (seat.validator === null ? [] : [seat.validator]));

/** One random change of the live set: stake moves, a staker comes or leaves, an authority is jailed or freed. */
export function churned(plan: RegistryPlan, pool: number, random: Random): RegistryPlan {
  const seats = [...plan.seats];
  const suspended = new Set(plan.suspended);
  const unseated = new Set(plan.unseated);
  const staker = (): number => random.whole(plan.authorities, seats.length - 1);
  const outside = Array.from({ length: pool }, (_, v) => v).filter((v) => !membersOf(plan).includes(v));
  for (let changes = random.whole(1, 3); changes > 0; changes--) {
    const hasStakers = seats.length > plan.authorities;
    const any = random.whole(0, seats.length - 1);
    // Authorities without any are not given stake: it would count for nothing.
    const seat = hasStakers && any < plan.authorities && seats[any]!.stake === 0n ? staker() : any;
    const held = seats[seat]!;
    switch (random.whole(0, 5)) {
      case 0:
      case 1:
        if (held.validator !== null)
          seats[seat] = { ...held, stake: held.stake + BigInt(random.whole(1, 500)) };
        break;
      case 2:
        // A vacant seat keeps the others' indices; it is filled first.
        if (outside.length > 0) {
          const vacant = seats.findIndex((s, i) => i >= plan.authorities && s.validator === null);
          const joining = { validator: outside.pop()!, stake: BigInt(random.whole(1, 1000)) };
          if (vacant >= 0) seats[vacant] = joining;
          else seats.push(joining);
        }
        break;
      case 3:
        if (hasStakers) {
          const leaving = staker();
          seats[leaving] = { validator: null, stake: 0n };
          unseated.delete(leaving);
        }
        break;
      case 4:
        if (plan.authorities > 1) {
          const authority = random.whole(0, plan.authorities - 1);
          if (!suspended.delete(authority)) suspended.add(authority);
        }
        break;
      default:
        if (hasStakers) {
          const changing = staker();
          if (!unseated.delete(changing) && seats[changing]!.validator !== null) unseated.add(changing);
        }
    }
  }
  return { ...plan, seats, suspended, unseated };
}
