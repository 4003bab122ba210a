/** A key and its value. Do not change the bytes. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** Bounds of keys by bytes, lexicographically; all of them where left out. At most one lower and one upper bound. */
export interface Range {
  readonly gte?: Uint8Array;
  readonly gt?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly lte?: Uint8Array;
  /** From the greatest key down. */
  readonly reverse?: boolean;
  /** At most so many entries. */
  readonly limit?: number;
}

/** One change of a batch: a value to put, or null to delete. */
export interface Write<Name extends string> {
  readonly bucket: Name;
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

export interface WriteOptions {
  /** Return only once the write is on the disk. Otherwise it survives the process, not the machine. Default false. */
  readonly sync?: boolean;
}

/** A part of the store with keys of its own. */
export interface Bucket {
  /** Resolves with undefined where there is no such key. */
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** `get` without a turn of the loop: microseconds from the cache, a read of the disk otherwise. */
  getSync(key: Uint8Array): Uint8Array | undefined;
  put(key: Uint8Array, value: Uint8Array, options?: WriteOptions): Promise<void>;
  /** Deletes; no error where there is no such key. */
  del(key: Uint8Array, options?: WriteOptions): Promise<void>;
  /** Entries in the order of keys, as they were when the iteration began. */
  iterate(range?: Range): AsyncGenerator<Entry, void, undefined>;
}

/**
 * An ordered map from bytes to bytes in named buckets. `MemoryStore` and `LevelStore` implement it and pass one
 * conformance suite. After `close` everything throws CLOSED.
 */
export interface KeyValueStore<Name extends string> {
  bucket(name: Name): Bucket;
  /** All of `writes` or none, in order: of two writes to one key the later holds. */
  batch(writes: readonly Write<Name>[], options?: WriteOptions): Promise<void>;
  close(): Promise<void>;
}
