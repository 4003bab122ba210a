import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashOf } from "../../src/index.ts";
import { nullify } from "../support/solo.ts";
import { at, BLOCK_TIME, balanced, DELTA } from "../support/views.ts";

describe("rule 10: repair", () => {
  test("on connecting: status, highest F, entry certificate, own votes above F", () => {
    const solo = balanced();
    solo.finalize(1);
    solo.give(solo.certificate(nullify(2)));
    solo.wait(BLOCK_TIME + 3 * DELTA);
    solo.effects = [];
    solo.input({ type: "connected", peer: "new" });
    const sent = solo.take("send").map(({ message }) => {
      if (message.type === "certificate") return `${message.certificate.kind} ${message.certificate.view}`;
      return message.type === "vote" ? `vote ${message.vote.kind} ${message.vote.view}` : message.type;
    });
    assert.deepEqual(sent, ["status", "finalize 1", "nullify 2", "vote nullify 3"]);
  });

  test("an old view's NULLIFY is answered with the best certificate that leaves it, once per Δ", () => {
    const solo = balanced();
    solo.finalize(1);
    solo.wait(DELTA);
    const answers = () => solo.take("send").filter(({ message }) => message.type === "certificate").length;
    const before = answers();
    solo.vote(0, nullify(1), "slow");
    assert.equal(answers(), before + 1);
    solo.vote(1, nullify(1), "slow");
    assert.equal(answers(), before + 1);
    solo.wait(DELTA);
    solo.vote(2, nullify(1), "slow");
    assert.equal(answers(), before + 2);
  });

  test("a certificate is answered by view; a block from memory, else by the shell's store", () => {
    const solo = balanced();
    const hash = solo.finalize(1);
    const domain = solo.domain;
    solo.effects = [];
    solo.message("p", { type: "request", request: { what: "certificate", epoch: 0, domain, view: 1 } });
    assert.equal(solo.take("send").length, 1);
    solo.message("p", { type: "request", request: { what: "block", hash } });
    assert.equal(solo.take("serve").length, 1);
    const block = solo.build(2);
    at(solo, block.header.stamp);
    solo.propose(block);
    solo.message("p", { type: "request", request: { what: "block", hash: hashOf(block) } });
    assert.equal(solo.take("send").filter(({ message }) => message.type === "blocks").length, 1);
  });

  test("a peer with a higher final block is asked for it; another one when it does not answer", () => {
    const ahead = balanced();
    const other = balanced();
    for (let view = 1; view <= 3; view++) ahead.finalize(view);
    const status = {
      epoch: 0,
      domain: ahead.domain,
      view: 4,
      finalHeight: 3,
      finalHash: ahead.state.tip.hash,
      backedHeight: 0,
    };
    other.now = ahead.now;
    other.message("a", { type: "status", status });
    other.message("b", { type: "status", status });
    const asked = () =>
      other
        .take("send")
        .flatMap(({ to, message }) =>
          message.type === "request" && message.request.what === "finalized" ? [to] : [],
        );
    assert.deepEqual(asked(), ["a"]);
    other.wait(4 * DELTA);
    assert.deepEqual(asked(), ["a", "b"]);
    const blocks = ahead
      .take("finalized")
      .map(({ block, certificate }) => ({ block, certificate, backing: null }));
    for (const { block } of blocks) other.build(block.header.view, block.header.parentHash);
    other.message("b", { type: "blocks", blocks });
    assert.equal(other.state.tip.hash, ahead.state.tip.hash);
    assert.equal(other.take("finalized").length, 3);
  });
});
