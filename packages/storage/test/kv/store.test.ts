import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { defineBuckets, type KeyValueStore, LevelStore, MemoryStore, type Range } from "../../src/index.ts";
import { bytes, collect, text } from "../support/wal.ts";

const buckets = defineBuckets({ blocks: 1, votes: 2, last: 254 });
type Name = keyof typeof buckets;
type Open = (directory: string) => Promise<KeyValueStore<Name>>;

const compare = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b);

function conformance(name: string, open: Open): void {
  describe(`key-value store (${name})`, () => {
    let directory: string;
    let store: KeyValueStore<Name>;
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), "store "));
      store = await open(join(directory, "db"));
    });
    afterEach(async () => {
      await store.close();
      await rm(directory, { recursive: true });
    });
    const entries = async (bucket: Name, range?: Range) =>
      (await collect(store.bucket(bucket).iterate(range))).map(
        ([key, value]) => `${text(key)}=${text(value)}`,
      );

    it("gives back what was put, until it is deleted", async () => {
      const blocks = store.bucket("blocks");
      assert.equal(await blocks.get(bytes("a")), undefined);
      assert.equal(blocks.getSync(bytes("a")), undefined);
      await blocks.put(bytes("a"), bytes("1"));
      await blocks.put(bytes("a"), bytes("2"), { sync: true });
      assert.deepEqual(Uint8Array.from((await blocks.get(bytes("a")))!), bytes("2"));
      assert.deepEqual(Uint8Array.from(blocks.getSync(bytes("a"))!), bytes("2"));
      await blocks.del(bytes("a"));
      await blocks.del(bytes("a"));
      assert.equal(await blocks.get(bytes("a")), undefined);
    });

    it("takes empty keys and values", async () => {
      const blocks = store.bucket("blocks");
      await blocks.put(new Uint8Array(), new Uint8Array());
      assert.equal((await blocks.get(new Uint8Array()))?.length, 0);
      assert.deepEqual(await entries("blocks"), ["="]);
    });

    it("keeps buckets apart", async () => {
      for (const bucket of ["blocks", "votes", "last"] as const) {
        await store.bucket(bucket).put(bytes("k"), bytes(bucket));
      }
      for (const bucket of ["blocks", "votes", "last"] as const) {
        assert.deepEqual(await entries(bucket), [`k=${bucket}`]);
        assert.deepEqual(await entries(bucket, { reverse: true }), [`k=${bucket}`]);
      }
    });

    it("does not alias what it is given", async () => {
      const [key, value] = [bytes("k"), bytes("v")];
      const done = store.bucket("blocks").put(key, value);
      await done;
      key.fill(0);
      value.fill(0);
      assert.deepEqual(await entries("blocks"), ["k=v"]);
    });

    it("batches over buckets, the later write to a key winning", async () => {
      await store.bucket("blocks").put(bytes("gone"), bytes("x"));
      await store.batch(
        [
          { bucket: "blocks", key: bytes("a"), value: bytes("1") },
          { bucket: "votes", key: bytes("a"), value: bytes("2") },
          { bucket: "blocks", key: bytes("gone"), value: null },
          { bucket: "blocks", key: bytes("b"), value: bytes("1") },
          { bucket: "blocks", key: bytes("b"), value: null },
          { bucket: "blocks", key: bytes("c"), value: null },
          { bucket: "blocks", key: bytes("c"), value: bytes("3") },
        ],
        { sync: true },
      );
      assert.deepEqual(await entries("blocks"), ["a=1", "c=3"]);
      assert.deepEqual(await entries("votes"), ["a=2"]);
      await store.batch([]);
    });

    it("writes nothing of a batch that names an unknown bucket", async () => {
      const batch = [
        { bucket: "blocks" as const, key: bytes("a"), value: bytes("1") },
        { bucket: "nowhere" as Name, key: bytes("a"), value: bytes("1") },
      ];
      await assert.rejects(store.batch(batch), { code: "BUCKETS_INVALID" });
      assert.throws(() => store.bucket("nowhere" as Name), { code: "BUCKETS_INVALID" });
      assert.deepEqual(await entries("blocks"), []);
    });

    it("iterates in the order of bytes, within bounds, both ways, up to a limit", async () => {
      const key = fc.uint8Array({ maxLength: 3 });
      const bound = fc.option(key, { nil: undefined });
      const range = fc.record({
        lower: fc.tuple(fc.constantFrom("gte", "gt"), bound),
        upper: fc.tuple(fc.constantFrom("lte", "lt"), bound),
        reverse: fc.boolean(),
        limit: fc.option(fc.nat(4), { nil: undefined }),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(key, { comparator: (a, b) => compare(a, b) === 0 }),
          range,
          async (keys, r) => {
            const bucket = store.bucket("votes");
            for await (const [held] of bucket.iterate()) await bucket.del(held);
            await store.batch(keys.map((k) => ({ bucket: "votes", key: k, value: k })));
            const [[lower, from], [upper, to]] = [r.lower, r.upper];
            const expected = keys
              .filter(
                (k) =>
                  from === undefined || compare(k, from) > 0 || (lower === "gte" && compare(k, from) === 0),
              )
              .filter(
                (k) => to === undefined || compare(k, to) < 0 || (upper === "lte" && compare(k, to) === 0),
              )
              .sort(compare);
            if (r.reverse) expected.reverse();
            const asked: Range = {
              ...(from === undefined ? {} : { [lower]: from }),
              ...(to === undefined ? {} : { [upper]: to }),
              ...(r.limit === undefined ? {} : { limit: r.limit }),
              reverse: r.reverse,
            };
            const found = await collect(bucket.iterate(asked));
            assert.deepEqual(
              found.map(([k, v]) => [Uint8Array.from(k), Uint8Array.from(v)]),
              expected.slice(0, r.limit).map((k) => [k, k]),
            );
          },
        ),
        { numRuns: 60 },
      );
    });

    it("iterates over what was there when the iteration began", async () => {
      const bucket = store.bucket("blocks");
      for (const key of ["a", "b", "c"]) await bucket.put(bytes(key), bytes("1"));
      const seen: string[] = [];
      for await (const [key] of bucket.iterate()) {
        seen.push(text(key));
        await bucket.put(bytes("d"), bytes("1"));
        await bucket.del(bytes("b"));
      }
      assert.deepEqual(seen, ["a", "b", "c"]);
      assert.deepEqual(await entries("blocks", { gt: bytes("a"), lte: bytes("d") }), ["c=1", "d=1"]);
    });

    it("may be left in the middle of an iteration", async () => {
      const bucket = store.bucket("blocks");
      for (const key of ["a", "b"]) await bucket.put(bytes(key), bytes("1"));
      for await (const [key] of bucket.iterate()) {
        assert.equal(text(key), "a");
        break;
      }
    });

    it("refuses everything once closed, and closing twice does no harm", async () => {
      const bucket = store.bucket("blocks");
      await store.close();
      await store.close();
      const closed = { code: "CLOSED" };
      await assert.rejects(bucket.get(bytes("a")), closed);
      assert.throws(() => bucket.getSync(bytes("a")), closed);
      await assert.rejects(bucket.put(bytes("a"), bytes("a")), closed);
      await assert.rejects(bucket.del(bytes("a")), closed);
      await assert.rejects(collect(bucket.iterate()), closed);
      await assert.rejects(store.batch([]), closed);
      assert.throws(() => store.bucket("blocks"), closed);
    });
  });
}

