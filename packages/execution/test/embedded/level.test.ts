import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { defineBuckets, type KeyValueStore, LevelStore, MemoryStore } from "@aitbc-hybrid/storage";
import { defaultEmbeddedOptions, EmbeddedEngine, type LedgerDatabase } from "../../src/embedded/index.ts";
import { defaultPendingOptions } from "../../src/ledger/index.ts";
import { defaultSenderPoolOptions, SenderPool } from "../../src/senders/index.ts";
import { blockHash, fixedAddress, parameters, wallet } from "../support/wallet.ts";

const buckets = defineBuckets({ ledger: 1 });
const alice = wallet(1);
const genesis = { hash: blockHash("genesis"), stamp: 0 };

/** A bucket of a store as the ledger's database, every batch durable. */
function databaseOf(store: KeyValueStore<"ledger">): LedgerDatabase {
  const bucket = store.bucket("ledger");
  return {
    get: (key) => bucket.get(key),
    batch: (changes) =>
      store.batch(
        changes.map((change) => ({
          bucket: "ledger",
          key: change.key,
          value: change.type === "put" ? change.value : null,
        })),
        { sync: true },
      ),
    iterate: (range) => bucket.iterate(range),
  };
}

function open(store: KeyValueStore<"ledger">): Promise<EmbeddedEngine> {
  const allocation = new Map([[alice.address, 10n ** 24n]]);
  return EmbeddedEngine.open(
    { ...defaultEmbeddedOptions, parameters, allocation, genesis, pending: defaultPendingOptions },
    { database: databaseOf(store), senders: new SenderPool({ ...defaultSenderPoolOptions, workers: 0 }) },
  );
}

/** Three final blocks of 50 transfers to new accounts each. */
async function grow(engine: EmbeddedEngine): Promise<void> {
  for (let height = engine.finalized.height + 1, end = height + 3; height < end; height++) {
    const transactions = Array.from({ length: 50 }, (_, i) => {
      const nonce = 50 * (height - 1) + i;
      return alice.sign({ nonce, to: fixedAddress(1_000 + nonce), value: 5n });
    });
    const context = {
      hash: blockHash(`${height}`),
      height,
      stamp: 500 * height,
      feeRecipient: fixedAddress(7),
      valueFrom: null,
    };
    await engine.execute(engine.finalized.hash, context, transactions);
    await engine.finalize(context.hash);
  }
}

describe("the embedded ledger in the package's stores", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ledger-"));
  });
  after(() => rm(directory, { recursive: true }));

  it("is on disk what it is in memory, and the same after it was opened again", async () => {
    const inMemory = await open(new MemoryStore({ buckets }));
    await grow(inMemory);
    await grow(inMemory);

    let store = await LevelStore.open({ directory, buckets });
    let engine = await open(store);
    await grow(engine);
    await engine.close();
    await store.close();
    store = await LevelStore.open({ directory, buckets });
    engine = await open(store);
    assert.equal(engine.finalized.height, 3);
    await grow(engine);
    assert.deepEqual(await engine.block({ height: 6 }), await inMemory.block({ height: 6 }));
    assert.deepEqual(await engine.receiptsOf(2), await inMemory.receiptsOf(2));
    assert.equal((await engine.receiptsOf(2))?.length, 50);
    await engine.close();
    await store.close();
  });
});
