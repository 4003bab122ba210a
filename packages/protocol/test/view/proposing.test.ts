import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashOf } from "../../src/index.ts";
import { nullify, type Solo } from "../support/solo.ts";
import { at, BLOCK_TIME, balanced, fast, PARAMS } from "../support/views.ts";

describe("rule 2: proposing", () => {
  const leading = (view: number, factory: (more: { seat: number }) => Solo = balanced) =>
    factory({ seat: factory({ seat: 0 }).leader(view) });

  const give = (solo: Solo, view: number) => {
    const ask = solo.take("payload").at(-1)!;
    assert.equal(ask.view, view);
    solo.input({
      type: "payload",
      epoch: ask.epoch,
      view,
      parentHash: ask.parentHash,
      payload: {
        batches: [],
        reference: ask.parentReference,
        settledAt: ask.parentSettledAt,
        inboxCursor: 0,
        feeRecipient: `0x${"00".repeat(20)}`,
        candidate: null,
        vrfProof: solo.signature(solo.leader(view), ask.vrfRoot),
      },
    });
  };

  test("not before the parent's stamp plus blockTime; header and NOTARIZE leave together", () => {
    const solo = leading(1);
    assert.deepEqual(solo.take("payload"), []);
    solo.wait(BLOCK_TIME);
    give(solo, 1);
    const [sent] = solo.take("broadcast");
    assert.equal(sent?.message.type, "proposal");
    assert.deepEqual(solo.signed(), ["notarize 1"]);
  });

  test("builds on the highest certified parent and carries its N and the X of the gap", () => {
    const solo = leading(4);
    const parent = solo.finalize(1);
    solo.give(solo.certificate(nullify(2)));
    solo.give(solo.certificate(nullify(3)));
    solo.wait(BLOCK_TIME);
    give(solo, 4);
    const proposal = solo
      .take("broadcast")
      .flatMap(({ message }) =>
        message.type === "proposal" && message.proposal.view === 4 ? [message.proposal] : [],
      )
      .at(-1)!;
    assert.equal(proposal.block.header.parentHash, parent);
    assert.deepEqual(
      proposal.block.body.certificates.map((c) => `${c.kind} ${c.view}`),
      ["notarize 1", "nullify 2", "nullify 3"],
    );
  });

  test("not on a parent whose gap is not covered", () => {
    const solo = leading(4);
    solo.finalize(1);
    solo.give(solo.certificate(nullify(3)));
    solo.wait(BLOCK_TIME);
    assert.deepEqual(
      solo.take("payload").filter((effect) => effect.view === 4),
      [],
    );
  });

  test("a leader over a gap that it cannot show asks for what covers it, and then proposes", () => {
    const solo = leading(4);
    const parent = solo.finalize(1);
    solo.give(solo.certificate(nullify(3)));
    const asked = solo
      .take("send")
      .flatMap(({ message }) => (message.type === "request" ? [message.request] : []));
    assert.deepEqual(
      asked.map((request) => request.what === "certificate" && request.view),
      [2],
    );
    solo.give(solo.certificate(nullify(2)));
    solo.wait(BLOCK_TIME);
    give(solo, 4);
    assert.equal(solo.state.own.get(4)!.proposal!.block.header.parentHash, parent);
  });

  test("a term's later view: on the own block of the view before, at most `ahead` beyond the last N", () => {
    const solo = leading(1, (more) => fast(4, more));
    solo.wait(PARAMS.blockTime.fast);
    give(solo, 1);
    solo.wait(PARAMS.blockTime.fast);
    give(solo, 2);
    assert.deepEqual(solo.signed(), ["notarize 1", "notarize 2"]);
    solo.wait(PARAMS.blockTime.fast);
    assert.equal(solo.take("payload").at(-1)!.view, 2, "view 3 is three beyond the last N");
    assert.ok(solo.rules().has("2: ahead in the term"));
    const first = solo.state.own.get(1)!.proposal!.block;
    solo.give(solo.certificate({ kind: "notarize", view: 1, parentView: 0, blockHash: hashOf(first) }));
    give(solo, 3);
    assert.equal(solo.signed().at(-1), "notarize 3");
  });

  test("the last block gets no child: it is proposed again until F of any view, then no vote is signed", () => {
    const solo = leading(12);
    for (let view = 1; view < 10; view++) solo.finalize(view);
    const last = solo.build(10);
    at(solo, last.header.stamp);
    solo.propose(last);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(last))));
    solo.give(solo.certificate(nullify(11)));
    assert.equal(solo.state.view, 12);
    const again = solo.state.own.get(12)!.proposal!;
    assert.equal(hashOf(again.block), hashOf(last));
    assert.equal(again.parentView, 10);
    const count = solo.signed().length;
    solo.give(solo.certificate({ kind: "finalize", view: 12, parentView: 10, blockHash: hashOf(last) }));
    assert.equal(solo.state.tip.hash, hashOf(last));
    solo.wait(60_000);
    assert.equal(solo.signed().length, count);
  });
});
