import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FRAME_HEADER, frameBytes, laterProof, readFrame, writeFrame } from "../../src/wal/frame.ts";

describe("frames", () => {
  const frame = fc.record(
    { index: fc.maxSafeNat(), durable: fc.maxSafeNat(), data: fc.uint8Array({ maxLength: 64 }) },
    { noNullPrototype: true },
  );

  it("read back at any offset", () => {
    fc.assert(
      fc.property(frame, fc.nat(40), (written, offset) => {
        const target = new Uint8Array(offset + frameBytes(written.data.length));
        assert.equal(writeFrame(target, offset, written), target.length);
        assert.deepEqual(readFrame(target, offset), written);
      }),
    );
  });

  it("do not read back with any bit changed or any byte missing", () => {
    fc.assert(
      fc.property(frame, fc.nat(), fc.nat(7), (written, at, bit) => {
        const target = new Uint8Array(frameBytes(written.data.length));
        writeFrame(target, 0, written);
        assert.equal(readFrame(target.subarray(0, at % target.length), 0), null);
        target[at % target.length]! ^= 1 << bit;
        assert.equal(readFrame(target, 0), null);
      }),
    );
  });

  it("are not found in zeros", () => {
    assert.equal(readFrame(new Uint8Array(100), 0), null);
    assert.equal(laterProof(new Uint8Array(100), 0, 0), false);
  });

  it("prove that a record was durable only if they say so", () => {
    const target = new Uint8Array(200);
    writeFrame(target, 37, { index: 9, durable: 5, data: new Uint8Array(3) });
    assert.equal(laterProof(target, 0, 4), true);
    assert.equal(laterProof(target, 0, 5), false);
    assert.equal(laterProof(target, 38, 4), false);
    target[37 + FRAME_HEADER]! ^= 1;
    assert.equal(laterProof(target, 0, 4), false);
  });
});
