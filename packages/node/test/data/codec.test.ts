import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BATCH_LIMITS,
  decodeData,
  digestFrames,
  LARGEST_DATA_FRAME,
  sealBatch,
} from "../../src/data/index.ts";

const batch = { author: 3, sequence: 9, transactions: [Uint8Array.of(1, 2, 3), new Uint8Array(200).fill(7)] };

test("a batch travels and keeps its digest", () => {
  const sealed = sealBatch(31_999, batch);
  const message = decodeData(31_999, sealed.encoded);
  assert.equal(message.type, "batch");
  if (message.type !== "batch") return;
  assert.equal(message.batch.digest, sealed.digest);
  assert.equal(message.batch.bytes, 203);
  assert.deepEqual(
    message.batch.transactions.map((each) => Buffer.from(each)),
    batch.transactions.map((each) => Buffer.from(each)),
  );
});

test("chain, author, sequence and order are part of the digest", () => {
  const digests = [
    sealBatch(31_999, batch),
    sealBatch(32_000, batch),
    sealBatch(31_999, { ...batch, author: 4 }),
    sealBatch(31_999, { ...batch, sequence: 10 }),
    sealBatch(31_999, { ...batch, transactions: batch.transactions.toReversed() }),
  ].map((sealed) => sealed.digest);
  assert.equal(new Set(digests).size, digests.length);
});

test("a full batch fits the largest frame", () => {
  const size = BATCH_LIMITS.bytes / BATCH_LIMITS.transactions;
  const transactions = Array.from({ length: BATCH_LIMITS.transactions }, () =>
    new Uint8Array(Math.floor(size)).fill(1),
  );
  assert.ok(sealBatch(1, { ...batch, transactions }).encoded.length <= LARGEST_DATA_FRAME);
});

test("digests go out in frames of bounded size", () => {
  const digests = Array.from({ length: 600 }, (_, i) => `0x${i.toString(16).padStart(64, "0")}` as const);
  const frames = digestFrames("held", digests);
  assert.equal(frames.length, 3);
  const read = frames.flatMap((frame) => {
    const message = decodeData(1, frame);
    return message.type === "held" ? message.digests : [];
  });
  assert.deepEqual(read, digests);
});

test("what is cut off, too long, too large or unknown is refused", () => {
  const { encoded } = sealBatch(1, batch);
  assert.throws(() => decodeData(1, encoded.subarray(0, encoded.length - 1)), { code: "DECODE_TRUNCATED" });
  assert.throws(() => decodeData(1, Buffer.concat([encoded, Buffer.of(0)])), { code: "DECODE_TRAILING" });
  assert.throws(() => decodeData(1, Uint8Array.of(9)), { code: "FRAME_INVALID" });
  const large = sealBatch(1, { ...batch, transactions: [new Uint8Array(BATCH_LIMITS.bytes + 1)] });
  assert.throws(() => decodeData(1, large.encoded), { code: "BATCH_INVALID" });
});
