import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SecretKey } from "@chainsafe/blst";
import fc from "fast-check";
import { childSecret, secretAt, secretFromMaterial } from "../../src/index.ts";
import { mnemonicSeed } from "../../src/keystore/index.ts";
import { fixture, hex } from "../support/fixtures.ts";

interface Eip2333 {
  readonly cases: readonly { seed: string; master: string; index: number; child: string }[];
  readonly mnemonic: { words: string; passphrase: string; case: number };
}

const known = fixture<Eip2333>("eip2333");
const number = (secret: Uint8Array) => BigInt(`0x${Buffer.from(secret).toString("hex")}`);

describe("key derivation (EIP-2333)", () => {
  for (const [at, { seed, master, index, child }] of known.cases.entries()) {
    it(`derives as test case ${at}`, () => {
      assert.equal(number(secretFromMaterial(hex(seed))), BigInt(master));
      assert.equal(number(childSecret(secretFromMaterial(hex(seed)), index)), BigInt(child));
      assert.equal(number(secretAt(hex(seed), `m/${index}`)), BigInt(child));
    });
  }

  it("derives from a mnemonic", async () => {
    const { words, passphrase, case: at } = known.mnemonic;
    assert.deepEqual(await mnemonicSeed(words, passphrase), hex(known.cases[at]!.seed));
  });

  it("agrees with blst", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), fc.nat(0xffffffff), (seed, index) => {
        const master = SecretKey.deriveMasterEip2333(seed);
        assert.deepEqual(secretFromMaterial(seed), Uint8Array.from(master.toBytes()));
        const child = master.deriveChildEip2333(index).deriveChildEip2333(7);
        assert.deepEqual(secretAt(seed, `m/${index}/7`), Uint8Array.from(child.toBytes()));
      }),
      { numRuns: 10 },
    );
  });

  it("refuses short material, indices out of range, and what is no path", () => {
    const seed = new Uint8Array(32).fill(1);
    const invalid = { code: "DERIVATION_INVALID" };
    assert.throws(() => secretFromMaterial(new Uint8Array(31)), invalid);
    for (const index of [-1, 0.5, 2 ** 32]) assert.throws(() => childSecret(seed, index), invalid);
    for (const path of ["", "m/", "12381/3600", "m/0'", "m/x", "m/-1", "m/4294967296", "m/0 "]) {
      assert.throws(() => secretAt(seed, path), invalid);
    }
    assert.deepEqual(secretAt(seed, "m"), secretFromMaterial(seed));
  });
});
