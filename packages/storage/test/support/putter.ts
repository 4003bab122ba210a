import { defineBuckets, LevelStore } from "../../src/index.ts";

// Puts one entry into the database in the folder named by the argument and waits to be killed.
const buckets = defineBuckets({ blocks: 1, votes: 2, last: 254 });
const store = await LevelStore.open({ directory: process.argv[2]!, buckets });
const encode = (text: string) => new TextEncoder().encode(text);
await store.bucket("blocks").put(encode("key"), encode("value"));
process.stdout.write("ready\n");
setInterval(() => {}, 60_000);
