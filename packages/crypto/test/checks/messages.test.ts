import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toBitmap, toHex, vrfOutput } from "@aitbc-hybrid/protocol";
import {
  certificateCheck,
  decide,
  evidenceCheck,
  proposalCheck,
  voteCheck,
  vrfProve,
} from "../../src/index.ts";
import { nativeBls } from "../../src/native/index.ts";
import { root, secret } from "../support/fixtures.ts";

const N = 9;
const keys = Array.from({ length: N }, (_, i) => nativeBls.publicKey(secret(i + 1)));
const table = nativeBls.keyTable(keys);
// The voting set leaves out seats 7 and 8.
const voters = table.subset([0, 1, 2, 3, 4, 5, 6]);
const sign = (seat: number, byte = 7) => nativeBls.sign(secret(seat + 1), root(byte));
const vote = (seat: number, byte = 7) => ({ root: root(7), seat, signature: sign(seat, byte) });
const certificate = (seats: number[]) => ({
  root: root(7),
  bitmap: toBitmap(seats, N),
  signature: nativeBls.aggregateSignatures(seats.map((seat) => sign(seat))),
});
const verdict = (check: Parameters<typeof decide>[1]) => decide(nativeBls, check);
const refused = (reason: string) => ({ valid: false, reason });

describe("vote check", () => {
  it("accepts a voter's signature", () => {
    assert.deepEqual(verdict(voteCheck(voters, vote(3))), { valid: true, seats: [3] });
  });
  it("refuses others' seats, wrong roots, wrong signatures", () => {
    assert.deepEqual(verdict(voteCheck(voters, vote(7))), refused("seat-unknown"));
    assert.deepEqual(verdict(voteCheck(voters, vote(99))), refused("seat-unknown"));
    assert.deepEqual(verdict(voteCheck(voters, { ...vote(3), seat: 2 })), refused("signature-wrong"));
    assert.deepEqual(verdict(voteCheck(voters, vote(3, 8))), refused("signature-wrong"));
    const malformed = { ...vote(3), signature: new Uint8Array(96) };
    assert.deepEqual(verdict(voteCheck(voters, malformed)), refused("signature-wrong"));
  });
});

describe("certificate check", () => {
  it("accepts the aggregate of the bitmap's seats, few or nearly all", () => {
    for (const seats of [[0], [1, 4], [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5, 6]]) {
      assert.deepEqual(verdict(certificateCheck(voters, certificate(seats))), { valid: true, seats });
    }
  });
  it("refuses a bit outside the voting set even if that seat signed", () => {
    assert.deepEqual(verdict(certificateCheck(voters, certificate([0, 7]))), refused("seat-unknown"));
    assert.deepEqual(verdict(certificateCheck(table, certificate([0, 7]))), { valid: true, seats: [0, 7] });
  });
  it("refuses the empty bitmap with the infinity signature", () => {
    const infinity = Uint8Array.of(0xc0, ...new Uint8Array(95));
    const empty = { root: root(7), bitmap: new Uint8Array(2), signature: infinity };
    assert.deepEqual(verdict(certificateCheck(voters, empty)), refused("bitmap-empty"));
  });
  it("refuses malformed bitmaps", () => {
    const good = certificate([0, 1]);
    for (const bitmap of [good.bitmap.subarray(1), Uint8Array.of(3, 0, 0), Uint8Array.of(3, 2)]) {
      assert.deepEqual(verdict(certificateCheck(voters, { ...good, bitmap })), refused("bitmap-malformed"));
    }
  });
  it("refuses more or fewer signers than the bitmap says, and another root", () => {
    const good = certificate([0, 1, 2]);
    const more = { ...good, bitmap: toBitmap([0, 1, 2, 3], N) };
    const fewer = { ...good, bitmap: toBitmap([0, 1], N) };
    for (const bad of [more, fewer, { ...good, root: root(8) }]) {
      assert.deepEqual(verdict(certificateCheck(voters, bad)), refused("signature-wrong"));
    }
  });
  it("refuses keys that cancel out", () => {
    const negated = keys[0]!.map((byte, index) => (index === 0 ? byte ^ 0x20 : byte));
    const pair = nativeBls.keyTable([keys[0]!, negated]);
    const both = { root: root(7), bitmap: Uint8Array.of(3), signature: sign(0) };
    assert.deepEqual(verdict(certificateCheck(pair, both)), refused("keys-cancel"));
  });
});

describe("proposal check", () => {
  const input = { domain: toHex(root(1)), seed: toHex(root(2)), term: 3 };
  const proof = vrfProve(nativeBls, secret(1), input);
  const proposal = { ...vote(0), vrf: { seat: 0, input, proof, output: vrfOutput(proof) } };

  it("accepts the leader's vote and VRF", () => {
    assert.deepEqual(verdict(proposalCheck(voters, proposal)), { valid: true, seats: [0] });
  });
  it("accepts a re-proposal: the vote of the sender, the VRF of the first leader", () => {
    const again = { ...vote(2), vrf: proposal.vrf };
    assert.deepEqual(verdict(proposalCheck(voters, again)), { valid: true, seats: [2] });
  });
  it("refuses a false output, another's proof, another term, a bad vote", () => {
    const with_ = (vrf: Partial<typeof proposal.vrf>) => ({ ...proposal, vrf: { ...proposal.vrf, ...vrf } });
    const check = (bad: typeof proposal) => verdict(proposalCheck(voters, bad));
    assert.deepEqual(check(with_({ output: `0x${"00".repeat(32)}` })), refused("vrf-output"));
    assert.deepEqual(check(with_({ proof: proof.subarray(1) })), refused("vrf-output"));
    assert.deepEqual(check(with_({ seat: 1 })), refused("signature-wrong"));
    assert.deepEqual(check(with_({ seat: 8 })), refused("seat-unknown"));
    assert.deepEqual(check(with_({ input: { ...input, term: 4 } })), refused("signature-wrong"));
    assert.deepEqual(check({ ...proposal, seat: 8 }), refused("seat-unknown"));
    assert.deepEqual(check({ ...proposal, signature: sign(0, 8) }), refused("signature-wrong"));
  });
});

describe("evidence check", () => {
  it("convicts the seats that signed both", () => {
    const first = certificateCheck(voters, certificate([0, 1, 2]));
    const other = { root: root(9), seat: 1, signature: sign(1, 9) };
    const evidence = evidenceCheck(first, voteCheck(voters, other));
    assert.deepEqual(verdict(evidence), { valid: true, seats: [1] });
  });
  it("refuses if one half is bad or nobody signed both", () => {
    const good = voteCheck(voters, vote(1));
    const wrong = voteCheck(voters, vote(1, 8));
    const unknown = voteCheck(voters, vote(8));
    assert.deepEqual(verdict(evidenceCheck(good, wrong)), refused("signature-wrong"));
    assert.deepEqual(verdict(evidenceCheck(good, unknown)), refused("seat-unknown"));
    assert.deepEqual(verdict(evidenceCheck(unknown, good)), refused("seat-unknown"));
    assert.deepEqual(verdict(evidenceCheck(good, voteCheck(voters, vote(2)))), refused("seat-unknown"));
  });
});
