import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fromBigint, fromHex, toHex } from "../../src/ledger/bytes.ts";
import { RlpError, type RlpItem, rlpDecode, rlpEncode } from "../../src/ledger/rlp.ts";

// From github.com/ethereum/tests, RLPTests/rlptest.json.
const valid: readonly [string, RlpItem, string][] = [
  ["emptystring", text(""), "0x80"],
  ["bytestring00", text("\u0000"), "0x00"],
  ["bytestring7F", text("\u007f"), "0x7f"],
  ["shortstring", text("dog"), "0x83646f67"],
  [
    "shortstring2",
    text("Lorem ipsum dolor sit amet, consectetur adipisicing eli"),
    "0xb74c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720656c69",
  ],
  [
    "longstring",
    text("Lorem ipsum dolor sit amet, consectetur adipisicing elit"),
    "0xb8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720656c6974",
  ],
  ["mediumint2", fromBigint(1000n), "0x8203e8"],
  [
    "mediumint5",
    fromBigint(105315505618206987246253880190783558935785933862974822347068935681n),
    "0x9c0100020003000400050006000700080009000a000b000c000d000e01",
  ],
  [
    "bigint",
    fromBigint(1n << 256n),
    "0xa1010000000000000000000000000000000000000000000000000000000000000000",
  ],
  ["emptylist", [], "0xc0"],
  ["stringlist", [text("dog"), text("god"), text("cat")], "0xcc83646f6783676f6483636174"],
  ["multilist", [text("zw"), [Uint8Array.of(4)], Uint8Array.of(1)], "0xc6827a77c10401"],
  ["listsoflists2", [[], [[]], [[], [[]]]], "0xc7c0c1c0c3c0c1c0"],
  [
    "dictTest1",
    [1, 2, 3, 4].map((n) => [text(`key${n}`), text(`val${n}`)]),
    "0xecca846b6579318476616c31ca846b6579328476616c32ca846b6579338476616c33ca846b6579348476616c34",
  ],
];

// From github.com/ethereum/tests, RLPTests/invalidRLPTest.json.
const invalid: readonly [string, string][] = [
  ["int32Overflow", "0xbf0f000000000000021111"],
  ["int32Overflow2", "0xff0f000000000000021111"],
  ["wrongSizeList", "0xf80180"],
  ["wrongSizeList2", "0xf80100"],
  ["incorrectLengthInArray", "0xb9002100dc2b275d0f74e8a53e6f4ec61b27f24278820be3f82ea2110e582081b0565df0"],
  ["bytesShouldBeSingleByte00", "0x8100"],
  ["bytesShouldBeSingleByte01", "0x8101"],
  ["bytesShouldBeSingleByte7F", "0x817F"],
  ["leadingZerosInLongLengthArray2", "0xb800"],
  ["leadingZerosInLongLengthList2", "0xf800"],
  ["nonOptimalLongLengthArray1", "0xb81000112233445566778899aabbccddeeff"],
  ["nonOptimalLongLengthArray2", "0xb801ff"],
  ["nonOptimalLongLengthList1", "0xf810000102030405060708090a0b0c0d0e0f"],
  ["nonOptimalLongLengthList2", "0xf803112233"],
];

describe("RLP", () => {
  for (const [name, item, encoded] of valid) {
    it(`encodes and decodes Ethereum's ${name}`, () => {
      assert.equal(toHex(rlpEncode(item)), encoded);
      assert.deepEqual(plain(rlpDecode(fromHex(encoded))), plain(item));
    });
  }

  for (const [name, encoded] of invalid) {
    it(`refuses Ethereum's ${name}`, () => {
      assert.throws(() => rlpDecode(fromHex(encoded)), RlpError);
    });
  }

  it("has one encoding for every item", () => {
    const item = fc.letrec<{ item: RlpItem }>((tie) => ({
      item: fc.oneof(
        { depthSize: "small" },
        fc.uint8Array({ maxLength: 80 }),
        fc.array(tie("item"), { maxLength: 6 }),
      ),
    })).item;
    fc.assert(
      fc.property(item, (value) => assert.deepEqual(plain(rlpDecode(rlpEncode(value))), plain(value))),
    );
  });

  it("accepts only bytes that encoding what they mean gives back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          assert.deepEqual(rlpEncode(rlpDecode(bytes)), bytes);
        } catch (error) {
          assert.ok(error instanceof RlpError, String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("refuses nesting that would exhaust the stack", () => {
    let item: RlpItem = [];
    for (let i = 0; i < 40; i++) item = [item];
    assert.throws(() => rlpDecode(rlpEncode(item)), RlpError);
  });
});

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function plain(item: RlpItem): unknown {
  return item instanceof Uint8Array ? toHex(item) : item.map(plain);
}
