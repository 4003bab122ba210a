import { mkdir } from "node:fs/promises";
import { ClassicLevel } from "classic-level";
import { StorageError, storageError } from "../errors.ts";
import { type Buckets, META, prefixed } from "./buckets.ts";
import type { Bucket, Entry, KeyValueStore, Range, Write, WriteOptions } from "./store.ts";

export interface LevelOptions<Name extends string> {
  /** Folder of the database, its own; created where missing. */
  readonly directory: string;
  /** From `defineBuckets`. The store remembers the names: opening with another name for a number is refused. */
  readonly buckets: Buckets<Name>;
}

type Database = ClassicLevel<Uint8Array, Uint8Array>;

/**
 * A store on LevelDB, which holds the folder's lock until the process ends. Errors: LOCKED (in use), CORRUPTED,
 * BUCKET_REUSED, DISK_FULL, UNREADABLE, FAILED.
 */
export class LevelStore<Name extends string> implements KeyValueStore<Name> {
  readonly #directory: string;
  readonly #buckets: Buckets<Name>;
  readonly #database: Database;

  private constructor(options: LevelOptions<Name>, database: Database) {
    this.#directory = options.directory;
    this.#buckets = options.buckets;
    this.#database = database;
  }

  static async open<Name extends string>(options: LevelOptions<Name>): Promise<LevelStore<Name>> {
    const database: Database = new ClassicLevel(options.directory, {
      keyEncoding: "view",
      valueEncoding: "view",
    });
    try {
      await mkdir(options.directory, { recursive: true });
      await database.open();
      await rememberNames(database, options);
    } catch (cause) {
      await database.close();
      throw levelError(cause, options.directory);
    }
    return new LevelStore(options, database);
  }

  bucket(name: Name): Bucket {
    const number = this.#number(name);
    const write = (key: Uint8Array, value: Uint8Array | null, options?: WriteOptions): Promise<void> =>
      this.batch([{ bucket: name, key, value }], options);
    return {
      get: (key) => this.#guard(() => this.#database.get(prefixed(number, key))),
      getSync: (key) => {
        try {
          return this.#database.getSync(prefixed(number, key));
        } catch (cause) {
          throw levelError(cause, this.#directory);
        }
      },
      put: write,
      del: (key, options) => write(key, null, options),
      iterate: (range = {}) => this.#iterate(number, range),
    };
  }

  async batch(writes: readonly Write<Name>[], options: WriteOptions = {}): Promise<void> {
    const operations = writes.map(({ bucket, key, value }) => {
      const whole = prefixed(this.#number(bucket), key);
      return value === null
        ? { type: "del" as const, key: whole }
        : { type: "put" as const, key: whole, value };
    });
    await this.#guard(() => this.#database.batch(operations, { sync: options.sync ?? false }));
  }

  close(): Promise<void> {
    return this.#guard(() => this.#database.close());
  }

  #number(name: Name): number {
    const number: number | undefined = this.#buckets[name];
    if (number === undefined) throw new StorageError("BUCKETS_INVALID", `There is no bucket ${name}.`);
    if (this.#database.status !== "open") throw new StorageError("CLOSED", "The store is closed.");
    return number;
  }

  async *#iterate(number: number, range: Range): AsyncGenerator<Entry, void, undefined> {
    try {
      for await (const [key, value] of this.#database.iterator(wholeRange(number, range))) {
        yield [key.subarray(1), value];
      }
    } catch (cause) {
      throw levelError(cause, this.#directory);
    }
  }

  async #guard<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (cause) {
      throw levelError(cause, this.#directory);
    }
  }
}

/** A bucket's range as one of the whole store; where a bound is left out, the bucket's own. */
function wholeRange(number: number, { gte, gt, lt, lte, reverse, limit }: Range) {
  const bound = (key: Uint8Array): Uint8Array => prefixed(number, key);
  return {
    ...(gt === undefined ? { gte: bound(gte ?? new Uint8Array()) } : { gt: bound(gt) }),
    ...(lte !== undefined
      ? { lte: bound(lte) }
      : { lt: lt === undefined ? Uint8Array.of(number + 1) : bound(lt) }),
    reverse: reverse ?? false,
    limit: limit ?? -1,
  };
}

async function rememberNames<Name extends string>(
  database: Database,
  { directory, buckets }: LevelOptions<Name>,
): Promise<void> {
  for (const [name, number] of Object.entries<number>(buckets)) {
    const key = prefixed(META, Uint8Array.of(number));
    const held = await database.get(key);
    if (held === undefined) await database.put(key, new TextEncoder().encode(name), { sync: true });
    else if (new TextDecoder().decode(held) !== name) {
      throw new StorageError(
        "BUCKET_REUSED",
        `${directory} holds "${new TextDecoder().decode(held)}" in bucket ${number}, where this version keeps "${name}". Use the version that wrote it, or another folder.`,
      );
    }
  }
}

function levelError(error: unknown, directory: string): StorageError {
  if (error instanceof StorageError) return error;
  // The reason of a failed opening is the cause of the error that is thrown.
  const { code, cause } = error as { code?: string; cause?: { code?: string } };
  if (code === "LEVEL_LOCKED" || cause?.code === "LEVEL_LOCKED") {
    return new StorageError(
      "LOCKED",
      `The database ${directory} is in use by another process. Stop that process, or give this one another folder.`,
      { cause: error },
    );
  }
  if (code === "LEVEL_CORRUPTION" || cause?.code === "LEVEL_CORRUPTION") {
    return new StorageError(
      "CORRUPTED",
      `The database ${directory} is damaged. Restore it from its backup, or move it away and let the node fetch the chain anew.`,
      { cause: error },
    );
  }
  if (code === "LEVEL_DATABASE_NOT_OPEN" || code === "LEVEL_ITERATOR_NOT_OPEN") {
    if (cause === undefined) return new StorageError("CLOSED", "The store is closed.", { cause: error });
  }
  const root = cause ?? error;
  const message = root instanceof Error ? root.message : String(root);
  // LevelDB passes on the system's text, not its code.
  if (/no space left/i.test(message)) {
    return storageError(Object.assign(new Error(message), { code: "ENOSPC" }), directory, "Writing");
  }
  return storageError(root, directory, "Using the database");
}
