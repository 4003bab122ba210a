import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEVNET_PARAMS, hashOf } from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { nullify, Solo } from "../support/solo.ts";

const PARAMS = { ...DEVNET_PARAMS, rootLag: 2 };
const REGISTRY = registryOf({
  authorities: [0n, 0n, 0n, 0n],
  stakers: [1_000n, 1_000n, 1_000n, 1_000n, 1_000n],
  params: PARAMS,
});
const DELTA = PARAMS.delta.balanced;
const BLOCK_TIME = PARAMS.blockTime.balanced;

const balanced = (seat?: number) =>
  new Solo({ registry: REGISTRY, mode: "balanced", ...(seat === undefined ? {} : { seat }) });

/** What a replica must not do though everything else invites it to: each check of section 3 on its own. */
describe("refusals of section 3", () => {
  test("a leader that nullified its view proposes nothing in it", () => {
    const solo = balanced(balanced(0).leader(1));
    solo.wait(BLOCK_TIME);
    const [ask] = solo.take("payload");
    solo.wait(2 * DELTA);
    assert.deepEqual(solo.signed(), ["nullify 1"]);
    solo.input({
      type: "payload",
      epoch: 0,
      view: 1,
      parentHash: ask!.parentHash,
      payload: {
        batches: [],
        reference: ask!.parentReference,
        settledAt: ask!.parentSettledAt,
        inboxCursor: 0,
        feeRecipient: `0x${"00".repeat(20)}`,
        candidate: null,
        vrfProof: solo.signature(solo.leader(1), ask!.vrfRoot),
      },
    });
    solo.wait(DELTA);
    assert.deepEqual(solo.signed(), ["nullify 1"]);
  });

  test("a second proposal is not voted for while the first still waits for its batches", () => {
    const solo = balanced();
    const [first, second] = [solo.build(1), solo.build(1, undefined, { salt: 1 })];
    solo.now = first.header.stamp;
    solo.holding.add("obtain");
    solo.propose(first);
    solo.holding.clear();
    solo.propose(second);
    assert.deepEqual(solo.signed(), []);
  });

  test("only the leader's proposal counts", () => {
    const solo = balanced();
    const block = solo.build(1);
    solo.now = block.header.stamp;
    const seat = solo.quorum().find((other) => other !== solo.leader(1))!;
    const vote = solo.signedVote(seat, solo.bodyOf("notarize", hashOf(block)));
    const { epoch, domain, view, parentView, signature } = vote;
    const proposal = { epoch, domain, view, parentView, block, seat, signature };
    solo.message("mallory", { type: "proposal", proposal });
    assert.deepEqual(solo.signed(), []);
    assert.equal(solo.take("ban")[0]?.peer, "mallory");
  });

  test("a block whose parent is not certified is not voted for", () => {
    const solo = balanced();
    solo.holding.add("execute");
    const parent = solo.build(1);
    solo.now = parent.header.stamp;
    solo.propose(parent);
    const block = solo.build(2, hashOf(parent));
    solo.now = block.header.stamp;
    solo.propose(block);
    assert.ok(solo.state.views.get(1)?.notarization, "the block carries N of its parent");
    assert.deepEqual(solo.signed(), ["notarize 1"]);
    solo.release("execute");
    assert.ok(solo.signed().includes("notarize 2"));
  });

  test("N of a block whose parent is not certified certifies nothing", () => {
    const solo = balanced();
    const parent = solo.build(1);
    solo.now = parent.header.stamp;
    solo.propose(parent);
    const block = solo.build(2, hashOf(parent));
    solo.now = block.header.stamp;
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    solo.message("peer", { type: "blocks", blocks: [{ block, certificate: null, backing: null }] });
    assert.ok(solo.state.blocks.get(hashOf(block))?.roots, "held and executed");
    assert.deepEqual(solo.signed(), ["notarize 1"]);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(parent))));
    assert.ok(solo.signed().includes("finalize 2"));
  });

  test("a proposal on another parent view than its block's is invalid", () => {
    const solo = balanced();
    const parent = solo.finalize(1);
    const block = solo.build(3, parent);
    solo.give(solo.certificate(nullify(2)));
    solo.now = block.header.stamp;
    solo.propose(block, 3, 2);
    assert.equal(solo.signed().at(-1), "nullify 3");
  });

  test("no block but an epoch's last is proposed again", () => {
    const solo = balanced();
    const block = solo.build(1);
    solo.now = block.header.stamp;
    solo.propose(block);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    assert.equal(solo.state.view, 2);
    solo.propose(block, 2, 1);
    assert.equal(solo.signed().at(-1), "nullify 2");
  });

  test("no FINALIZE against the own NOTARIZE, though nothing shows that the leader equivocated", () => {
    const solo = new Solo({
      registry: registryOf({ authorities: Array.from({ length: 7 }, () => 0n), stakers: [], params: PARAMS }),
      mode: "fast",
    });
    const [mine, theirs] = [solo.build(1), solo.build(1, undefined, { salt: 1 })];
    solo.now = mine.header.stamp;
    solo.propose(mine);
    const others = solo.quorum().filter((seat) => seat !== solo.leader(1));
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(theirs)), others));
    const blocks = [{ block: theirs, certificate: null, backing: null }];
    solo.message("peer", { type: "blocks", blocks });
    assert.equal(solo.state.views.get(1)?.certified?.blockHash, hashOf(theirs));
    assert.deepEqual(solo.signed(), ["notarize 1"]);
  });

  test("no FINALIZE past a lease, though NOTARIZE was signed within it", () => {
    const solo = balanced();
    const block = solo.build(1);
    solo.now = block.header.stamp;
    solo.propose(block);
    solo.now += PARAMS.settleLease;
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    assert.equal(solo.state.view, 2);
    assert.deepEqual(solo.signed(), ["notarize 1"]);
  });

  test("F of a child of another block than the final one halts, before that block is held", () => {
    const solo = balanced();
    const other = solo.build(1, undefined, { salt: 1 });
    const child = solo.build(2, hashOf(other));
    solo.finalize(1);
    solo.now = child.header.stamp;
    solo.give(solo.certificate(solo.bodyOf("finalize", hashOf(child))));
    const blocks = [{ block: child, certificate: null, backing: null }];
    solo.message("peer", { type: "blocks", blocks });
    assert.equal(solo.take("halt").length, 1);
  });

  test("two F of one view halt, before either block is held", () => {
    const solo = balanced();
    const [one, two] = [solo.build(1), solo.build(1, undefined, { salt: 1 })];
    solo.give(solo.certificate(solo.bodyOf("finalize", hashOf(one))));
    assert.deepEqual(solo.take("halt"), []);
    solo.give(solo.certificate(solo.bodyOf("finalize", hashOf(two))));
    assert.equal(solo.take("halt").length, 1);
  });
});
