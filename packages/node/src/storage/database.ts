import { join } from "node:path";
import { defineBuckets, type KeyValueStore, LevelStore, MemoryStore } from "@aitbc-hybrid/storage";
import type { Kv } from "./kv.ts";

/** The parts of the node's database. A number is never reused. */
const BUCKETS = defineBuckets({
  /** Versions, genesis, identity: what the folder belongs to. */
  node: 1,
  /** The embedded ledger. */
  ledger: 2,
  /** Final blocks, certificates, backed checkpoints, evidence. */
  chain: 3,
  /** Batches of transactions. */
  batches: 4,
  /** Sealed registries by root. */
  registries: 5,
  /** Chunks of a state that is being fetched. */
  sync: 6,
});
export type BucketName = keyof typeof BUCKETS;

/** The node's key-value database: a bucket per module, every write durable. */
export interface Database {
  bucket(name: BucketName): Kv;
  close(): Promise<void>;
}

/** Opens the database below a data folder. @throws StorageError */
export async function openDatabase(dataDirectory: string): Promise<Database> {
  return databaseOf(await LevelStore.open({ directory: join(dataDirectory, "db"), buckets: BUCKETS }));
}

/** The same in memory, for tests. */
export const memoryDatabase = (): Database => databaseOf(new MemoryStore({ buckets: BUCKETS }));

function databaseOf(store: KeyValueStore<BucketName>): Database {
  return {
    bucket(name): Kv {
      const bucket = store.bucket(name);
      return {
        get: (key) => bucket.get(key),
        batch: (changes) =>
          store.batch(
            changes.map((change) => ({
              bucket: name,
              key: change.key,
              value: change.type === "put" ? change.value : null,
            })),
            { sync: true },
          ),
        iterate: (range) => bucket.iterate(range),
      };
    },
    close: () => store.close(),
  };
}
