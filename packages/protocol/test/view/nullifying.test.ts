import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashOf } from "../../src/index.ts";
import { nullify } from "../support/solo.ts";
import { at, BLOCK_TIME, balanced, DELTA, fast } from "../support/views.ts";

describe("rules 6 and 7: nullifying", () => {
  test("3Δ without certification, even with a valid proposal", () => {
    const solo = balanced();
    const block = solo.build(1);
    solo.wait(BLOCK_TIME);
    solo.propose(block);
    solo.wait(3 * DELTA - 1);
    assert.deepEqual(solo.signed(), ["notarize 1"]);
    solo.wait(1);
    assert.deepEqual(solo.signed(), ["notarize 1", "nullify 1"]);
  });

  test("the leader's own NULLIFY counts at once, a forged one costs its sender", () => {
    const solo = balanced();
    const leader = solo.leader(1);
    const forged = { ...solo.signedVote(leader, nullify(1)), signature: new Uint8Array(96) };
    solo.message("mallory", { type: "vote", vote: forged });
    assert.deepEqual(solo.signed(), []);
    assert.equal(solo.take("ban")[0]?.peer, "mallory");
    solo.vote(leader, nullify(1));
    assert.deepEqual(solo.signed(), ["nullify 1"]);
  });

  test("blocked by a FINALIZE of the same term at or above it", () => {
    const solo = fast(4);
    const block = solo.build(1);
    at(solo, block.header.stamp);
    solo.propose(block);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    assert.equal(solo.state.view, 2);
    solo.wait(60_000);
    assert.ok(solo.signed().includes("nullify 2"), "FINALIZE(1) does not block NULLIFY(2)");
    assert.ok(!solo.signed().includes("nullify 1"));
  });

  test("repeated every 2Δ with the view's entry certificate", () => {
    const solo = balanced();
    solo.give(solo.certificate(nullify(1)));
    solo.wait(BLOCK_TIME + 3 * DELTA);
    solo.effects = [];
    solo.wait(4 * DELTA);
    const repeated = solo.take("broadcast").map(({ message }) => message.type);
    assert.deepEqual(repeated, ["certificate", "vote", "certificate", "vote"]);
  });

  test("a quorum of NULLIFY makes X: durable, sent on, next view", () => {
    const solo = balanced();
    for (const seat of solo.quorum()) solo.vote(seat, nullify(1));
    assert.equal(solo.state.view, 2);
    const [record] = solo.records.filter((each) => each.type === "certificate");
    assert.equal(record?.type === "certificate" && record.certificate.kind, "nullify");
  });
});
