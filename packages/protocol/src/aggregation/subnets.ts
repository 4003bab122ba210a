import { fromHex } from "../codec/index.ts";
import { hashBytes } from "../hash.ts";
import type { Electorate } from "../quorum.ts";
import type { Hash, Seat } from "../types/index.ts";

/** With more voters than this a vote goes to aggregators instead of to everybody (section 3). */
export const MOST_BROADCASTING = 100;

const counts = new WeakMap<readonly boolean[], number>();

/** Members of a set. */
export function memberCount(members: readonly boolean[]): number {
  let count = counts.get(members);
  if (count === undefined) {
    count = 0;
    for (const isMember of members) if (isMember) count++;
    counts.set(members, count);
  }
  return count;
}

/** True if votes of this electorate go through aggregators: it has more voters than `most`. */
export const isAggregated = (e: Electorate, most: number = MOST_BROADCASTING): boolean =>
  memberCount(e.voters) > most;

/** Sizes of the aggregation. Local settings: nodes that differ still understand each other's certificates. */
export interface SubnetSizes {
  /** Voters of a subnet, about. */
  readonly voters: number;
  /** Aggregators of a subnet in a view. A third of them silent leaves a subnet without one in 1 of 243 views. */
  readonly aggregators: number;
  /** Nodes that make certificates of the subnets' aggregates in a view. */
  readonly collectors: number;
}

export const SUBNET_SIZES: SubnetSizes = { voters: 64, aggregators: 5, collectors: 8 };

/** Who aggregates in a view. */
export interface Duties {
  /** By subnet. */
  readonly aggregators: readonly (readonly Seat[])[];
  readonly collectors: readonly Seat[];
}

/** Views whose duties are remembered: more than those of which messages are taken in, or peers could have them drawn over and over. */
const REMEMBERED = 512;
/** Views whose meshes are remembered: messages spread in the views around the current one. */
const MESHES = 16;
/** Neighbours that a node chooses; about as many choose it. With a third silent, one in 1,200 hears nothing in a view. */
const CHOSEN = 4;
/** A draw may hit the same seat again; so many in a row only where nearly all stake is one seat's. */
const MOST_MISSES = 64;

/** Endless bits of a seed: hashes of a label and a counter. */
class Bits {
  readonly #prefix: Uint8Array;
  #counter = 0;
  #words: DataView | null = null;
  #at = 0;

