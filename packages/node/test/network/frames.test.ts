import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameReader, framed } from "../../src/network/index.ts";

const frames = [
  Uint8Array.of(1),
  new Uint8Array(300).fill(7),
  Uint8Array.of(2, 3),
  new Uint8Array(70_000).fill(9),
];
const stream = Buffer.concat(frames.map(framed));

for (const size of [1, 2, 3, 5, 299, 4096, stream.length]) {
  test(`frames survive a stream cut into pieces of ${size}`, () => {
    const reader = new FrameReader(100_000);
    const seen: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) {
      reader.push(stream.subarray(at, at + size), (frame) => seen.push(frame));
    }
    assert.deepEqual(
      seen.map((frame) => Buffer.from(frame)),
      frames.map((frame) => Buffer.from(frame)),
    );
  });
}

test("a chunk may be a list of pieces", () => {
  const reader = new FrameReader(10);
  const seen: Uint8Array[] = [];
  const bytes = framed(Uint8Array.of(4, 5, 6));
  reader.push([bytes.subarray(0, 2), bytes.subarray(2, 5), bytes.subarray(5)], (frame) => seen.push(frame));
  assert.deepEqual(Buffer.from(seen[0]!), Buffer.of(4, 5, 6));
});

test("empty and oversized frames end the stream before memory is taken", () => {
  assert.throws(() => new FrameReader(10).push(Uint8Array.of(0, 0, 0, 0), () => {}), {
    code: "FRAME_INVALID",
  });
  assert.throws(() => new FrameReader(10).push(Uint8Array.of(0, 0, 0, 11), () => {}), {
    code: "FRAME_INVALID",
  });
  assert.throws(() => new FrameReader(10).push(Uint8Array.of(255, 255, 255, 255), () => {}), {
    code: "FRAME_INVALID",
  });
});
