import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concat, keccak256, toHex } from "viem";
import { pureBls, vrfMessage, vrfOutput, vrfProve, vrfVerify } from "../../src/index.ts";
import { nativeBls } from "../../src/native/index.ts";
import { root, secret } from "../support/fixtures.ts";

const input = { domain: root(0xd0), seed: root(0x5e), term: 258 };

describe("VRF (protocol.md section 5)", () => {
  it("signs H(07 | D | seed | term u64) and outputs H(0a | signature)", () => {
    const message = keccak256(concat(["0x07", toHex(input.domain), toHex(input.seed), "0x0000000000000102"]));
    assert.equal(toHex(vrfMessage(input)), message);
    const proof = vrfProve(nativeBls, secret(1), input);
    assert.deepEqual(proof, pureBls.sign(secret(1), vrfMessage(input)));
    assert.equal(vrfOutput(proof), keccak256(concat(["0x0a", toHex(proof)])));
  });

  it("takes hashes as hexadecimal text too", () => {
    const text = { domain: toHex(input.domain), seed: toHex(input.seed), term: input.term };
    assert.deepEqual(vrfMessage(text), vrfMessage(input));
  });

  it("yields its output only for the key, the domain, the seed and the term", () => {
    const proof = vrfProve(nativeBls, secret(1), input);
    const key = nativeBls.publicKey(secret(1));
    assert.equal(vrfVerify(nativeBls, key, input, proof), vrfOutput(proof));
    assert.equal(vrfVerify(nativeBls, nativeBls.publicKey(secret(2)), input, proof), null);
    assert.equal(vrfVerify(nativeBls, key, { ...input, domain: root(1) }, proof), null);
    assert.equal(vrfVerify(nativeBls, key, { ...input, seed: root(1) }, proof), null);
    assert.equal(vrfVerify(nativeBls, key, { ...input, term: 259 }, proof), null);
    assert.equal(vrfVerify(nativeBls, key, input, new Uint8Array(96)), null);
  });

  it("refuses malformed inputs of the caller", () => {
    assert.throws(() => vrfMessage({ ...input, seed: new Uint8Array(31) }), { code: "MESSAGE_LENGTH" });
    assert.throws(() => vrfMessage({ ...input, domain: "0xab" }), { code: "MESSAGE_LENGTH" });
    for (const term of [-1, 0.5, 2 ** 53]) {
      assert.throws(() => vrfMessage({ ...input, term }), { code: "MESSAGE_LENGTH" });
    }
    assert.throws(() => vrfOutput(new Uint8Array(95)), { code: "SIGNATURE_INVALID" });
  });
});
