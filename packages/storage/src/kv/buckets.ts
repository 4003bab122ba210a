import { StorageError } from "../errors.ts";

/** Names and numbers of a store's buckets. */
export type Buckets<Name extends string> = Readonly<Record<Name, number>>;

/** Number of the store's own bucket, which remembers the names. */
export const META = 0;

/**
 * Declares a store's buckets with numbers from 1 to 254. A number is given once and never again, not even after its
 * bucket went out of use: then it moves to `retired`. Throws BUCKETS_INVALID.
 */
export function defineBuckets<Name extends string>(
  buckets: Buckets<Name>,
  retired: readonly number[] = [],
): Buckets<Name> {
  const numbers = [...Object.values<number>(buckets), ...retired];
  if (!numbers.every((number) => Number.isInteger(number) && number > META && number <= 254)) {
    throw new StorageError("BUCKETS_INVALID", "Bucket numbers are integers from 1 to 254.");
  }
  if (new Set(numbers).size !== numbers.length) {
    throw new StorageError("BUCKETS_INVALID", "Two buckets have one number, or one has a retired number.");
  }
  return buckets;
}

/** The key of a bucket's entry in the whole store: the number, then the key. */
export function prefixed(number: number, key: Uint8Array): Uint8Array {
  const whole = new Uint8Array(1 + key.length);
  whole[0] = number;
  whole.set(key, 1);
  return whole;
}

/** Lexicographic order of bytes: negative if `a` comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
