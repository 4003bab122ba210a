import { CryptoError } from "./errors.ts";
import type { PublicKey } from "./points.ts";

/** Group operations of one implementation, over its own points. */
export interface KeyGroup<P> {
  add(points: readonly P[]): P;
  negate(point: P): P;
  isInfinity(point: P): boolean;
  wrap(point: P): PublicKey;
}

/** A registry's keys by seat, deserialized once. */
export interface KeyTable {
  /** Number of seats, vacant ones included. */
  readonly size: number;

  /** Whether every one of `seats` has a key here, none is named twice, and there is at least one. */
  covers(seats: readonly number[]): boolean;

  /** The key of `seat`, or null if the seat is vacant or unknown. */
  key(seat: number): PublicKey | null;

  /**
   * The sum of the keys at `seats`: added up, or the whole table's sum (kept) less the absent, whichever list is shorter.
   * Throws SEATS_INVALID unless `covers(seats)`, KEY_INVALID if the keys cancel out.
   */
  aggregate(seats: readonly number[]): PublicKey;

  /** The same indices with only `seats` occupied (a voting or backing set of the registry); shares the keys. */
  subset(seats: Iterable<number>): KeyTable;
}

/** KeyTable over the points of an implementation. */
export class PointTable<P> implements KeyTable {
  readonly size: number;
  readonly #points: readonly (P | null)[];
  readonly #group: KeyGroup<P>;
  readonly #keys: (PublicKey | undefined)[] = [];
  readonly #negated: (P | undefined)[];
  readonly #members: readonly number[];
  #total: P | undefined;

  constructor(points: readonly (P | null)[], group: KeyGroup<P>, negated: (P | undefined)[] = []) {
    this.size = points.length;
    this.#points = points;
    this.#group = group;
    this.#negated = negated;
    this.#members = points.flatMap((point, seat) => (point === null ? [] : [seat]));
  }

  covers(seats: readonly number[]): boolean {
    const seen = new Set(seats);
    if (seen.size === 0 || seen.size !== seats.length) return false;
    return seats.every((seat) => (this.#points[seat] ?? null) !== null);
  }

  key(seat: number): PublicKey | null {
    const point = this.#points[seat] ?? null;
    if (point === null) return null;
    this.#keys[seat] ??= this.#group.wrap(point);
    return this.#keys[seat];
  }

  aggregate(seats: readonly number[]): PublicKey {
    if (!this.covers(seats)) {
      throw new CryptoError("SEATS_INVALID", "seats to aggregate must be occupied and named once");
    }
    const sum = 2 * seats.length > this.#members.length ? this.#withoutAbsent(seats) : this.#sumOf(seats);
    // Possession of k and -k can both be proved: such a pair must not turn "nobody signed" into a certificate.
    if (this.#group.isInfinity(sum)) throw new CryptoError("KEY_INVALID", "the keys cancel each other out");
    return this.#group.wrap(sum);
  }

  subset(seats: Iterable<number>): KeyTable {
    const kept = new Set(seats);
    for (const seat of kept) {
      if ((this.#points[seat] ?? null) === null) {
        throw new CryptoError("SEATS_INVALID", `seat ${seat} has no key`);
      }
    }
    const points = this.#points.map((point, seat) => (kept.has(seat) ? point : null));
    return new PointTable(points, this.#group, this.#negated);
  }

  #sumOf(seats: readonly number[]): P {
    return this.#group.add(seats.map((seat) => this.#points[seat] as P));
  }

  #withoutAbsent(seats: readonly number[]): P {
    this.#total ??= this.#sumOf(this.#members);
    if (seats.length === this.#members.length) return this.#total;
    const present = new Set(seats);
    const absent = this.#members.filter((seat) => !present.has(seat));
    return this.#group.add([this.#total, ...absent.map((seat) => this.#negation(seat))]);
  }

  #negation(seat: number): P {
    let point = this.#negated[seat];
    if (point === undefined) {
      point = this.#group.negate(this.#points[seat] as P);
      this.#negated[seat] = point;
    }
    return point;
  }
}
