export { type Buckets, defineBuckets } from "./buckets.ts";
export { type LevelOptions, LevelStore } from "./level.ts";
export { MemoryStore } from "./memory.ts";
export type { Bucket, Entry, KeyValueStore, Range, Write, WriteOptions } from "./store.ts";
