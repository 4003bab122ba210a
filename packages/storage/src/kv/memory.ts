import { StorageError } from "../errors.ts";
import { type Buckets, compareBytes } from "./buckets.ts";
import type { Bucket, Entry, KeyValueStore, Range, Write } from "./store.ts";

/** A store that is gone with the process: for tests, simulations and light clients. Small ones: inserting is linear. */
export class MemoryStore<Name extends string> implements KeyValueStore<Name> {
  readonly #entries: Map<Name, Entry[]>;
  #closed = false;

  constructor(options: { readonly buckets: Buckets<Name> }) {
    this.#entries = new Map((Object.keys(options.buckets) as Name[]).map((name) => [name, []]));
  }

  bucket(name: Name): Bucket {
    this.#open(name);
    const write = async (key: Uint8Array, value: Uint8Array | null): Promise<void> =>
      this.batch([{ bucket: name, key, value }]);
    return {
      get: async (key) => this.#get(name, key),
      getSync: (key) => this.#get(name, key),
      put: write,
      del: (key) => write(key, null),
      iterate: (range = {}) => this.#iterate(name, range),
    };
  }

  async batch(writes: readonly Write<Name>[]): Promise<void> {
    this.#checkOpen();
    // Found before anything changes: all or nothing.
    const changes = writes.map((write) => ({ ...write, entries: this.#open(write.bucket) }));
    for (const { entries, key, value } of changes) {
      const at = position(entries, key);
      const held = at < entries.length && compareBytes(entries[at]![0], key) === 0 ? 1 : 0;
      if (value === null) entries.splice(at, held);
      else entries.splice(at, held, [key.slice(), value.slice()]);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(name: Name): Entry[] {
    this.#checkOpen();
    const entries = this.#entries.get(name);
    if (entries === undefined) throw new StorageError("BUCKETS_INVALID", `There is no bucket ${name}.`);
    return entries;
  }

  #checkOpen(): void {
    if (this.#closed) throw new StorageError("CLOSED", "The store is closed.");
  }

  #get(name: Name, key: Uint8Array): Uint8Array | undefined {
    const entries = this.#open(name);
    const entry = entries[position(entries, key)];
    return entry !== undefined && compareBytes(entry[0], key) === 0 ? entry[1].slice() : undefined;
  }

  async *#iterate(name: Name, range: Range): AsyncGenerator<Entry, void, undefined> {
    const { gte, gt, lt, lte, reverse, limit } = range;
    const found = this.#open(name).filter(
      ([key]) =>
        (gte === undefined || compareBytes(key, gte) >= 0) &&
        (gt === undefined || compareBytes(key, gt) > 0) &&
        (lt === undefined || compareBytes(key, lt) < 0) &&
        (lte === undefined || compareBytes(key, lte) <= 0),
    );
    if (reverse) found.reverse();
    for (const [key, value] of found.slice(0, limit)) {
      this.#open(name);
      yield [key.slice(), value.slice()];
    }
  }
}

/** Index of the first entry whose key is not below `key`. */
function position(entries: readonly Entry[], key: Uint8Array): number {
  let from = 0;
  let to = entries.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compareBytes(entries[middle]![0], key) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
