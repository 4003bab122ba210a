import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEVNET_PARAMS, type Hash, hashBytes, hashOf, type Mode } from "../../src/index.ts";
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

const balanced = (more: { seat?: number | null; skipViews?: number } = {}) =>
  new Solo({ registry: REGISTRY, mode: "balanced", ...more });

/** Fast with terms of K views. */
const fast = (termViews: number, more: { seat?: number | null } = {}) =>
  new Solo({
    registry: registryOf({
      authorities: Array.from({ length: 7 }, () => 0n),
      stakers: [1_000n, 1_000n, 1_000n],
      params: { ...PARAMS, termViews },
    }),
    mode: "fast" as Mode,
    ...more,
  });

const NEVER = hashBytes(new Uint8Array([9]));
const at = (solo: Solo, stamp: number) => {
  solo.now = stamp;
};

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

describe("rule 3: notarizing", () => {
  test("the leader's first valid proposal gets NOTARIZE; the record comes before the vote leaves", () => {
    const solo = balanced();
    const block = solo.build(1);
    at(solo, block.header.stamp);
    solo.holding.add("sign");
    solo.propose(block);
    assert.deepEqual(solo.signed(), ["notarize 1"]);
    assert.deepEqual(
      solo.take("broadcast").filter(({ message }) => message.type === "vote"),
      [],
    );
    solo.release("sign");
    assert.equal(solo.take("broadcast").filter(({ message }) => message.type === "vote").length, 1);
  });

  test("a different second proposal is never voted for, and is evidence", () => {
    const solo = balanced();
    const [first, second] = [solo.build(1), solo.build(1, undefined, { salt: 1 })];
    at(solo, first.header.stamp);
    solo.propose(first);
    solo.propose(second);
    assert.deepEqual(solo.signed(), ["notarize 1"]);
    const [evidence] = solo.take("evidence");
    assert.ok(evidence!.evidence.what === "votes");
    assert.equal(evidence!.evidence.seat, solo.leader(1));
  });

  test("NULLIFY(v) signed: no NOTARIZE in v", () => {
    const solo = balanced();
    solo.wait(BLOCK_TIME + 2 * DELTA);
    solo.propose(solo.build(1));
    assert.deepEqual(solo.signed(), ["nullify 1"]);
  });

  test("a view below the current one is not voted in", () => {
    const solo = balanced();
    const block = solo.build(1);
    at(solo, block.header.stamp);
    solo.give(solo.certificate(nullify(1)));
    solo.propose(block);
    assert.deepEqual(solo.signed(), []);
  });

  test("batches first; malformed ones make the block invalid", () => {
    const solo = balanced();
    const block = solo.build(1);
    at(solo, block.header.stamp);
    solo.holding.add("obtain");
    solo.propose(block);
    assert.deepEqual(solo.signed(), []);
    solo.input({ type: "available", hash: hashOf(block), ok: false });
    assert.deepEqual(solo.signed(), ["nullify 1"]);
  });

  test("a stamp beyond the clock's drift waits and is not invalid", () => {
    const solo = balanced();
    const block = solo.build(1, undefined, { stamp: solo.now + BLOCK_TIME + 1_000 });
    solo.wait(BLOCK_TIME);
    solo.propose(block);
    assert.deepEqual(solo.signed(), []);
    solo.wait(1_000 - PARAMS.drift);
    assert.deepEqual(solo.signed(), ["notarize 1"]);
  });

  const INVALID: readonly (readonly [string, (solo: Solo) => Parameters<Solo["build"]>[2]])[] = [
    ["a stamp before the parent's plus blockTime", (solo) => ({ stamp: solo.now + BLOCK_TIME - 1 })],
    ["another settlement block of the parent's number", () => ({ reference: { number: 0, hash: NEVER } })],
    ["a wrong state root", () => ({ stateRoot: NEVER })],
    [
      "a carried certificate without quorum",
      (solo) => ({ certificates: [solo.certificate(nullify(1), [0, 1])] }),
    ],
    ["a stamp past the settlement lease", (solo) => ({ stamp: solo.now + PARAMS.settleLease + 1 })],
  ];
  for (const [what, changes] of INVALID) {
    test(`invalid, hence NULLIFY: ${what}`, () => {
      const solo = balanced();
      const made = changes(solo);
      // A payload with a reference below or beside the parent's is corrected by an honest builder.
      let block = solo.build(1, undefined, made);
      if (made?.reference !== undefined)
        block = { ...block, header: { ...block.header, reference: made.reference } };
      at(solo, block.header.stamp);
      solo.propose(block);
      assert.deepEqual(solo.signed(), ["nullify 1"]);
      assert.deepEqual(solo.take("ban"), []);
    });
  }

  test("no certificate of the parent, or a gap without X, is invalid", () => {
    for (const drop of ["notarize", "nullify"]) {
      const solo = balanced();
      const parent = solo.finalize(1);
      solo.give(solo.certificate(nullify(2)));
      const whole = solo.build(3, parent);
      const certificates = whole.body.certificates.filter((c) => c.kind !== drop);
      const block = solo.build(3, parent, { certificates });
      at(solo, block.header.stamp);
      solo.propose(block);
      assert.equal(solo.signed().at(-1), "nullify 3", drop);
    }
  });

  test("a forged NOTARIZE or an inconsistent body costs the sender its connection, not the leader", () => {
    const solo = balanced();
    const block = solo.build(1);
    at(solo, block.header.stamp);
    const proposal = solo.proposal(block);
    solo.message("mallory", {
      type: "proposal",
      proposal: { ...proposal, signature: new Uint8Array(96) },
    });
    const other = { ...block, body: { ...block.body, batches: [NEVER] } };
    solo.message("eve", { type: "proposal", proposal: { ...proposal, block: other } });
    assert.deepEqual(
      solo.take("ban").map((effect) => effect.peer),
      ["mallory", "eve"],
    );
    solo.propose(block);
    assert.deepEqual(solo.signed(), ["notarize 1"]);
  });

  test("a forged proposal with forged certificates does not make the leader's view invalid", () => {
    const solo = balanced();
    const block = solo.build(1);
    at(solo, block.header.stamp);
    solo.holding.add("verify");
    solo.message("mallory", {
      type: "proposal",
      proposal: { ...solo.proposal(block), signature: new Uint8Array(96) },
    });
    const failed = { part: "certificate", index: 0 } as const;
    const { job } = solo.take("verify").at(-1)!;
    solo.input({ type: "verified", job, result: { what: "all", ok: false, failed } });
    solo.release("verify");
    assert.deepEqual(solo.signed(), []);
    assert.equal(solo.take("ban")[0]?.peer, "mallory");
  });

  test("carried certificates are believed only when verified, even of a block that was fetched before", () => {
    const solo = balanced();
    const parent = solo.build(1);
    const x = { ...solo.certificate(nullify(2)), signature: new Uint8Array(96) };
    // The forged X stands in a block that a child of its own leader makes this replica fetch.
    const forged = solo.build(3, hashOf(parent), {
      certificates: [solo.certificate(solo.bodyOf("notarize", hashOf(parent))), x],
    });
    const child = solo.build(4, hashOf(forged));
    at(solo, child.header.stamp);
    solo.propose(child);
    solo.message("peer", { type: "blocks", blocks: [{ block: forged, certificate: null, backing: null }] });
    assert.ok(solo.state.blocks.has(hashOf(forged)));
    solo.propose(forged);
    assert.equal(solo.state.views.get(2)?.nullification ?? null, null);
  });

  test("a forged VRF proof under a valid NOTARIZE makes the block invalid", () => {
    const solo = balanced();
    const block = solo.build(1);
    at(solo, block.header.stamp);
    solo.holding.add("verify");
    solo.propose(block);
    const job = solo.take("verify").at(-1)!;
    solo.input({
      type: "verified",
      job: job.job,
      result: { what: "all", ok: false, failed: { part: "signature", index: 1 } },
    });
    assert.deepEqual(solo.signed(), []);
    solo.held.length = 0;
    solo.holding.delete("verify");
    solo.answer(solo.take("verify").at(-1)!);
    assert.deepEqual(solo.signed(), ["nullify 1"]);
    assert.deepEqual(solo.take("ban"), []);
  });

  test("settlement reference: wait while it is not final, invalid if it shows something else", () => {
    const reference = { number: 5, hash: NEVER };
    for (const shown of [7, 8]) {
      const solo = balanced();
      const block = solo.build(1, undefined, { reference, settledAt: 1_000_007 });
      at(solo, block.header.stamp);
      solo.propose(block);
      assert.deepEqual(solo.signed(), []);
      assert.ok(solo.rules().has("3: settlement reference not final yet"));
      const reading = { settledAt: 1_000_000 + shown, inboxCursor: 0, candidate: null };
      solo.input({ type: "reference", reference, epoch: 0, reading });
      assert.deepEqual(solo.signed(), [shown === 7 ? "notarize 1" : "nullify 1"]);
    }
  });

  test("past the settlement lease nothing is notarized or finalized, but nullified", () => {
    const solo = balanced();
    const block = solo.build(1);
    at(solo, block.header.stamp + PARAMS.settleLease);
    solo.propose(block);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    assert.equal(solo.state.view, 2);
    solo.wait(BLOCK_TIME + 2 * DELTA);
    assert.deepEqual(solo.signed(), ["nullify 1", "nullify 2"]);
  });

  test("Fast: past the lease of the last backed checkpoint nothing is notarized", () => {
    const { authorities, entries } = fast(1).options.registry;
    const stakes = entries.map((entry) => entry.stake);
    // One millisecond short of what the first block needs: its stamp plus the drift a clock may have.
    for (const [lease, signed] of [
      [PARAMS.blockTime.fast + PARAMS.drift - 1, []],
      [PARAMS.blockTime.fast + PARAMS.drift, ["notarize 1"]],
    ] as const) {
      const registry = registryOf({
        authorities: stakes.slice(0, authorities),
        stakers: stakes.slice(authorities),
        params: { ...PARAMS, termViews: 1, lease },
      });
      const solo = new Solo({ registry, mode: "fast" });
      const block = solo.build(1);
      at(solo, block.header.stamp);
      solo.propose(block);
      assert.deepEqual(solo.signed(), signed);
    }
  });

  test("a term's later view: parent v-1 with own NOTARIZE, at most `ahead` views beyond the last N", () => {
    const solo = fast(4);
    const hashes: Hash[] = [];
    for (let view = 1; view <= 3; view++) {
      const block = solo.build(view, hashes.at(-1));
      hashes.push(hashOf(block));
      at(solo, block.header.stamp);
      solo.propose(block);
    }
    assert.deepEqual(solo.signed(), ["notarize 1", "notarize 2"]);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashes[0]!)));
    assert.deepEqual(
      solo.signed(),
      ["notarize 1", "notarize 2", "finalize 1", "notarize 3"].sort(byFirstSeen(solo)),
    );
  });

  test("NOTARIZE for later views of a term stays allowed after NULLIFY(u), FINALIZE does not", () => {
    const solo = fast(4);
    const first = solo.build(1);
    solo.wait(PARAMS.blockTime.fast + 2 * PARAMS.delta.fast);
    assert.deepEqual(solo.signed(), ["nullify 1"]);
    solo.propose(first);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(first))));
    const second = solo.build(2, hashOf(first));
    solo.propose(second);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(second))));
    assert.equal(solo.state.view, 3);
    assert.deepEqual(solo.signed(), ["nullify 1", "notarize 2"]);
  });
});

/** Keeps the order in which things were signed: for lists whose order is not the point. */
function byFirstSeen(solo: Solo): (a: string, b: string) => number {
  const order = solo.signed();
  return (a, b) => order.indexOf(a) - order.indexOf(b);
}

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

describe("rule 9: back-off", () => {
  test("Δ doubles with each term beyond two without a final view, up to the cap", () => {
    const solo = balanced({ skipViews: 0 });
    const patience = (view: number): number => {
      solo.give(solo.certificate(nullify(view - 1)));
      return solo.state.timers.lead - solo.now;
    };
    solo.wait(BLOCK_TIME);
    assert.deepEqual(
      [2, 3, 4, 5].map(patience),
      [2, 4, 8, 16].map((n) => n * DELTA),
    );
    assert.equal(patience(40), 2 * DELTA * 2 ** 6);
  });
});

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
