import { type Millis, MODES, type Mode, type Registry, type Seat } from "@aitbc-hybrid/protocol";
import { isQuorum, votingSeats } from "../oracles/index.ts";
import { Random } from "../random.ts";
import { pinned, smallParams } from "../scenario.ts";
import { awkwardStakes, honestSuffice, STAKE_STYLES, sealRegistry } from "../settlement/index.ts";
import { Keyring } from "../signatures.ts";
import { agreementOwed } from "./bounds.ts";

export const DELTA: Millis = 100;
const MOST_SEATS = 7;
/** Secure needs a staker class, and fewer than three stakers are none. */
const LEAST_STAKERS = 3;
/** Registries of one kind and style that differ in their stakes. */
const VARIANTS = 3;
const LONG_EPOCH = 1000;

/** What all schedules of one kind share; computed once. */
export interface Setting {
  readonly name: string;
  readonly mode: Mode;
  readonly registry: Registry;
  readonly voters: readonly Seat[];
}

/** Messages of a view reach only processes of the sender's cell. */
export type Cells = readonly number[];

/** One run of the unchanged reducer with duplicated keys, complete: two runs of it are identical. */
export interface TwinsSchedule {
  readonly seed: string;
  readonly setting: Setting;
  /** Seats that run twice; processes are the seats in order, then the second ones of these, in order. */
  readonly twins: readonly Seat[];
  /** More is corrupt than the table of section 2 allows: disagreement may be found. */
  readonly above: boolean;
  /** The honest seats alone can finalize and back: new blocks are owed after healing. */
  readonly live: boolean;
  /** Leader of each term of the first epoch, by turns. */
  readonly leaders: readonly Seat[];
  /** Cells of each view. The network heals when a process leaves the last of these views. */
  readonly cells: readonly Cells[];
  /** When it heals at the latest, ms after the start. */
  readonly heal: Millis;
  /** Part of the messages that is lost until then. */
  readonly loss: number;
  /** Longest delay of a message. */
  readonly slowest: Millis;
}

const keyring = new Keyring({ validators: MOST_SEATS, seed: "twins" }, { registryOf: () => undefined });
const settings = new Map<string, Setting>();

function settingOf(random: Random): Setting | null {
  const mode = random.pick(MODES);
  const size = random.pick([4, 4, 4, 5, 5, 6, 7]);
  const least = mode === "fast" ? Math.max(LEAST_STAKERS, size - 2) : 0;
  const authorities = random.whole(least, mode === "secure" ? size - LEAST_STAKERS : size);
  const style = random.pick(STAKE_STYLES);
  const variant = random.whole(1, VARIANTS);
  const termViews = mode === "fast" ? random.whole(1, 3) : 1;
  const epochLength = random.chance(0.25) ? 3 : LONG_EPOCH;
  const name = `${mode} ${authorities}/${size} ${style} ${variant} K${termViews} e${epochLength}`;
  const known = settings.get(name);
  if (known !== undefined) return known;
  const params = {
    ...smallParams({
      epochLength,
      checkpointInterval: epochLength === LONG_EPOCH ? LONG_EPOCH : 2,
      blockTime: 10,
      delta: DELTA,
      termViews,
      refLag: 0,
      rootLag: 1,
      drift: 60,
    }),
    ...pinned(mode),
  };
  const seal = (stakes: readonly bigint[]): Registry =>
    sealRegistry(
      {
        authorities,
        seats: stakes.map((stake, validator) => ({ validator, stake })),
        suspended: new Set(),
        unseated: new Set(),
        params,
      },
      keyring,
    );
  const everyone = Array.from({ length: size }, (_, seat) => seat);
  // A key that is a quorum of its own needs no network.
  const fits = (tried: Registry): boolean =>
    isQuorum(tried, mode, new Set(everyone)) &&
    !everyone.some((seat) => isQuorum(tried, mode, new Set([seat])));
  let registry = seal(awkwardStakes(style, size, authorities, new Random(`stakes ${name}`)));
  if (!fits(registry)) registry = seal(everyone.map(() => 7n));
  if (!fits(registry)) return null;
  const setting = { name, mode, registry, voters: votingSeats(registry, mode) };
  settings.set(name, setting);
  return setting;
}

