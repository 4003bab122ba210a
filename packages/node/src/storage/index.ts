export { type BucketName, type Database, memoryDatabase, openDatabase } from "./database.ts";
export { type Kv, type KvChange, keyOf, numberIn, tableRange } from "./kv.ts";
export { openProtectionLog } from "./protection.ts";
