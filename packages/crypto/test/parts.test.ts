import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toBitmap } from "@aitbc-hybrid/protocol";
import fc from "fast-check";
import { nativeBls } from "../src/native/index.ts";
import { type Part, validParts } from "../src/parts.ts";

const ROOT = new Uint8Array(32).fill(5);
const SEATS = 24;
const secrets = Array.from({ length: SEATS }, (_, i) => {
  const secret = new Uint8Array(32);
  secret[31] = i + 1;
  return secret;
});
const table = nativeBls.keyTable(
  secrets.map((secret) => nativeBls.parseKey(nativeBls.publicKey(secret)).uncompressed),
  { trusted: true },
);
const signed = secrets.map((secret) => nativeBls.sign(secret, ROOT));

/** The part of some seats, as signed by others. */
const part = (seats: readonly number[], signers: readonly number[] = seats): Part => ({
  bitmap: toBitmap(seats, SEATS),
  signature: nativeBls.aggregateSignatures(signers.map((seat) => signed[seat]!)),
});
const eighths = Array.from({ length: 8 }, (_, i) => [3 * i, 3 * i + 1, 3 * i + 2]);

describe("aggregates of disjoint seats", () => {
  test("are verified as one, and their sum is the signature of all", () => {
    const { valid, aggregate } = validParts(
      nativeBls,
      table,
      ROOT,
      eighths.map((seats) => part(seats)),
    );
    assert.deepEqual(valid, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.ok(nativeBls.aggregateVerify(table, eighths.flat(), ROOT, aggregate!));
  });

  test("are told apart by bisection when some are false, whichever", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(7), { maxLength: 8 }), (bad) => {
        const parts = eighths.map((seats, i) => part(seats, bad.includes(i) ? seats.slice(1) : seats));
        const good = [0, 1, 2, 3, 4, 5, 6, 7].filter((i) => !bad.includes(i));
        const { valid, aggregate } = validParts(nativeBls, table, ROOT, parts);
        assert.deepEqual(valid, good);
        if (good.length === 0) assert.equal(aggregate, null);
        else {
          const seats = good.flatMap((i) => eighths[i]!);
          assert.ok(nativeBls.aggregateVerify(table, seats, ROOT, aggregate!));
        }
      }),
      { numRuns: 12 },
    );
  });

  test("cost about 2·log2(n) pairings for one false among n", () => {
    let pairings = 0;
    const counting = {
      ...nativeBls,
      aggregateVerify: (...given: Parameters<typeof nativeBls.aggregateVerify>) => {
        pairings++;
        return nativeBls.aggregateVerify(...given);
      },
    };
    validParts(
      counting,
      table,
      ROOT,
      eighths.map((seats, i) => part(seats, i === 5 ? [0] : seats)),
    );
    assert.ok(pairings <= 1 + 2 * 3, `${pairings}`);
  });

  test("that are false alone and true together count: their sum is what counts", () => {
    const swapped = [part([0], [1]), part([1], [0])];
    const { valid, aggregate } = validParts(nativeBls, table, ROOT, swapped);
    assert.deepEqual(valid, [0, 1]);
    assert.ok(nativeBls.aggregateVerify(table, [0, 1], ROOT, aggregate!));
  });
});

test("a seat counts in one part only, and one that nobody holds in none", () => {
  const parts = [part([0, 1]), part([1, 2]), part([3])];
  assert.deepEqual(validParts(nativeBls, table, ROOT, parts).valid, [0, 2]);
  const stranger = { ...part([3]), bitmap: toBitmap([SEATS + 3], SEATS + 8) };
  assert.deepEqual(validParts(nativeBls, table, ROOT, [part([4]), stranger]).valid, [0]);
});

test("bytes that are no signature are a false part", () => {
  const parts = [part([0]), { bitmap: toBitmap([1], SEATS), signature: new Uint8Array(96).fill(255) }];
  assert.deepEqual(validParts(nativeBls, table, ROOT, parts).valid, [0]);
  assert.deepEqual(validParts(nativeBls, table, ROOT, []), { valid: [], aggregate: null });
});
