import assert from "node:assert/strict";
import { test } from "node:test";
import { type DurableRecord, type EpochStart, type Hash, ZERO_HASH } from "@aitbc-hybrid/protocol";
import { Journal } from "../../src/chain/index.ts";

const hash = (value: number): Hash => `0x${value.toString(16).padStart(64, "0")}`;

/** A log in memory of segments of one record each. */
class MemoryLog {
  readonly kept = new Map<number, Uint8Array>();
  #next = 0;
  async append(data: Uint8Array): Promise<number> {
    this.kept.set(this.#next, data);
    return this.#next++;
  }
  async *records(from = 0): AsyncGenerator<{ index: number; data: Uint8Array }, void, undefined> {
    for (const [index, data] of [...this.kept]) if (index >= from) yield { index, data };
  }
  async prune(below: number): Promise<void> {
    for (const index of [...this.kept.keys()]) if (index < below) this.kept.delete(index);
  }
}

const begins = (epoch: number, incarnation = 0): DurableRecord => ({
  type: "epoch",
  start: {
    epoch,
    incarnation,
    mode: "balanced",
    registry: hash(1),
    registryNext: hash(2),
    seed: hash(3),
    firstHeight: 10 * epoch + 1,
    parent: {
      hash: hash(4),
      height: 10 * epoch,
      stamp: 1,
      reference: { number: 0, hash: ZERO_HASH },
      settledAt: 1,
      inboxCursor: 0,
    },
    peaks: [],
    roots: [],
    previousCheckpoint: hash(5),
    previousCheckpointHeight: 0,
    boundary: null,
    backedStamp: 1,
    hybrid: { modeWanted: "balanced", resident: 1, capacity: 1, rate: 0, multiplier: 1_000_000 },
  } satisfies EpochStart,
});
const rewound = (height: number): DurableRecord => ({ type: "rewound", hash: hash(height), height });

/** Epochs 0 to 3 with a record each. */
async function filled() {
  const log = new MemoryLog();
  const journal = await Journal.open(log);
  for (const epoch of [0, 1, 2, 3]) {
    await journal.append(begins(epoch));
    await journal.append(rewound(epoch));
  }
  return { log, journal };
}

test("the replica begins from the last epoch, a recovery from any that is kept", async () => {
  const { log, journal } = await filled();
  for (const each of [journal, await Journal.open(log)]) {
    assert.deepEqual(await each.current(), [begins(3), rewound(3)]);
    assert.deepEqual(await each.ofEpoch(1, 0), [begins(1), rewound(1)]);
    assert.equal(await each.ofEpoch(1, 1), null);
    assert.equal(await each.ofEpoch(4, 0), null);
  }
  assert.deepEqual(await (await Journal.open(new MemoryLog())).current(), []);
});

test("an epoch begun anew by a recovery is told from the one before", async () => {
  const { log, journal } = await filled();
  await journal.append(begins(2, 1));
  for (const each of [journal, await Journal.open(log)]) {
    assert.deepEqual(await each.current(), [begins(2, 1)]);
    assert.deepEqual(await each.ofEpoch(2, 0), [begins(2), rewound(2)]);
    assert.deepEqual(await each.ofEpoch(2, 1), [begins(2, 1)]);
  }
});

test("what follows when the replica went back to an epoch continues that epoch's records", async () => {
  const { log, journal } = await filled();
  await journal.resumed(1, 0, 15);
  await journal.append(rewound(12));
  const records = [begins(1), rewound(1), rewound(12)];
  for (const each of [journal, await Journal.open(log)]) {
    assert.deepEqual(await each.current(), records);
    assert.deepEqual(await each.ofEpoch(1, 0), records);
    assert.deepEqual(await each.ofEpoch(2, 0), [begins(2), rewound(2)]);
    const types: string[] = [];
    for await (const entry of each.all()) types.push(entry.type);
    assert.deepEqual(types.slice(-2), ["resumed", "rewound"]);
  }
  // As long as the contracts may still go back there, both parts stay.
  await journal.stored(8);
  await journal.settled(1);
  assert.deepEqual(await journal.current(), records);
  await journal.append(begins(2, 1));
  assert.deepEqual(await (await Journal.open(log)).current(), [begins(2, 1)]);
});

test("an epoch is freed once it is stored elsewhere and the contracts are beyond it", async () => {
  const { log, journal } = await filled();
  await journal.stored(6);
  assert.equal(log.kept.size, 8, "the contracts may go back to epoch 0");
  await journal.settled(2);
  assert.deepEqual(await journal.ofEpoch(1, 0), null);
  assert.deepEqual(await journal.ofEpoch(2, 0), [begins(2), rewound(2)]);
  assert.equal(log.kept.size, 4);

  const { log: other, journal: behind } = await filled();
  await behind.settled(9);
  assert.equal(other.kept.size, 8, "nothing is stored elsewhere yet");
  await behind.stored(6);
  assert.deepEqual([...other.kept.keys()], [6, 7]);
  assert.deepEqual(await behind.current(), [begins(3), rewound(3)]);
});
