import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { invalidEntries } from "../../src/batch.ts";
import type { Bls } from "../../src/bls.ts";
import type { CryptoErrorCode } from "../../src/errors.ts";
import { pureBls } from "../../src/index.ts";
import { type BlsFixture, fixture, hex, root, secret } from "./fixtures.ts";

const known = fixture<BlsFixture>("bls");
const code = (expected: CryptoErrorCode) => ({ name: "CryptoError", code: expected });

/** The behaviour that every implementation of Bls has; run once per implementation. */
export function conformance(bls: Bls): void {
  const keys = [1, 2, 3, 4, 5].map((n) => bls.publicKey(secret(n)));
  const signed = (n: number, byte = 7) => ({
    key: keys[n - 1]!,
    signature: bls.sign(secret(n), root(byte)),
  });
  const negated = (bytes: Uint8Array) => bytes.map((byte, index) => (index === 0 ? byte ^ 0x20 : byte));

  describe(`known answers (${bls.name})`, () => {
    for (const [index, { secret: sk, message, signature }] of known.sign.entries()) {
      it(`signs as in case ${index}`, () => {
        assert.deepEqual(bls.sign(hex(sk), hex(message)), hex(signature));
      });
    }
    for (const { name, key, message, signature, valid } of known.verify) {
      it(`verifies: ${name}, ${message.slice(2, 4)}`, () => {
        assert.equal(bls.verify(hex(key), hex(message), hex(signature)), valid);
      });
    }
    it("aggregates signatures", () => {
      for (const { signatures, aggregate } of known.aggregate) {
        assert.deepEqual(bls.aggregateSignatures(signatures.map(hex)), hex(aggregate));
      }
    });
    for (const { name, keys: list, message, signature, valid } of known.aggregateVerify) {
      it(`verifies aggregates: ${name}`, () => {
        const table = bls.keyTable(list.map(hex));
        assert.equal(bls.aggregateVerify(table, [...list.keys()], hex(message), hex(signature)), valid);
      });
    }
    for (const { name, bytes } of known.badKeys) {
      it(`refuses as a key: ${name}`, () => {
        assert.throws(() => bls.parseKey(hex(bytes)), code("KEY_INVALID"));
      });
    }
    for (const { name, bytes } of known.badSignatures) {
      it(`refuses as a signature: ${name}`, () => {
        assert.throws(() => bls.parseSignature(hex(bytes)), code("SIGNATURE_INVALID"));
      });
    }
    it("parses a correct signature and keeps its bytes", () => {
      assert.deepEqual(bls.parseSignature(hex(known.goodSignature)).bytes, hex(known.goodSignature));
    });
  });

  describe(`keys and signatures (${bls.name})`, () => {
    it("refuses secrets of zero, of the group order, and of the wrong length", () => {
      const order = hex("0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001");
      for (const bad of [new Uint8Array(32), order, new Uint8Array(31).fill(1), new Uint8Array(33).fill(1)]) {
        assert.throws(() => bls.publicKey(bad), code("SECRET_INVALID"));
        assert.throws(() => bls.sign(bad, root(1)), code("SECRET_INVALID"));
      }
    });
    it("takes only roots of 32 bytes", () => {
      const { key, signature } = signed(1);
      const short = new Uint8Array(31);
      assert.throws(() => bls.sign(secret(1), short), code("MESSAGE_LENGTH"));
      assert.throws(() => bls.verify(key, short, signature), code("MESSAGE_LENGTH"));
      assert.throws(() => bls.verifyMany(short, [{ key, signature }]), code("MESSAGE_LENGTH"));
      assert.throws(
        () => bls.aggregateVerify(bls.keyTable([key]), [0], short, signature),
        code("MESSAGE_LENGTH"),
      );
    });
    it("reads a key in both encodings and gives both back", () => {
      const key = bls.parseKey(keys[0]!);
      assert.deepEqual(key.bytes, keys[0]);
      assert.equal(key.uncompressed.length, 96);
      assert.deepEqual(bls.parseKey(key.uncompressed).bytes, keys[0]);
    });
    it("refuses an uncompressed key off the curve, out of the subgroup or at infinity", () => {
      const off = Uint8Array.from(bls.parseKey(keys[0]!).uncompressed);
      off[95]! ^= 1;
      const infinity = new Uint8Array(96);
      infinity[0] = 0x40;
      for (const bad of [off, infinity, new Uint8Array(96)]) {
        assert.throws(() => bls.parseKey(bad), code("KEY_INVALID"));
        assert.throws(() => bls.keyTable([bad], { trusted: true }), code("KEY_INVALID"));
      }
    });
    it("knows one encoding of a signature: the uncompressed one is refused", () => {
      assert.throws(() => bls.parseSignature(new Uint8Array(192).fill(1)), code("SIGNATURE_INVALID"));
      assert.equal(bls.verify(keys[0]!, root(7), new Uint8Array(192)), false);
    });
    it("verifies parsed and raw forms alike, also those parsed by the other implementation", () => {
      const { key, signature } = signed(1);
      const parsed = bls.parseSignature(signature);
      const foreign = pureBls.parseSignature(signature);
      for (const form of [signature, parsed, foreign]) {
        assert.equal(bls.verify(key, root(7), form), true);
        assert.equal(bls.verify(bls.parseKey(key), root(7), form), true);
        assert.equal(bls.verify(pureBls.parseKey(key), root(7), form), true);
        assert.equal(bls.verify(key, root(8), form), false);
        assert.equal(bls.verify(keys[1]!, root(7), form), false);
      }
    });
    it("does not alias the bytes it parsed", () => {
      const bytes = Uint8Array.from(signed(1).signature);
      const parsed = bls.parseSignature(bytes);
      bytes.fill(0);
      assert.equal(bls.verify(keys[0]!, root(7), parsed.bytes), true);
    });
  });

  describe(`aggregates (${bls.name})`, () => {
    const all = [1, 2, 3, 4, 5];
    const table = bls.keyTable([...keys.slice(0, 2), new Uint8Array(), ...keys.slice(2)]);
    const seatOf = (n: number) => (n <= 2 ? n - 1 : n);
    const aggregate = (signers: number[]) => bls.aggregateSignatures(signers.map((n) => signed(n).signature));

    it("accepts exactly the signers, for every subset, present or absent counted", () => {
      for (let bits = 1; bits < 32; bits++) {
        const signers = all.filter((n) => (bits >> (n - 1)) & 1);
        const seats = signers.map(seatOf);
        assert.deepEqual(
          table.aggregate(seats).bytes,
          bls.aggregatePublicKeys(signers.map((n) => keys[n - 1]!)).bytes,
        );
      }
      const signature = aggregate([1, 3, 4]);
      assert.equal(bls.aggregateVerify(table, [0, 3, 4], root(7), signature), true);
      assert.equal(bls.aggregateVerify(table, [4, 0, 3], root(7), signature), true);
      assert.equal(bls.aggregateVerify(table, [0, 3], root(7), signature), false);
      assert.equal(bls.aggregateVerify(table, [0, 1, 3, 4], root(7), signature), false);
      assert.equal(bls.aggregateVerify(table, [0, 3, 4], root(8), signature), false);
    });
    it("refuses nobody, vacant, unknown and doubled seats", () => {
      const signature = aggregate([1]);
      for (const seats of [[], [2], [0, 2], [6], [-1], [0.5], [0, 0]]) {
        assert.equal(bls.aggregateVerify(table, seats, root(7), signature), false);
        assert.throws(() => table.aggregate(seats), code("SEATS_INVALID"));
      }
      assert.equal(table.key(2), null);
      assert.equal(table.key(6), null);
      assert.deepEqual(table.key(3)?.bytes, keys[2]);
    });
    it("counts only a subset's seats, at the registry's indices", () => {
      const set = table.subset([0, 1, 5]);
      assert.equal(set.size, table.size);
      assert.equal(bls.aggregateVerify(set, [0, 1], root(7), aggregate([1, 2])), true);
      assert.equal(bls.aggregateVerify(set, [0, 1, 5], root(7), aggregate([1, 2, 5])), true);
      assert.equal(bls.aggregateVerify(set, [0, 3], root(7), aggregate([1, 3])), false);
      assert.throws(() => table.subset([2]), code("SEATS_INVALID"));
    });
    it("refuses keys that cancel out, whatever the signature", () => {
      const pair = bls.keyTable([keys[0]!, negated(keys[0]!)]);
      const infinity = Uint8Array.of(0xc0, ...new Uint8Array(95));
      assert.throws(() => pair.aggregate([0, 1]), code("KEY_INVALID"));
      assert.equal(bls.aggregateVerify(pair, [0, 1], root(7), infinity), false);
      assert.throws(() => bls.aggregatePublicKeys([keys[0]!, negated(keys[0]!)]), code("KEY_INVALID"));
    });
    it("refuses signatures that cancel out and empty lists", () => {
      const { signature } = signed(1);
      assert.throws(
        () => bls.aggregateSignatures([signature, negated(signature)]),
        code("SIGNATURE_INVALID"),
      );
      assert.throws(() => bls.aggregateSignatures([]), code("NOTHING_TO_AGGREGATE"));
      assert.throws(() => bls.aggregatePublicKeys([]), code("NOTHING_TO_AGGREGATE"));
    });
    it("names the seat of a bad key", () => {
      assert.throws(() => bls.keyTable([keys[0]!, new Uint8Array(48)]), {
        ...code("KEY_INVALID"),
        message: /seat 1/,
      });
    });
    it("reads trusted uncompressed keys to the same table", () => {
      const trusted = bls.keyTable(
        keys.map((key) => bls.parseKey(key).uncompressed),
        { trusted: true },
      );
      assert.deepEqual(
        trusted.aggregate([0, 1, 2, 3]).bytes,
        bls.aggregatePublicKeys(keys.slice(0, 4)).bytes,
      );
    });
  });

  describe(`batches over one message (${bls.name})`, () => {
    const good = [1, 2, 3, 4, 5].map((n) => signed(n));

    it("accepts all good ones, refuses none at all", () => {
      assert.equal(bls.verifyMany(root(7), good), true);
      assert.equal(bls.verifyMany(root(7), good.slice(0, 1)), true);
      assert.equal(bls.verifyMany(root(8), good), false);
      assert.equal(bls.verifyMany(root(7), []), false);
    });
    it("refuses errors that would cancel out in a plain sum", () => {
      // s1 + d and s2 - d: the sum is right, neither signature is.
      const delta = bls.sign(secret(9), root(7));
      const plus = bls.aggregateSignatures([good[0]!.signature, delta]);
      const minus = bls.aggregateSignatures([good[1]!.signature, negated(delta)]);
      const table = bls.keyTable(keys);
      const sum = bls.aggregateSignatures([plus, minus]);
      assert.equal(bls.aggregateVerify(table, [0, 1], root(7), sum), true);
      const forged = [
        { key: keys[0]!, signature: plus },
        { key: keys[1]!, signature: minus },
      ];
      assert.equal(bls.verifyMany(root(7), forged), false);
      assert.deepEqual(invalidEntries(bls, root(7), forged), [0, 1]);
    });
    it("names exactly the bad ones, malformed ones too", () => {
      const entries = [...good];
      entries[1] = { key: keys[1]!, signature: signed(2, 8).signature };
      entries[4] = { key: keys[4]!, signature: new Uint8Array(95) };
      assert.deepEqual(invalidEntries(bls, root(7), entries), [1, 4]);
      assert.deepEqual(invalidEntries(bls, root(7), good), []);
      assert.deepEqual(invalidEntries(bls, root(7), []), []);
    });
  });

  describe(`proofs of possession (${bls.name})`, () => {
    const proof = bls.provePossession(secret(1), root(7));

    it("hold for their key and message only", () => {
      assert.equal(bls.verifyPossession(keys[0]!, root(7), proof), true);
      assert.equal(bls.verifyPossession(keys[1]!, root(7), proof), false);
      assert.equal(bls.verifyPossession(keys[0]!, root(8), proof), false);
      assert.equal(bls.verifyPossession(keys[0]!, root(7), new Uint8Array(96)), false);
      assert.equal(bls.verifyPossession(new Uint8Array(48), root(7), proof), false);
    });
    it("are no signatures, nor signatures proofs", () => {
      assert.equal(bls.verify(keys[0]!, root(7), proof), false);
      assert.equal(bls.verifyPossession(keys[0]!, root(7), signed(1).signature), false);
    });
  });
}
