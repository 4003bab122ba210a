import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { forcedDigest, type Hash, hashBytes, hashOf, type InboxEntry, ZERO_HASH } from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { Solo } from "../support/solo.ts";
import { at, BLOCK_TIME, balanced, PARAMS, REGISTRY } from "../support/views.ts";

const QUEUED: readonly InboxEntry[] = [40, 60, 30].map((size, i) => ({
  transactionHash: hashBytes(new Uint8Array([i])),
  size,
}));
const REFERENCE = { number: 5, hash: hashBytes(new Uint8Array([5])) };

/** A voter whose blocks take 100 bytes of the inbox, which owes it what is queued at any reference. */
function owed(due: readonly InboxEntry[] = QUEUED, seat?: number): Solo {
  const { entries, authorities } = REGISTRY;
  const stakes = entries.map(({ stake }) => stake);
  const registry = registryOf({
    authorities: stakes.slice(0, authorities),
    stakers: stakes.slice(authorities),
    params: { ...PARAMS, forceQuota: 100 },
  });
  const solo = new Solo({ registry, mode: "balanced", ...(seat === undefined ? {} : { seat }) });
  solo.reading = { settledAt: solo.state.tip.settledAt, due, candidate: null };
  return solo;
}

const voted = (solo: Solo, forced: readonly InboxEntry[], reference = REFERENCE): readonly string[] => {
  const block = solo.build(1, undefined, { reference, forced });
  at(solo, block.header.stamp);
  solo.propose(block);
  return solo.signed();
};

