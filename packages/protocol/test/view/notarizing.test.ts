import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Hash, hashOf } from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { nullify, Solo } from "../support/solo.ts";
import { at, BLOCK_TIME, balanced, DELTA, fast, NEVER, PARAMS } from "../support/views.ts";

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
    solo.input({ type: "available", hash: hashOf(block), ok: false, inboxFrom: null });
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
      const reading = { settledAt: 1_000_000 + shown, due: [], candidate: null };
      solo.input({ type: "reference", reference, epoch: 0, inboxFrom: 0, reading });
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