conformance("memory", async () => new MemoryStore({ buckets }));
conformance("level", (directory) => LevelStore.open({ directory, buckets }));

describe("buckets", () => {
  it("have numbers of their own from 1 to 254, retired ones never again", () => {
    const invalid = { code: "BUCKETS_INVALID" };
    assert.throws(() => defineBuckets({ a: 1, b: 1 }), invalid);
    assert.throws(() => defineBuckets({ a: 1, b: 2 }, [2]), invalid);
    for (const number of [0, 255, 1.5, -1]) assert.throws(() => defineBuckets({ a: number }), invalid);
    assert.deepEqual(defineBuckets({ a: 1, b: 3 }, [2]), { a: 1, b: 3 });
  });
});

describe("level store", () => {
  let folder: string;
  let directory: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "level-"));
    directory = join(folder, "deep", "db");
  });
  after(() => rm(folder, { recursive: true }));

  it("holds its content for the next process, also one that was killed", async () => {
    const child = fileURLToPath(new URL("../support/putter.ts", import.meta.url));
    const process_ = spawn(process.execPath, [child, directory], { stdio: ["ignore", "pipe", "inherit"] });
    await once(process_.stdout, "data");
    await assert.rejects(LevelStore.open({ directory, buckets }), {
      code: "LOCKED",
      message: /in use by another process\. Stop that process/,
    });
    process_.kill("SIGKILL");
    await once(process_, "exit");
    const store = await LevelStore.open({ directory, buckets });
    assert.equal(text((await store.bucket("blocks").get(bytes("key")))!), "value");
    await store.close();
  });

  it("refuses another name for a number it holds, takes new ones", async () => {
    await assert.rejects(LevelStore.open({ directory, buckets: defineBuckets({ other: 1 }) }), {
      code: "BUCKET_REUSED",
      message: /"blocks" in bucket 1.*"other"/,
    });
    const more = defineBuckets({ blocks: 1, more: 7 });
    await (await LevelStore.open({ directory, buckets: more })).close();
    await assert.rejects(LevelStore.open({ directory, buckets: defineBuckets({ another: 7 }) }), {
      code: "BUCKET_REUSED",
    });
  });

  it("says which database is damaged", async () => {
    const damaged = join(folder, "damaged");
    await (await LevelStore.open({ directory: damaged, buckets })).close();
    await writeFile(join(damaged, "CURRENT"), "nonsense");
    await assert.rejects(
      LevelStore.open({ directory: damaged, buckets }),
      (error: Error & { code: string }) => {
        assert.equal(error.code, "CORRUPTED");
        assert.ok(error.message.includes(damaged));
        return true;
      },
    );
  });
});
