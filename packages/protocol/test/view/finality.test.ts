import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Hash, hashOf } from "../../src/index.ts";
import { nullify } from "../support/solo.ts";
import { at, balanced, NEVER } from "../support/views.ts";

describe("rule 8: finalization", () => {
  test("F makes the block and all its ancestors final, each once, in order", () => {
    const solo = balanced();
    const hashes: Hash[] = [];
    for (let view = 1; view <= 3; view++) {
      const block = solo.build(view, hashes.at(-1));
      hashes.push(hashOf(block));
      at(solo, block.header.stamp);
      solo.propose(block);
      solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    }
    assert.deepEqual(solo.take("finalized"), []);
    solo.give(solo.certificate(solo.bodyOf("finalize", hashes[2]!)));
    assert.deepEqual(
      solo.take("finalized").map((effect) => effect.hash),
      hashes,
    );
    solo.give(solo.certificate(solo.bodyOf("finalize", hashes[1]!)));
    assert.equal(solo.take("finalized").length, 3);
  });

  test("missing blocks are fetched by hash, first from whom they are known", () => {
    const solo = balanced();
    solo.input({ type: "connected", peer: "p" });
    const first = solo.build(1);
    const second = solo.build(2, hashOf(first));
    at(solo, second.header.stamp);
    solo.give(solo.certificate(solo.bodyOf("finalize", hashOf(second))), "p");
    const asked = () =>
      solo
        .take("send")
        .flatMap(({ message }) =>
          message.type === "request" && message.request.what === "block" ? [message.request.hash] : [],
        );
    assert.deepEqual(asked(), [hashOf(second)]);
    const blocks = (block: typeof first) => ({
      type: "blocks" as const,
      blocks: [{ block, certificate: null, backing: null }],
    });
    solo.message("p", blocks(second));
    assert.deepEqual(asked(), [hashOf(second), hashOf(first)]);
    solo.message("p", blocks(first));
    assert.equal(solo.state.tip.height, 2);
  });

  test("lost branches are abandoned", () => {
    const solo = balanced();
    const [lost, won] = [solo.build(1), solo.build(2)];
    at(solo, won.header.stamp);
    solo.propose(lost);
    solo.give(solo.certificate(nullify(1)));
    solo.propose(won);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(won))));
    solo.give(solo.certificate(solo.bodyOf("finalize", hashOf(won))));
    assert.deepEqual(
      solo.take("abandoned").map((effect) => effect.hash),
      [hashOf(lost)],
    );
  });

  test("F of a block beside the final chain halts and keeps the evidence", () => {
    const solo = balanced();
    const rival = solo.build(2, undefined, { salt: 1 });
    solo.finalize(1);
    const f = solo.certificate(solo.bodyOf("finalize", hashOf(rival)));
    solo.give(f);
    solo.message("peer", { type: "blocks", blocks: [{ block: rival, certificate: null, backing: null }] });
    const [halt] = solo.take("halt");
    assert.deepEqual(halt?.keep, [f, rival]);
    const [signed, tip] = [solo.signed(), solo.state.tip.hash];
    solo.finalize(2);
    assert.deepEqual(solo.signed(), signed, "a halted replica signs nothing");
    assert.equal(solo.state.tip.hash, tip, "and finalizes nothing");
  });

  test("two F of one view halt", () => {
    const solo = balanced();
    solo.finalize(1);
    solo.give(solo.certificate({ kind: "finalize", view: 1, parentView: 0, blockHash: NEVER }));
    assert.equal(solo.take("halt").length, 1);
  });

  test("F of a block that the own execution contradicts halts", () => {
    const solo = balanced();
    const block = solo.build(1, undefined, { stateRoot: NEVER });
    at(solo, block.header.stamp);
    solo.propose(block);
    solo.give(solo.certificate(solo.bodyOf("finalize", hashOf(block))));
    assert.equal(solo.take("halt").length, 1);
  });

  test("a reverted settlement reference halts", () => {
    const solo = balanced();
    solo.input({ type: "reverted", reference: { number: 3, hash: NEVER } });
    assert.equal(solo.take("halt").length, 1);
  });
});
