import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { emptyTrieRoot, fromHex, MerkleTrie, toHex } from "../../src/ledger/index.ts";
import { keccak256 } from "../../src/ledger/keccak.ts";
import { type RlpItem, rlpDecode } from "../../src/ledger/rlp.ts";
import { referenceRoot } from "./reference-trie.ts";

function empty(): MerkleTrie<Uint8Array> {
  return new MerkleTrie((value, target, offset) => {
    target.set(value, offset);
    return value.length;
  });
}

function text(value: string): Uint8Array {
  return value.startsWith("0x") ? fromHex(value) : new TextEncoder().encode(value);
}

function secure(entries: readonly (readonly [string, string])[]): MerkleTrie<Uint8Array> {
  return empty().with(entries.map(([key, value]) => [keccak256(text(key)), text(value)]));
}

describe("the trie", () => {
  it("has Ethereum's root without entries", () => {
    assert.equal(
      toHex(empty().rootHash()),
      "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    );
    assert.equal(toHex(emptyTrieRoot), toHex(empty().rootHash()));
  });

  it("has Ethereum's root for accounts", () => {
    // github.com/ethereum/tests, TrieTests/hex_encoded_securetrie_test.json, test1
    const entries = [
      [
        "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b",
        "0xf848018405f446a7a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
      ],
      [
        "0x095e7baea6a6c7c4c2dfeb977efac326af552d87",
        "0xf8440101a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a004bccc5d94f4d1f99aab44369a910179931772f2a5c001c3229f57831c102769",
      ],
      [
        "0xd2571607e241ecf590ed94b12d87c94babe36db6",
        "0xf8440180a0ba4b47865c55a341a4a78759bb913cd15c3ee8eaf30a62fa8d1c8863113d84e8a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
      ],
      [
        "0x62c01474f089b07dae603491675dc5b5748f7049",
        "0xf8448080a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
      ],
      [
        "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba",
        "0xf8478083019a59a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
      ],
    ] as const;
    const root = "0x730a444e08ab4b8dee147c9b232fc52d34a223d600031c1e9d25bfc985cbd797";
    assert.equal(toHex(secure(entries).rootHash()), root);
    assert.equal(toHex(secure(entries.toReversed()).rootHash()), root);
  });

  it("has Ethereum's root for short values", () => {
    // What is left after the deletions of github.com/ethereum/tests TrieTests/trietest.json emptyValues, in a secure trie:
    // the root that go-ethereum's TestSecureDelete expects.
    const entries = [
      ["do", "verb"],
      ["horse", "stallion"],
      ["doge", "coin"],
      ["dog", "puppy"],
    ] as const;
    const root = "0x29b235a58c3c25ab83010c327d5932bcf05324b7d6b1185e650798034783ca9d";
    assert.equal(toHex(secure(entries).rootHash()), root);
  });

  // Keys from few patterns collide on long prefixes and meet every split; values of 40 bytes keep nodes from being embedded.
  const key = fc
    .tuple(fc.constantFrom(0x00, 0x01, 0x10, 0xab), fc.nat(31), fc.constantFrom(0x00, 0x0f, 0xf0, 0x5a))
    .map(([base, at, change]) => new Uint8Array(32).fill(base).with(at, change));
  const entry = fc.tuple(fc.oneof(key, fc.uint8Array({ minLength: 32, maxLength: 32 })), fc.nat(255));

  it("gives after any history of updates the root that the definition gives for the outcome", () => {
    fc.assert(
      fc.property(fc.array(fc.array(entry, { maxLength: 8 }), { maxLength: 8 }), (rounds) => {
        let trie = empty();
        const outcome = new Map<string, readonly [Uint8Array, Uint8Array]>();
        for (const round of rounds) {
          const entries = round.map(([at, fill]) => [at, new Uint8Array(40).fill(fill)] as const);
          trie = trie.with(entries);
          for (const [at, value] of entries) outcome.set(toHex(at), [at, value]);
          assert.equal(toHex(trie.rootHash()), referenceRoot([...outcome.values()]));
        }
        for (const [at, value] of outcome.values()) assert.deepEqual(trie.get(at), value);
        assert.equal([...trie.values()].length, outcome.size);
      }),
      { numRuns: 300 },
    );
  });

  it("leaves the trie that an update started from as it was, whether it was hashed before or not", () => {
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 10 }),
        fc.array(entry, { maxLength: 10 }),
        fc.array(entry, { maxLength: 10 }),
        fc.boolean(),
        (first, left, right, hashed) => {
          const entriesOf = (list: typeof first) =>
            list.map(([at, fill]) => [at, new Uint8Array(40).fill(fill)] as const);
          const rootOf = (...lists: (typeof first)[]) => {
            const outcome = new Map(lists.flatMap(entriesOf).map((pair) => [toHex(pair[0]), pair] as const));
            return referenceRoot([...outcome.values()]);
          };
          const parent = empty().with(entriesOf(first));
          if (hashed) parent.rootHash();
          const children = [left, right].map((list) => parent.with(entriesOf(list)));
          assert.equal(toHex(children[0]!.rootHash()), rootOf(first, left));
          assert.equal(toHex(children[1]!.rootHash()), rootOf(first, right));
          assert.equal(toHex(parent.rootHash()), rootOf(first));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("proves values and absences by nodes that hash to the root", () => {
    const entries = Array.from(
      { length: 200 },
      (_, i) => [`account ${i}`, `value ${i} ${"-".repeat(40)}`] as const,
    );
    const trie = secure(entries);
    for (const [name, value] of entries) {
      assert.deepEqual(
        verify(trie.rootHash(), keccak256(text(name)), trie.prove(keccak256(text(name)))),
        text(value),
      );
    }
    const nobody = keccak256(text("nobody"));
    assert.equal(verify(trie.rootHash(), nobody, trie.prove(nobody)), undefined);
    assert.equal(trie.get(nobody), undefined);
  });
});

/** Follows a proof from the root as any Ethereum client does: the value, or undefined where the path ends. */
function verify(root: Uint8Array, key: Uint8Array, proof: readonly Uint8Array[]): Uint8Array | undefined {
  let nibbles = [...key].flatMap((byte) => [byte >> 4, byte & 15]);
  let expected: RlpItem = root;
  for (const encoded of proof) {
    assert.deepEqual(keccak256(encoded), expected);
    const node = rlpDecode(encoded) as readonly RlpItem[];
    if (node.length === 17) {
      expected = node[nibbles.shift()!]!;
      continue;
    }
    const prefixed = [...(node[0] as Uint8Array)].flatMap((byte) => [byte >> 4, byte & 15]);
    const path = prefixed.slice(prefixed[0]! % 2 === 1 ? 1 : 2);
    if (path.some((nibble, i) => nibbles[i] !== nibble)) return undefined;
    nibbles = nibbles.slice(path.length);
    if (prefixed[0]! >= 2) return node[1] as Uint8Array;
    expected = node[1]!;
  }
  assert.deepEqual(expected, new Uint8Array(0), "the path ends in an empty child");
  return undefined;
}
