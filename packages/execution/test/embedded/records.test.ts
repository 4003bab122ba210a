import assert from "node:assert/strict";
import { test } from "node:test";
import { type BlockSummary, decodeSummary, encodeSummary } from "../../src/index.ts";

const summary: BlockSummary = {
  hash: `0x${"01".repeat(32)}`,
  parentHash: `0x${"02".repeat(32)}`,
  stateRoot: `0x${"03".repeat(32)}`,
  receiptsRoot: `0x${"04".repeat(32)}`,
  feeRecipient: `0x${"05".repeat(20)}`,
  height: 6,
  stamp: 7,
  gasUsed: 0,
  gasTarget: 9,
  bytesUsed: 10,
  executed: 11,
  skipped: 12,
  baseFee: 13n,
  burnt: 14n,
};

test("a block's summary is read as it was written", () => {
  assert.deepEqual(decodeSummary(encodeSummary(summary)), summary);
});

test("numbers that would be written otherwise than they were read are refused", () => {
  for (const offset of [148, 156, 164, 172, 180]) {
    const bytes = encodeSummary(summary);
    bytes.fill(255, offset, offset + 8);
    assert.throws(() => decodeSummary(bytes), { code: "CORRUPT_STATE" });
    bytes.set([0, 32, 0, 0, 0, 0, 0, 0], offset);
    assert.throws(() => decodeSummary(bytes), { code: "CORRUPT_STATE" });
    bytes.set([0, 31, 255, 255, 255, 255, 255, 255], offset);
    assert.doesNotThrow(() => decodeSummary(bytes));
  }
});
