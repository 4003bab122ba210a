import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { VoteBody } from "@aitbc-hybrid/protocol";
import { ZERO_HASH } from "@aitbc-hybrid/protocol";
import { voteOffence } from "../../src/oracles/index.ts";
import { named } from "../../src/signatures.ts";

const a = named("a");
const b = named("b");
const notarize = (view: number, parentView: number, blockHash = a): VoteBody => ({
  kind: "notarize",
  view,
  parentView,
  blockHash,
});
const finalize = (view: number, parentView: number, blockHash = a): VoteBody => ({
  kind: "finalize",
  view,
  parentView,
  blockHash,
});
const nullify = (view: number): VoteBody => ({ kind: "nullify", view, parentView: 0, blockHash: ZERO_HASH });

describe("offences by the table of section 7", () => {
  it("are two targets in one view, of one kind or of both", () => {
    assert.equal(voteOffence(notarize(5, 4), notarize(5, 4, b), 1), "two-notarize");
    assert.equal(voteOffence(notarize(5, 4), notarize(5, 3), 1), "two-notarize");
    assert.equal(voteOffence(finalize(5, 4), finalize(5, 4, b), 1), "two-finalize");
    assert.equal(voteOffence(finalize(5, 4, b), notarize(5, 4), 1), "notarize-finalize");
  });

  it("are NULLIFY and a later FINALIZE of one term, in either order of signing", () => {
    assert.equal(voteOffence(nullify(5), finalize(5, 4), 1), "nullify-finalize");
    assert.equal(voteOffence(finalize(8, 7), nullify(5), 4), "nullify-finalize");
    assert.equal(voteOffence(nullify(5), finalize(4, 3), 4), null);
    assert.equal(voteOffence(nullify(5), finalize(9, 8), 4), null);
    assert.equal(voteOffence(nullify(6), finalize(5, 4), 4), null);
  });

  it("are not what honest keys do", () => {
    assert.equal(voteOffence(notarize(5, 4), nullify(5), 1), null);
    assert.equal(voteOffence(notarize(5, 4), finalize(5, 4), 1), null);
    assert.equal(voteOffence(notarize(5, 4), notarize(6, 4, b), 1), null);
    assert.equal(voteOffence(nullify(5), nullify(6), 4), null);
  });
});
