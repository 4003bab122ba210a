import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  DEVNET_PARAMS,
  type DurableRecord,
  decodeRecord,
  encodeRecord,
  hashOf,
  restoreReplica,
  type SignIntent,
} from "../src/index.ts";
import { LocalNet, registryOf } from "../src/testing/index.ts";
import { nullify, Solo } from "./support/solo.ts";

const params = { ...DEVNET_PARAMS, rootLag: 2 };
const registry = registryOf({
  authorities: [0n, 0n, 0n, 0n],
  stakers: [1_000n, 1_000n, 1_000n, 1_000n, 1_000n],
  params,
});
const DELTA = params.delta.balanced;
const fresh = (seat?: number) =>
  new Solo({ registry, mode: "balanced", ...(seat === undefined ? {} : { seat }) });

const lastEpoch = (records: readonly DurableRecord[]) =>
  records.slice(records.findLastIndex((record) => record.type === "epoch"));

/** Kill and restart: memory is gone, the records went through their encoding. */
function restart(solo: Solo, records: readonly DurableRecord[] = solo.records): void {
  const kept = lastEpoch(records).map((record) => decodeRecord(encodeRecord(record)));
  solo.held.length = 0;
  const { state, effects } = restoreReplica(solo.config, [registry], kept, solo.now);
  solo.adopt(state, effects);
}

const asked = (solo: Solo): SignIntent[] => solo.take("sign").map((effect) => effect.intent);

describe("restoring (section 4)", () => {
  test("what was signed stays binding, even if its signature never came", () => {
    const solo = fresh();
    const [first, second] = [solo.build(1), solo.build(1, undefined, { salt: 1 })];
    solo.now = first.header.stamp;
    solo.holding.add("sign");
    solo.propose(first);
    restart(solo);
    assert.deepEqual(
      asked(solo).map((intent) => intent.what === "vote" && intent.vote.blockHash),
      [hashOf(first)],
    );
    solo.propose(second);
    assert.equal(asked(solo).length, 1);
  });

  test("a signed NULLIFY still forbids NOTARIZE and FINALIZE", () => {
    const solo = fresh();
    solo.wait(params.blockTime.balanced + 2 * DELTA);
    assert.deepEqual(solo.signed(), ["nullify 1"]);
    restart(solo);
    const block = solo.build(1);
    solo.propose(block);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    assert.equal(solo.state.view, 2);
    assert.deepEqual([...new Set(solo.signed())], ["nullify 1"]);
  });

  test("a signed FINALIZE still forbids NULLIFY", () => {
    const solo = fresh();
    const block = solo.build(1);
    solo.now = block.header.stamp;
    solo.propose(block);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    assert.ok(solo.signed().includes("finalize 1"));
    solo.holding.add("execute");
    restart(solo);
    assert.equal(solo.state.view, 1, "not certified again before it is executed again");
    solo.wait(60_000);
    assert.ok(!solo.signed().includes("nullify 1"));
    solo.release("execute");
    assert.equal(solo.state.view, 2);
  });

  test("a leader proposes the same block again, whatever its batches are now", () => {
    const probe = fresh(0);
    const solo = fresh(probe.leader(1));
    solo.wait(params.blockTime.balanced);
    const ask = solo.take("payload").at(-1)!;
    const payload = {
      batches: [],
      reference: ask.parentReference,
      settledAt: ask.parentSettledAt,
      inboxCursor: 0,
      feeRecipient: `0x${"00".repeat(20)}`,
      candidate: null,
      vrfProof: solo.signature(solo.leader(1), ask.vrfRoot),
    } as const;
    solo.holding.add("sign");
    solo.input({ type: "payload", epoch: 0, view: 1, parentHash: ask.parentHash, payload });
    const block = solo.state.own.get(1)!.proposal!.block;
    restart(solo);
    solo.wait(DELTA);
    assert.deepEqual(solo.take("payload"), []);
    solo.release("sign");
    const [sent] = solo.take("broadcast");
    assert.equal(sent?.message.type === "proposal" && hashOf(sent.message.proposal.block), hashOf(block));
  });

  test("certificates and final blocks are held again; nothing final is announced twice", () => {
    const solo = fresh();
    for (let view = 1; view <= 3; view++) solo.finalize(view);
    const block = solo.build(4);
    solo.now = block.header.stamp;
    solo.propose(block);
    solo.give(solo.certificate(solo.bodyOf("notarize", hashOf(block))));
    solo.give(solo.certificate(nullify(5)));
    const before = solo.state;
    restart(solo);
    assert.deepEqual(solo.state.tip, before.tip);
    assert.deepEqual(solo.state.ledgered, before.ledgered);
    assert.deepEqual(solo.state.roots, before.roots);
    assert.equal(solo.state.view, before.view);
    assert.equal(solo.state.views.get(4)?.certified?.blockHash, hashOf(block));
    assert.deepEqual(solo.take("finalized"), []);
  });

  test("a checkpoint is signed once, and repeated until backed", () => {
    const solo = fresh();
    for (let view = 1; view <= 5; view++) solo.finalize(view);
    const [checkpoint] = asked(solo).filter((intent) => intent.what === "checkpoint");
    assert.equal(checkpoint?.checkpoint.height, 5);
    restart(solo);
    const again = asked(solo).filter((intent) => intent.what === "checkpoint");
    assert.deepEqual(again, [checkpoint]);
    assert.equal(solo.take("broadcast").filter(({ message }) => message.type === "checkpointVote").length, 1);
    const backing = solo.backing(checkpoint!.checkpoint);
    solo.message("peer", { type: "checkpointCertificate", certificate: backing });
    assert.equal(solo.state.backedHeight, 5);
    restart(solo);
    assert.equal(solo.state.backedHeight, 5);
    assert.deepEqual(
      asked(solo).filter((intent) => intent.what === "checkpoint"),
      [],
    );
  });

  test("a refused intent is never asked for again", () => {
    const solo = fresh();
    const block = solo.build(1);
    solo.now = block.header.stamp;
    solo.holding.add("sign");
    solo.propose(block);
    const { id } = solo.take("sign")[0]!;
    solo.input({ type: "refused", id, reason: "below the low-water mark" });
    solo.input({ type: "signed", id, signature: new Uint8Array(96) });
    solo.input({ type: "tick" });
    assert.deepEqual(solo.signed(), ["notarize 1"]);
    assert.deepEqual(solo.take("broadcast"), []);
  });

  test("records that do not begin with an epoch, or whose registry is missing, are refused", () => {
    const solo = fresh();
    solo.finalize(1);
    assert.throws(() => restoreReplica(solo.config, [registry], solo.records.slice(1), 0), {
      code: "STATE_INVALID",
    });
    assert.throws(() => restoreReplica(solo.config, [], solo.records, 0), { code: "STATE_INVALID" });
    assert.throws(() => restoreReplica(solo.config, [registry], [], 0), { code: "STATE_INVALID" });
  });

  test("any prefix of a run's records restores, and signs nothing that contradicts it", () => {
    const net = new LocalNet({ registry, mode: "balanced" });
    net.run(net.now + 60_000, () => net.finals[0]!.length >= 25);
    const records = net.records[0]!;
    assert.ok(records.length > 100);
    for (let length = 1; length <= records.length; length += 7) {
      const prefix = lastEpoch(records.slice(0, length));
      const { state } = restoreReplica(net.config(0), [registry], prefix, net.now);
      const final = prefix.filter((record) => record.type === "final").at(-1);
      if (final !== undefined) assert.equal(state.tip.height, final.block.header.height);
      assert.equal(state.halted, null);
    }
  });
});
