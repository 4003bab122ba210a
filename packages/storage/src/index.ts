export { StorageError, type StorageErrorCode } from "./errors.ts";
export { type FileSystem, nodeFileSystem, type StoredFile } from "./fs.ts";
export {
  type Bucket,
  type Buckets,
  defineBuckets,
  type Entry,
  type KeyValueStore,
  type LevelOptions,
  LevelStore,
  MemoryStore,
  type Range,
  type Write,
  type WriteOptions,
} from "./kv/index.ts";
export { lockDirectory, type Release } from "./lock.ts";
export { type WalModules, type WalOptions, type WalRecord, WriteAheadLog } from "./wal/index.ts";