describe("forced inclusion", () => {
  test("a block takes what is due, oldest first, exactly up to the quota", () => {
    const solo = owed();
    assert.deepEqual(voted(solo, QUEUED.slice(0, 2)), ["notarize 1"]);
    assert.ok(solo.rules().has("9: forced entries"));
    for (const wrong of [[], QUEUED.slice(0, 1), QUEUED, QUEUED.slice(1, 2), [QUEUED[1]!, QUEUED[0]!]])
      assert.deepEqual(voted(owed(), wrong), ["nullify 1"], `${wrong.length} entries`);
    assert.deepEqual(voted(owed([]), QUEUED.slice(0, 1)), ["nullify 1"], "nothing is due");
    assert.deepEqual(voted(owed([]), []), ["notarize 1"]);
  });

  test("the entries stand first in the block", () => {
    const solo = owed();
    const forced = QUEUED.slice(0, 2);
    const block = solo.build(1, undefined, { reference: REFERENCE, forced });
    assert.equal(block.body.batches[0], forcedDigest(7, 0, forced));
    assert.equal(block.header.inboxCursor, 2);
    const moved = solo.build(1, undefined, { reference: REFERENCE, forced, forcedAt: 1 });
    assert.equal(moved.body.batches[1], forcedDigest(7, 0, forced));
    at(solo, moved.header.stamp);
    solo.propose(moved);
    assert.deepEqual(solo.signed(), ["nullify 1"]);
  });

  test("what is left is taken by the next blocks, at the parent's reference too", () => {
    const solo = owed();
    const parent = solo.finalize(1, undefined, { reference: REFERENCE, forced: QUEUED.slice(0, 2) });
    const lazy = solo.build(2, parent, { reference: REFERENCE });
    at(solo, lazy.header.stamp);
    solo.propose(lazy);
    assert.equal(solo.signed().includes("notarize 2"), false);
    assert.ok(solo.rules().has("9: not what the inbox owes"));
    // A quorum that could not tell has voted for it: that is no reason to part with them.
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(lazy))));
    assert.deepEqual(solo.signed().slice(-1), ["finalize 2"]);

    const other = owed();
    const before = other.finalize(1, undefined, { reference: REFERENCE, forced: QUEUED.slice(0, 2) });
    const block = other.build(2, before, { reference: REFERENCE, forced: QUEUED.slice(2) });
    assert.equal(block.header.inboxCursor, 3);
    at(other, block.header.stamp);
    other.propose(block);
    assert.deepEqual(other.signed().slice(-1), ["notarize 2"]);
  });

  test("who cannot tell waits at a new reference, and votes at the parent's", () => {
    const blind = balanced();
    const block = blind.build(1, undefined, { reference: REFERENCE });
    at(blind, block.header.stamp);
    blind.propose(block);
    assert.deepEqual(blind.signed(), []);

    const same = balanced();
    const child = same.build(1);
    at(same, child.header.stamp);
    same.propose(child);
    assert.deepEqual(same.signed(), ["notarize 1"]);
    assert.ok(same.rules().has("9: what the inbox owes cannot be told"));
  });

  test("a vote at the parent's reference waits until the own client has answered", () => {
    const solo = owed();
    solo.holding.add("reference");
    assert.deepEqual(voted(solo, [], { number: 0, hash: ZERO_HASH }), []);
    const [asked] = solo.take("reference");
    assert.equal(asked?.inboxFrom, 0);
    assert.deepEqual(asked?.inbox, { forceAfter: PARAMS.forceAfter, forceQuota: 100 });
    solo.release("reference");
    assert.deepEqual(solo.signed(), []);
    assert.ok(solo.rules().has("9: not what the inbox owes"));
  });

  test("whatever the reference shows: no cursor below the parent's, none that moves without its entries", () => {
    const from = (inboxFrom: number | null): readonly string[] => {
      const solo = balanced();
      const block = solo.build(1, undefined, { forced: QUEUED.slice(0, 2) });
      solo.inboxFrom.set(hashOf(block), inboxFrom as number);
      at(solo, block.header.stamp);
      solo.propose(block);
      return solo.signed();
    };
    assert.deepEqual(from(0), ["notarize 1"], "nobody here can tell what is due");
    assert.deepEqual(from(1), ["nullify 1"], "entries that are not the next");
    assert.deepEqual(from(null), ["nullify 1"], "no entries");

    const still = balanced();
    const block = still.build(1);
    still.inboxFrom.set(hashOf(block), 0);
    at(still, block.header.stamp);
    still.propose(block);
    assert.deepEqual(still.signed(), ["nullify 1"], "entries without a cursor that moves");

    const back = owed();
    const parent = back.finalize(1, undefined, { reference: REFERENCE, forced: QUEUED.slice(0, 2) });
    const lower = back.build(2, parent, { reference: REFERENCE, cursor: 1 });
    at(back, lower.header.stamp);
    back.propose(lower);
    assert.deepEqual(back.signed().slice(-1), ["nullify 2"]);
    assert.equal(back.state.blocks.get(hashOf(lower))?.invalid, "inbox cursor below the parent's");
  });

  test("a leader is told what it takes entries from, and its block says how far it came", () => {
    const probe = owed();
    const solo = owed(QUEUED, probe.leader(1));
    solo.wait(BLOCK_TIME);
    const ask = solo.take("payload").at(-1)!;
    assert.equal(ask.parentInboxCursor, 0);
    assert.deepEqual(ask.inbox, { forceAfter: PARAMS.forceAfter, forceQuota: 100 });
    const forced: Hash = forcedDigest(7, 0, QUEUED.slice(0, 2));
    solo.input({
      type: "payload",
      epoch: 0,
      view: 1,
      parentHash: ask.parentHash,
      payload: {
        batches: [forced],
        reference: ask.parentReference,
        settledAt: ask.parentSettledAt,
        inboxCursor: 2,
        feeRecipient: `0x${"00".repeat(20)}`,
        candidate: null,
        vrfProof: solo.signature(solo.leader(1), ask.vrfRoot),
      },
    });
    const [sent] = solo.take("broadcast").filter(({ message }) => message.type === "proposal");
    assert.ok(sent?.message.type === "proposal");
    const { block } = sent.message.proposal;
    assert.equal(block.header.inboxCursor, 2);
    solo.give(solo.certificate({ kind: "notarize", view: 1, parentView: 0, blockHash: hashOf(block) }));
    assert.equal(solo.state.views.get(1)?.certified?.blockHash, hashOf(block), "its own block holds up");
  });
});