  constructor(label: string, seed: Hash, index: number) {
    this.#prefix = new Uint8Array(label.length + 44);
    for (let i = 0; i < label.length; i++) this.#prefix[i] = label.charCodeAt(i);
    this.#prefix.set(fromHex(seed), label.length);
    new DataView(this.#prefix.buffer).setBigUint64(label.length + 32, BigInt(index));
  }

  /** 64 bits. */
  next(): bigint {
    if (this.#words === null || this.#at === 32) {
      new DataView(this.#prefix.buffer).setUint32(this.#prefix.length - 4, this.#counter++);
      this.#words = new DataView(fromHex(hashBytes(this.#prefix)).buffer);
      this.#at = 0;
    }
    const word = this.#words.getBigUint64(this.#at);
    this.#at += 8;
    return word;
  }

  /** Below `bound`. */
  below(bound: number): number {
    return Number(this.next() % BigInt(bound));
  }
}

/**
 * The aggregation subnets of an epoch (protocol.md section 3): every voter belongs to one, fixed for the epoch by its
 * seed; in each view some voters, drawn by stake, aggregate the votes of a subnet, and some collect the aggregates.
 */
export class Subnets {
  readonly count: number;
  /** Voters by subnet, ascending. */
  readonly voters: readonly (readonly Seat[])[];
  readonly #of: readonly number[];
  readonly #seed: Hash;
  readonly #sizes: SubnetSizes;
  readonly #seats: readonly Seat[];
  readonly #cumulative: readonly bigint[];
  readonly #duties = new Map<number, Duties>();
  readonly #meshes = new Map<number, ReadonlyMap<Seat, readonly Seat[]>>();

  /** @param seed of the epoch, in its domain: not known before the registry was frozen */
  constructor(e: Electorate, seed: Hash, sizes: SubnetSizes = SUBNET_SIZES) {
    this.#seed = seed;
    this.#sizes = sizes;
    const seats: Seat[] = [];
    const cumulative: bigint[] = [];
    let total = 0n;
    for (let seat = 0; seat < e.voters.length; seat++) {
      if (!e.voters[seat]) continue;
      seats.push(seat);
      // One more than the stake: an authority without stake has its turn too.
      total += e.registry.entries[seat]!.stake + 1n;
      cumulative.push(total);
    }
    this.#seats = seats;
    this.#cumulative = cumulative;
    const count = (seats.length - (seats.length % sizes.voters)) / sizes.voters;
    this.count = count > 1 ? count : 1;
    const of: number[] = e.voters.map(() => -1);
    const voters: Seat[][] = Array.from({ length: this.count }, () => []);
    const bits = new Bits("subnets", seed, 0);
    const shuffled = [...seats];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = bits.below(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    }
    shuffled.forEach((seat, at) => {
      of[seat] = at % this.count;
      voters[at % this.count]!.push(seat);
    });
    for (const list of voters) list.sort((a, b) => a - b);
    this.#of = of;
    this.voters = voters;
  }

  /** Subnet of a voter; -1 for a seat that does not vote. */
  of(seat: Seat): number {
    return this.#of[seat] ?? -1;
  }

  duties(view: number): Duties {
    let duties = this.#duties.get(view);
    if (duties === undefined) {
      if (this.#duties.size >= REMEMBERED) this.#duties.delete(this.#duties.keys().next().value!);
      const bits = new Bits("aggregators", this.#seed, view);
      duties = {
        aggregators: this.voters.map(() => this.#draw(bits, this.#sizes.aggregators)),
        collectors: this.#draw(bits, this.#sizes.collectors),
      };
      this.#duties.set(view, duties);
    }
    return duties;
  }

  /**
   * To whom a voter passes on what it first hears of in a view, and from whom it hears: a random mesh, another one in
   * each view, so that nobody is surrounded by the silent for longer.
   */
  neighbours(view: number, seat: Seat): readonly Seat[] {
    let mesh = this.#meshes.get(view);
    if (mesh === undefined) {
      if (this.#meshes.size >= MESHES) this.#meshes.delete(this.#meshes.keys().next().value!);
      mesh = this.#mesh(view);
      this.#meshes.set(view, mesh);
    }
    return mesh.get(seat) ?? [];
  }

  #mesh(view: number): ReadonlyMap<Seat, readonly Seat[]> {
    const bits = new Bits("mesh", this.#seed, view);
    const sets = new Map(this.#seats.map((seat) => [seat, new Set<Seat>()]));
    const { length } = this.#seats;
    for (const seat of this.#seats) {
      // Sixteen bits a choice: a mesh need not be fair to the last bit, and every node draws one in every view.
      let word = bits.next();
      for (let choice = 0; choice < CHOSEN; choice++, word >>= 16n) {
        const other = this.#seats[Number(word & 0xffffn) % length]!;
        if (other === seat) continue;
        sets.get(seat)!.add(other);
        sets.get(other)!.add(seat);
      }
    }
    return new Map([...sets].map(([seat, others]) => [seat, [...others]]));
  }

  /** Different voters, by stake. */
  #draw(bits: Bits, count: number): Seat[] {
    const drawn: Seat[] = [];
    const total = this.#cumulative[this.#cumulative.length - 1]!;
    for (
      let misses = 0;
      drawn.length < count && drawn.length < this.#seats.length && misses < MOST_MISSES;
    ) {
      const seat = this.#at(bits.next() % total);
      if (drawn.includes(seat)) misses++;
      else drawn.push(seat);
    }
    return drawn;
  }

  #at(point: bigint): Seat {
    let low = 0;
    let high = this.#seats.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cumulative[middle]! > point) high = middle;
      else low = middle + 1;
    }
    return this.#seats[low]!;
  }
}
