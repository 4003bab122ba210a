import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineBuckets, LevelStore, WriteAheadLog } from "@aitbc-hybrid/storage";

export const description =
  "write-ahead log (one record, and 100 in a turn, made durable) and LevelDB, in the temporary folder";

const buckets = defineBuckets({ data: 1 });

/** Measures on the disk that holds the temporary folder: what a sync costs there decides the log's figures. */
export async function run(): Promise<Record<string, { value: number; unit: string }>> {
  const folder = await mkdtemp(join(tmpdir(), "bench-storage-"));
  try {
    return { ...(await log(join(folder, "log"))), ...(await level(join(folder, "level"))) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function log(directory: string): Promise<Record<string, { value: number; unit: string }>> {
  const wal = await WriteAheadLog.open({ directory });
  const record = new Uint8Array(250).fill(7);
  const single = await median(200, () => wal.append(record));
  const group = await median(100, () => Promise.all(Array.from({ length: 100 }, () => wal.append(record))));
  await wal.close();
  const opening = await median(5, async () => (await WriteAheadLog.open({ directory })).close());
  return {
    walAppend: { value: single, unit: "ms" },
    walAppend100: { value: group, unit: "ms" },
    walOpen10000: { value: opening, unit: "ms" },
  };
}

async function level(directory: string): Promise<Record<string, { value: number; unit: string }>> {
  const store = await LevelStore.open({ directory, buckets });
  const value = new Uint8Array(250).fill(7);
  let next = 0;
  const key = (n: number): Uint8Array => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setUint32(4, n);
    return bytes;
  };
  const writes = () =>
    Array.from({ length: 10_000 }, () => ({ bucket: "data" as const, key: key(next++), value }));
  const batch = await median(7, () => store.batch(writes()));
  const bucket = store.bucket("data");
  let read = 0;
  const getSync = await median(7, async () => {
    for (let i = 0; i < 10_000; i++) bucket.getSync(key(read++ % next));
  });
  const get = await median(5, async () => {
    for (let i = 0; i < 1_000; i++) await bucket.get(key(read++ % next));
  });
  await store.close();
  return {
    levelBatch10000: { value: batch, unit: "ms" },
    levelGetSync: { value: round(getSync / 10), unit: "µs" },
    levelGet: { value: round(get), unit: "µs" },
  };
}

/** Median time of `action` in milliseconds over `samples` runs after one to warm up. */
async function median(samples: number, action: () => Promise<unknown>): Promise<number> {
  await action();
  const times: number[] = [];
  for (let i = 0; i < samples; i++) {
    const start = performance.now();
    await action();
    times.push(performance.now() - start);
  }
  return round(times.sort((a, b) => a - b)[samples >> 1]!);
}

const round = (value: number): number => Number(value.toPrecision(3));
