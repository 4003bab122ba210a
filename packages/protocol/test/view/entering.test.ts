import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashOf } from "../../src/index.ts";
import { nullify } from "../support/solo.ts";
import { at, BLOCK_TIME, balanced, DELTA, fast, NEVER, REGISTRY } from "../support/views.ts";

describe("rule 1: entering a view", () => {
  test("waits for the parent's stamp, then 2Δ for a proposal", () => {
    const solo = balanced();
    solo.wait(BLOCK_TIME + 2 * DELTA - 1);
    assert.deepEqual(solo.signed(), []);
    solo.wait(1);
    assert.deepEqual(solo.signed(), ["nullify 1"]);
  });

  test("X(u) leads to the view after it, from any lower view; F too, though its block is missing", () => {
    const solo = balanced();
    solo.give(solo.certificate(nullify(5)));
    assert.equal(solo.state.view, 6);
    solo.give(solo.certificate({ kind: "finalize", view: 9, parentView: 8, blockHash: NEVER }));
    assert.equal(solo.state.view, 10);
  });

  test("N alone does not lead on: the block must be certified", () => {
    const solo = balanced();
    const block = solo.build(1);
    at(solo, block.header.stamp);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    assert.equal(solo.state.view, 1);
    solo.propose(block);
    assert.equal(solo.state.view, 2);
  });

  test("X of a term's view leads to the next term", () => {
    const solo = fast(4);
    solo.give(solo.certificate(nullify(2)));
    assert.equal(solo.state.view, 5);
  });

  test("certificates are sent on once", () => {
    const solo = balanced();
    const x = solo.certificate(nullify(1));
    solo.give(x, "a");
    solo.give(x, "b");
    const relayed = solo.take("broadcast").filter((effect) => effect.message.type === "certificate");
    assert.equal(relayed.length, 1);
  });

  test("a leader whose votes were missing for skipViews views is not waited for", () => {
    const solo = balanced({ skipViews: 3 });
    const silent = solo.leader(4);
    const others = REGISTRY.entries.map((_, seat) => seat).filter((seat) => seat !== silent);
    for (let view = 1; view <= 3; view++) solo.give(solo.certificate(nullify(view), others));
    assert.equal(solo.state.view, 4);
    assert.ok(solo.signed().includes("nullify 4"));
    assert.ok(solo.rules().has("1: silent leader skipped"));
  });
});
