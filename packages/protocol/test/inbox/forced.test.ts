import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  batchDigest,
  dueUntil,
  FORCED_LIMITS,
  forcedDigest,
  forcedEntries,
  hashBytes,
  type InboxEntry,
} from "../../src/index.ts";

const entryOf = (size: number, at: number): InboxEntry => ({
  transactionHash: hashBytes(new Uint8Array([at & 255, at >> 8])),
  size,
});
const arbEntries = fc
  .array(fc.integer({ min: 1, max: 32_768 }), { maxLength: 40 })
  .map((sizes) => sizes.map(entryOf));
const bytesOf = (entries: readonly InboxEntry[]): number => entries.reduce((sum, { size }) => sum + size, 0);

describe("forced entries", () => {
  test("a block takes the oldest, up to its quota, and not one less", () => {
    fc.assert(
      fc.property(arbEntries, fc.integer({ min: 1, max: 200_000 }), (due, quota) => {
        const taken = forcedEntries(due, quota);
        assert.deepEqual(taken, due.slice(0, taken.length), "oldest first");
        assert.ok(taken.length <= 1 || bytesOf(taken) <= quota);
        const next = due[taken.length];
        if (next !== undefined) assert.ok(taken.length > 0 && bytesOf(taken) + next.size > quota);
      }),
    );
  });

  test("what fills the quota to the byte is taken whole", () => {
    const due = [40, 60, 1].map(entryOf);
    assert.equal(forcedEntries(due, 100).length, 2);
    assert.equal(forcedEntries(due, 99).length, 1);
    assert.equal(forcedEntries(due, 39).length, 1);
  });

  test("blocks one after another take each entry once, whatever their quotas are", () => {
    fc.assert(
      fc.property(
        arbEntries,
        fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1 }),
        (due, quotas) => {
          const seen: InboxEntry[] = [];
          for (let at = 0; seen.length < due.length; at++) {
            const before = seen.length;
            seen.push(...forcedEntries(due.slice(before), quotas[at % quotas.length]!));
            assert.ok(seen.length > before, "some progress in every block");
          }
          assert.deepEqual(seen, due);
        },
      ),
    );
  });

  test("never more than one batch may hold; nothing where the quota is 0", () => {
    const many = Array.from({ length: FORCED_LIMITS.entries + 5 }, (_, at) => entryOf(1, at));
    assert.equal(forcedEntries(many, 1_000_000).length, FORCED_LIMITS.entries);
    const large = Array.from({ length: 20 }, (_, at) => entryOf(32_768, at));
    assert.equal(forcedEntries(large, 1_048_576).length, Math.floor(FORCED_LIMITS.bytes / 32_768));
    assert.deepEqual(forcedEntries(large, 0), []);
    assert.deepEqual(forcedEntries([], 65_536), []);
  });

  test("an entry is due when it is as old as `forceAfter`, in whole seconds", () => {
    assert.equal(dueUntil(7_000_000, 3_600_000), 3_400);
    assert.equal(dueUntil(7_000_000, 1_500), 6_998);
    assert.equal(dueUntil(1_000, 1_000), 0);
    assert.equal(dueUntil(1_000, 1_001), -1);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat({ max: 2_000_000 }), (stamp, after, queuedAt) => {
        const isDue = queuedAt * 1_000 + after <= stamp * 1_000;
        assert.equal(queuedAt <= dueUntil(stamp * 1_000, after), isDue);
      }),
    );
  });

  test("they form a batch of nobody's, numbered by its first entry", () => {
    const entries = [entryOf(100, 1), entryOf(50, 2)];
    const transactions = entries.map(({ transactionHash }) => transactionHash);
    const expected = batchDigest(7, { author: 0, sequence: 9, bytes: 150, transactions });
    assert.equal(forcedDigest(7, 9, entries), expected);
    assert.notEqual(forcedDigest(7, 10, entries), expected);
    assert.notEqual(forcedDigest(8, 9, entries), expected);
  });
});