/** Whole classes, and whatever else exceeds or keeps the bounds. */
function corrupted(setting: Setting, above: boolean, random: Random): readonly Seat[] | null {
  const { registry, mode, voters } = setting;
  const fits = (seats: readonly Seat[]): boolean => agreementOwed(registry, mode, new Set(seats)) !== above;
  const isAuthority = (seat: Seat): boolean => seat < registry.authorities;
  if (random.chance(0.3)) {
    const classes = [voters.filter(isAuthority), voters.filter((seat) => !isAuthority(seat)), voters];
    const fitting = classes.filter((seats) => seats.length > 0 && fits(seats));
    if (fitting.length > 0) return random.pick(fitting);
  }
  const order = random.shuffled(voters);
  if (above) {
    for (let count = 1; count <= order.length; count++)
      if (fits(order.slice(0, count))) return order.slice(0, count);
    return null;
  }
  const wanted = random.whole(1, Math.max(1, order.length - 2));
  const chosen: Seat[] = [];
  for (const seat of order) if (chosen.length < wanted && fits([...chosen, seat])) chosen.push(seat);
  return chosen.length === 0 ? null : chosen;
}

/** The honest voters in two parts that both are a quorum with all twins, if there are such. */
function bothSides(setting: Setting, twins: readonly Seat[], random: Random): ReadonlySet<Seat> | null {
  const { registry, mode, voters } = setting;
  const honest = voters.filter((seat) => !twins.includes(seat));
  const parts = 2 ** honest.length;
  const first = random.whole(0, parts - 1);
  for (let i = 0; i < parts; i++) {
    const part = (first + i) % parts;
    const left = honest.filter((_, at) => (part >> at) & 1);
    const right = honest.filter((_, at) => !((part >> at) & 1));
    if (
      left.length > 0 &&
      right.length > 0 &&
      isQuorum(registry, mode, new Set([...twins, ...left])) &&
      isQuorum(registry, mode, new Set([...twins, ...right]))
    )
      return new Set(left);
  }
  return null;
}

/** Part of all schedules in which the bounds are exceeded. */
const ABOVE_SHARE = 0.2;

/** The schedule of a seed. */
export function twinsSchedule(seed: string): TwinsSchedule {
  const random = new Random(`twins ${seed}`);
  const above = random.chance(ABOVE_SHARE);
  for (;;) {
    const setting = settingOf(random);
    if (setting === null) continue;
    const corrupt = corrupted(setting, above, random);
    if (corrupt === null) continue;
    const twins = [...corrupt].sort((a, b) => a - b);
    const left = bothSides(setting, twins, random);
    // Without two quorums no schedule can disagree; some of them are tried all the same.
    if (above && left === null && random.chance(0.8)) continue;
    const { registry, mode, voters } = setting;
    const size = registry.entries.length;
    const processes = size + twins.length;
    const seatOf = (process: number): Seat => (process < size ? process : twins[process - size]!);
    const split = Array.from({ length: processes }, (_, process) => {
      const seat = seatOf(process);
      if (twins.includes(seat)) return process < size ? 0 : 1;
      if (left === null || !voters.includes(seat)) return random.whole(0, 1);
      return left.has(seat) ? 0 : 1;
    });
    const together = split.map(() => 0);
    const some = (): Cells => {
      const roll = random.unit();
      if (roll < 0.2) return together;
      if (roll < 0.6 || above) return split;
      const count = roll < 0.9 ? 2 : 3;
      return split.map(() => random.whole(0, count - 1));
    };
    const cells = Array.from({ length: random.whole(1, 4) }, some);
    if (above) cells.push(split, split);
    else if (random.chance(0.3)) cells.push(together);
    const live = !above && honestSuffice(registry, mode, new Set(twins));
    const whose = above || random.chance(0.5) ? [...twins, ...voters] : voters;
    const leaders = Array.from({ length: random.whole(1, 6) }, () => random.pick(whose));
    // Progress is owed under honest leaders only: two copies of a leader may equivocate for ever.
    if (live && leaders.every((seat) => twins.includes(seat)))
      leaders.push(random.pick(voters.filter((seat) => !twins.includes(seat))));
    return {
      seed,
      setting,
      twins,
      above,
      live,
      leaders,
      cells,
      heal: random.whole(2, 9) * DELTA,
      loss: random.pick([0, 0, 0, 0.1]),
      slowest: random.pick([5, 30, 120]),
    };
  }
}
