import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashOf } from "../../src/index.ts";
import { nullify } from "../support/solo.ts";
import { at, BLOCK_TIME, balanced, DELTA } from "../support/views.ts";

describe("rules 4 and 5: certifying and finalizing", () => {
  test("certified: N and block are durable before FINALIZE", () => {
    const solo = balanced();
    const block = solo.build(1);
    at(solo, block.header.stamp);
    solo.propose(block);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    const kinds = solo.records.map((record) =>
      record.type === "signed" && record.intent.what === "vote" ? record.intent.vote.kind : record.type,
    );
    assert.ok(kinds.includes("certificate"));
    assert.ok(kinds.indexOf("certificate") < kinds.indexOf("finalize"));
  });

  test("executed first: N without execution certifies nothing", () => {
    const solo = balanced();
    solo.holding.add("execute");
    const block = solo.build(1);
    at(solo, block.header.stamp);
    solo.propose(block);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    assert.deepEqual(solo.signed(), ["notarize 1"]);
    solo.release("execute");
    assert.deepEqual(solo.signed(), ["notarize 1", "finalize 1"]);
  });

  test("also later, from a higher view", () => {
    const solo = balanced();
    const block = solo.build(1);
    at(solo, block.header.stamp);
    solo.propose(block);
    solo.give(solo.certificate(nullify(1)));
    solo.give(solo.certificate(nullify(2)));
    assert.equal(solo.state.view, 3);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    assert.deepEqual(solo.signed(), ["notarize 1", "finalize 1"]);
    assert.ok(solo.rules().has("5: late FINALIZE"));
    assert.ok(solo.rules().has("7: N and X of one view") || solo.state.views.get(1)?.nullification);
  });

  test("not after NULLIFY of the view", () => {
    const solo = balanced();
    const block = solo.build(1);
    solo.wait(BLOCK_TIME + 2 * DELTA);
    solo.propose(block);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    assert.deepEqual(solo.signed(), ["nullify 1"]);
    assert.equal(solo.state.view, 2);
  });

  test("not after NOTARIZE of another block of the view", () => {
    const solo = balanced();
    const [mine, theirs] = [solo.build(1), solo.build(1, undefined, { salt: 1 })];
    at(solo, mine.header.stamp);
    solo.propose(mine);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(theirs))));
    solo.message("peer", { type: "blocks", blocks: [{ block: theirs, certificate: null, backing: null }] });
    assert.equal(solo.state.view, 2);
    assert.deepEqual(solo.signed(), ["notarize 1"]);
  });

  test("not for a leader that was seen to equivocate", () => {
    const solo = balanced();
    const [first, second] = [solo.build(1), solo.build(1, undefined, { salt: 1 })];
    at(solo, first.header.stamp);
    solo.propose(first);
    solo.propose(second);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(first))));
    assert.equal(solo.state.view, 2);
    assert.deepEqual(solo.signed(), ["notarize 1"]);
  });
});
