import { fromHex, type Hash, type Millis, toHex } from "@aitbc-hybrid/protocol";
import { type Kv, type KvChange, keyOf, numberIn, tableRange } from "../storage/index.ts";
import { decodeData, type SealedBatch } from "./codec.ts";

/** Batches by digest. */
const BATCHES = "b";
/** Digests of ordered batches: when they became final. */
const ORDERED = "o";
/** The same by time, for retention. */
const BY_TIME = "t";
/** Deletions in one go: more would hold up writes. */
const SWEEP = 512;

/** Batches on disk. Those not ordered yet are also in memory (DataPath). */
export class BatchStore {
  readonly #chainId: number;
  readonly #kv: Kv;
  #waiting: KvChange[] = [];
  #next: Promise<void> | null = null;
  #tail: Promise<void> = Promise.resolve();

  constructor(chainId: number, kv: Kv) {
    this.#chainId = chainId;
    this.#kv = kv;
  }

  /** Stores batches; resolves when they are durable. All that wait share one write. */
  put(batch: SealedBatch): Promise<void> {
    return this.#write([{ type: "put", key: keyOf(BATCHES, fromHex(batch.digest)), value: batch.encoded }]);
  }

  async get(digest: Hash): Promise<SealedBatch | null> {
    const bytes = await this.#kv.get(keyOf(BATCHES, fromHex(digest)));
    if (bytes === undefined) return null;
    const message = decodeData(this.#chainId, bytes);
    return message.type === "batch" ? message.batch : null;
  }

  /** Bytes of a batch as they travel. */
  encoded(digest: Hash): Promise<Uint8Array | undefined> {
    return this.#kv.get(keyOf(BATCHES, fromHex(digest)));
  }

  /** Notes that batches became final at a time: they are kept for the retention from then on. */
  async markOrdered(digests: readonly Hash[], now: Millis): Promise<void> {
    if (digests.length === 0) return;
    const changes: KvChange[] = [];
    const empty = new Uint8Array(0);
    for (const digest of digests) {
      const bytes = fromHex(digest);
      const at = new Uint8Array(8);
      new DataView(at.buffer).setBigUint64(0, BigInt(now));
      changes.push({ type: "put", key: keyOf(ORDERED, bytes), value: at });
      changes.push({ type: "put", key: keyOf(BY_TIME, now, bytes), value: empty });
    }
    await this.#write(changes);
  }

  async isOrdered(digest: Hash): Promise<boolean> {
    return (await this.#kv.get(keyOf(ORDERED, fromHex(digest)))) !== undefined;
  }

  /** Batches that no final block ordered: what to go on with after a restart. */
  async *unordered(): AsyncGenerator<SealedBatch> {
    for await (const [key, value] of this.#kv.iterate(tableRange(BATCHES))) {
      const digest = toHex(key.subarray(1));
      if (await this.isOrdered(digest)) continue;
      const message = decodeData(this.#chainId, value);
      if (message.type === "batch") yield message.batch;
    }
  }

  /** Deletes batches that became final before a time, some at once; resolves with how many. */
  async sweep(before: Millis): Promise<number> {
    const changes: KvChange[] = [];
    const range = { gte: keyOf(BY_TIME, 0), lt: keyOf(BY_TIME, before), limit: SWEEP };
    for await (const [key] of this.#kv.iterate(range)) {
      if (numberIn(key, 1) >= before) break;
      const digest = key.slice(9);
      for (const each of [key, keyOf(ORDERED, digest), keyOf(BATCHES, digest)]) {
        changes.push({ type: "del", key: each });
      }
    }
    if (changes.length > 0) await this.#kv.batch(changes);
    return changes.length / 3;
  }

  /** Resolves when everything given so far is durable. */
  flush(): Promise<void> {
    return this.#next ?? this.#tail;
  }

  /** A write that waits behind the one under way takes along all that comes until then. */
  #write(changes: readonly KvChange[]): Promise<void> {
    this.#waiting.push(...changes);
    this.#next ??= this.#tail.then(async () => {
      this.#next = null;
      const all = this.#waiting;
      this.#waiting = [];
      if (all.length > 0) await this.#kv.batch(all);
    });
    this.#tail = this.#next.catch(() => {});
    return this.#next;
  }
}
