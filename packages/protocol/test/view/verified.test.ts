import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashBytes, hashOf } from "../../src/index.ts";
import { nullify } from "../support/solo.ts";
import { at, balanced } from "../support/views.ts";

describe("rule 11: only verified messages act", () => {
  test("one aggregate check at quorum weight, none before", () => {
    const solo = balanced();
    const block = solo.build(1);
    at(solo, block.header.stamp);
    solo.propose(block);
    const checks = () => solo.take("verify").filter(({ check }) => check.what === "votes").length;
    const body = solo.bodyOf("notarize", hashOf(block));
    const voters = solo.quorum().filter((seat) => seat !== solo.leader(1));
    for (const seat of voters) {
      if (solo.state.view > 1) break;
      assert.equal(checks(), 0);
      solo.vote(seat, body);
    }
    assert.equal(solo.state.view, 2);
    assert.equal(checks(), 1);
  });

  test("who sent a forged vote is banned; the signer's own vote still counts", () => {
    const solo = balanced();
    for (const seat of solo.quorum().slice(1)) {
      const forged = { ...solo.signedVote(seat, nullify(1)), signature: new Uint8Array(96) };
      solo.message("mallory", { type: "vote", vote: forged });
    }
    assert.deepEqual([...new Set(solo.take("ban").map((effect) => effect.peer))], ["mallory"]);
    for (const seat of solo.quorum()) solo.vote(seat, nullify(1));
    assert.equal(solo.state.view, 2);
  });

  test("a certificate without quorum or with a bit outside V is refused unverified", () => {
    const solo = balanced();
    const few = solo.quorum().slice(0, 3);
    const checks = solo.take("verify").length;
    solo.give(solo.certificate(nullify(1), few), "mallory");
    solo.give({ ...solo.certificate(nullify(1)), bitmap: new Uint8Array([255, 255]) }, "eve");
    assert.equal(solo.take("verify").length, checks);
    assert.deepEqual(
      solo.take("ban").map((effect) => effect.peer),
      ["mallory", "eve"],
    );
    assert.equal(solo.state.view, 1);
  });

  test("a forged certificate does not shadow the true one of another sender", () => {
    const solo = balanced();
    const x = solo.certificate(nullify(1));
    solo.holding.add("verify");
    solo.give({ ...x, signature: new Uint8Array(96) }, "mallory");
    solo.give(x, "alice");
    solo.release("verify");
    assert.equal(solo.state.view, 2);
    assert.equal(solo.take("ban")[0]?.peer, "mallory");
  });

  test("what one sender can make the replica keep is bounded", () => {
    const solo = balanced();
    for (let salt = 0; salt < 50; salt++)
      solo.vote(
        1,
        { kind: "notarize", view: 1, parentView: 0, blockHash: hashBytes(new Uint8Array([salt])) },
        "x",
      );
    for (let view = 100; view < 200; view++) solo.vote(1, nullify(view), "x");
    assert.equal(solo.state.views.get(1)!.tallies.length, 2);
    assert.equal(solo.state.views.size, 1);
  });

  test("a shell whose timer is early is asked again: no deadline is lost", () => {
    const solo = balanced();
    const { timer } = solo.state;
    assert.ok(timer !== null);
    solo.now = timer - 1;
    const asked = solo.input({ type: "tick" }).filter((effect) => effect.type === "timer");
    assert.deepEqual(asked, [{ type: "timer", at: timer }]);
  });
});
