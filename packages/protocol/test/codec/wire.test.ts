import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  decodeBlock,
  decodeMessage,
  decodeRecord,
  encodeBlock,
  encodeMessage,
  encodeRecord,
  hashOf,
  LIMITS,
  ProtocolError,
  Writer,
} from "../../src/index.ts";
import { arbBlock, arbMessage, arbRecord } from "../support/arbitraries.ts";

/** Decoding either gives a value or throws a ProtocolError DECODE_*: nothing else ever. */
function refusedOrDecoded<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | null {
  try {
    return decode(bytes);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `${error}`);
    assert.match(error.code, /^DECODE_/);
    return null;
  }
}

describe("messages on the wire", () => {
  test("every message survives encoding and decoding", () => {
    fc.assert(
      fc.property(arbMessage, (message) => {
        assert.deepEqual(decodeMessage(encodeMessage(message)), message);
      }),
    );
  });

  test("what is decoded shares no memory with the bytes it came from, even if their slices would", () => {
    fc.assert(
      fc.property(arbMessage, (message) => {
        const bytes = Buffer.from(encodeMessage(message));
        const decoded = decodeMessage(bytes);
        bytes.fill(0xa5);
        assert.deepEqual(decoded, message);
      }),
    );
  });

  test("every durable record survives encoding and decoding", () => {
    fc.assert(
      fc.property(arbRecord, (record) => {
        assert.deepEqual(decodeRecord(encodeRecord(record)), record);
      }),
    );
  });

  test("a block keeps its hash", () => {
    fc.assert(
      fc.property(arbBlock, (block) => {
        assert.equal(hashOf(decodeBlock(encodeBlock(block))), hashOf(block));
      }),
    );
  });

  test("encodings are canonical: bytes that decode are the bytes of what they decode to", () => {
    fc.assert(
      fc.property(arbMessage, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, at, flip) => {
        const bytes = encodeMessage(message);
        bytes[at % bytes.length]! ^= flip;
        const decoded = refusedOrDecoded(decodeMessage, bytes);
        if (decoded !== null) assert.deepEqual(encodeMessage(decoded), bytes);
      }),
      { numRuns: 500 },
    );
  });

  test("truncated bytes are refused, at every length", () => {
    fc.assert(
      fc.property(arbMessage, fc.nat(), (message, cut) => {
        const bytes = encodeMessage(message);
        assert.equal(refusedOrDecoded(decodeMessage, bytes.subarray(0, cut % bytes.length)), null);
      }),
    );
  });

  test("trailing bytes are refused", () => {
    fc.assert(
      fc.property(arbMessage, fc.uint8Array({ minLength: 1, maxLength: 8 }), (message, tail) => {
        const bytes = encodeMessage(message);
        assert.equal(refusedOrDecoded(decodeMessage, new Uint8Array([...bytes, ...tail])), null);
      }),
    );
  });

  test("random bytes never crash a decoder", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        refusedOrDecoded(decodeMessage, bytes);
        refusedOrDecoded(decodeBlock, bytes);
        refusedOrDecoded(decodeRecord, bytes);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a list beyond its bound is refused before anything is read", () => {
    const bytes = new Writer()
      .u8(8)
      .u16(LIMITS.blocksPerMessage + 1)
      .done();
    assert.throws(() => decodeMessage(bytes), { code: "DECODE_BOUNDS" });
  });

  test("an integer beyond the safe ones is refused", () => {
    const bytes = new Writer()
      .u8(7)
      .u8(2)
      .u64Big(1n << 53n)
      .u16(1)
      .done();
    assert.throws(() => decodeMessage(bytes), { code: "DECODE_BOUNDS", field: "from" });
  });
});
