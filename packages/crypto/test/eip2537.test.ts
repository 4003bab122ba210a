import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { compressKey, keyWords, signatureFrom, signatureWords } from "../src/index.ts";
import { nativeBls } from "../src/native/index.ts";
import { root, secret } from "./support/fixtures.ts";

const digits = (words: object): string =>
  Object.values(words)
    .map((word: string) => word.slice(2))
    .join("");
const padded = (...coordinates: bigint[]): string =>
  coordinates.map((value) => value.toString(16).padStart(128, "0")).join("");

// Twenty keys: both signs of y occur.
const keys = Array.from({ length: 20 }, (_, i) => nativeBls.parseKey(nativeBls.publicKey(secret(i + 1))));

describe("points as the contracts take them (EIP-2537)", () => {
  it("keys: x and y in 64 bytes each", () => {
    for (const key of keys) {
      const { x, y } = bls12_381.G1.Point.fromBytes(key.bytes).toAffine();
      assert.equal(digits(keyWords(key.uncompressed)), padded(x, y));
    }
  });

  it("keys compress as the libraries do", () => {
    for (const key of keys) assert.deepEqual(compressKey(key.uncompressed), key.bytes);
    assert.deepEqual(new Set(keys.map((key) => key.bytes[0]! & 0xe0)), new Set([0x80, 0xa0]));
  });

  it("signatures: c0 before c1", () => {
    const signature = nativeBls.sign(secret(1), root(7));
    const { x, y } = bls12_381.G2.Point.fromBytes(signature).toAffine();
    assert.equal(digits(signatureWords(signature)), padded(x.c0, x.c1, y.c0, y.c1));
  });

  it("signatures come back compressed as they were", () => {
    // Both signs of y occur.
    for (let i = 1; i <= 20; i++) {
      const signature = nativeBls.sign(secret(i), root(7));
      assert.deepEqual(signatureFrom(signatureWords(signature)), signature);
    }
  });

  it("refuse other lengths and what is no point", () => {
    for (const length of [48, 95, 97]) {
      assert.throws(() => keyWords(new Uint8Array(length)), { code: "KEY_INVALID" });
      assert.throws(() => compressKey(new Uint8Array(length)), { code: "KEY_INVALID" });
    }
    assert.throws(() => signatureWords(new Uint8Array(96)), { code: "SIGNATURE_INVALID" });
    const words = signatureWords(nativeBls.sign(secret(1), root(7)));
    assert.throws(() => signatureFrom({ ...words, y1Low: words.y0Low }), { code: "SIGNATURE_INVALID" });
  });
});
