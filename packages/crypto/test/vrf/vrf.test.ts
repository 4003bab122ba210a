import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { vrfOutput } from "@aitbc-hybrid/protocol";
import { concat, keccak256, toHex } from "viem";
import { pureBls, vrfMessage, vrfProve, vrfVerify } from "../../src/index.ts";
import { nativeBls } from "../../src/native/index.ts";
import { root, secret } from "../support/fixtures.ts";

const input = { domain: toHex(root(0xd0)), seed: toHex(root(0x5e)), term: 258 };

describe("VRF (protocol.md section 5)", () => {
  it("signs H(07 | D | seed | term u64) and outputs H(0a | signature)", () => {
    const message = keccak256(concat(["0x07", input.domain, input.seed, "0x0000000000000102"]));
    assert.equal(toHex(vrfMessage(input)), message);
    const proof = vrfProve(nativeBls, secret(1), input);
    assert.deepEqual(proof, pureBls.sign(secret(1), vrfMessage(input)));
    const output = vrfVerify(nativeBls, nativeBls.publicKey(secret(1)), input, proof);
    assert.equal(output, keccak256(concat(["0x0a", toHex(proof)])));
  });

  it("yields its output only for the key, the domain, the seed and the term", () => {
    const proof = vrfProve(nativeBls, secret(1), input);
    const key = nativeBls.publicKey(secret(1));
    const other = toHex(root(1));
    for (const bls of [nativeBls, pureBls]) {
      assert.equal(vrfVerify(bls, key, input, proof), vrfOutput(proof));
      assert.equal(vrfVerify(bls, key, input, bls.parseSignature(proof)), vrfOutput(proof));
      assert.equal(vrfVerify(bls, bls.publicKey(secret(2)), input, proof), null);
      assert.equal(vrfVerify(bls, key, { ...input, domain: other }, proof), null);
      assert.equal(vrfVerify(bls, key, { ...input, seed: other }, proof), null);
      assert.equal(vrfVerify(bls, key, { ...input, term: 259 }, proof), null);
      assert.equal(vrfVerify(bls, key, input, new Uint8Array(96)), null);
    }
  });
});
