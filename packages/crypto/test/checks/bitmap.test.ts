import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toBitmap } from "@aitbc-hybrid/protocol";
import fc from "fast-check";
import { bitmapSeats } from "../../src/index.ts";

describe("signer bitmaps", () => {
  it("keep seat i at byte i >> 3, bit i & 7", () => {
    assert.deepEqual(toBitmap([0, 9, 10], 11), Uint8Array.of(0x01, 0x06));
    assert.deepEqual(bitmapSeats(Uint8Array.of(0x01, 0x06), 11), [0, 9, 10]);
  });

  it("give back any set of seats", () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 1024 })
          .chain((size) => fc.tuple(fc.constant(size), fc.uniqueArray(fc.nat(size - 1)))),
        ([size, seats]) => {
          const sorted = seats.toSorted((a, b) => a - b);
          assert.deepEqual(bitmapSeats(toBitmap(seats, size), size), sorted);
        },
      ),
    );
  });

  it("have one length and no bit beyond the last seat", () => {
    assert.equal(bitmapSeats(Uint8Array.of(1), 9), null);
    assert.equal(bitmapSeats(Uint8Array.of(1, 0, 0), 9), null);
    assert.equal(bitmapSeats(Uint8Array.of(1, 2), 9), null);
    assert.deepEqual(bitmapSeats(Uint8Array.of(1, 1), 9), [0, 8]);
    assert.deepEqual(bitmapSeats(new Uint8Array(), 0), []);
  });
});
