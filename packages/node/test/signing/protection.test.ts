import assert from "node:assert/strict";
import { test } from "node:test";
import { type Checkpoint, type Hash, type SignIntent, type VoteKind, Writer } from "@aitbc-hybrid/protocol";
import { Protection, type ProtectionLog } from "../../src/signing/index.ts";

const hash = (byte: string): Hash => `0x${byte.repeat(64)}`;
const D0 = hash("0");
const D1 = hash("1");
const D2 = hash("2");
const A = hash("a");
const B = hash("b");
const ZERO = hash("0");

/** A log in memory; what is lost in a crash is what was not synced. */
class MemoryLog implements ProtectionLog {
  records: Uint8Array[] = [];
  #waiting: Uint8Array[] = [];
  append(record: Uint8Array): void {
    this.#waiting.push(record);
  }
  async sync(): Promise<void> {
    this.records.push(...this.#waiting.splice(0));
  }
  async replace(records: readonly Uint8Array[]): Promise<void> {
    this.#waiting = [];
    this.records = [...records];
  }
  async close(): Promise<void> {}
}

const vote = (
  kind: VoteKind,
  view: number,
  blockHash: Hash,
  parentView = view - 1,
  domain = D0,
): SignIntent => ({
  what: "vote",
  epoch: 0,
  domain,
  vote:
    kind === "nullify"
      ? { kind, view, parentView: 0, blockHash: ZERO }
      : { kind, view, parentView, blockHash },
});
const checkpoint = (height: number, blockHash: Hash, domain = D0): SignIntent => ({
  what: "checkpoint",
  epoch: 0,
  domain,
  checkpoint: {
    height,
    view: height,
    stamp: 1,
    blockHash,
    stateRoot: A,
    blocksRoot: A,
    previous: A,
    boundary: null,
  } satisfies Checkpoint,
});

const restart = (view: number, blockHash: Hash, domain = D0): SignIntent => ({
  what: "restart",
  epoch: 0,
  domain,
  restart: { view, blockHash },
});
const ready = (domain = D0): SignIntent => ({
  what: "signal",
  epoch: 0,
  domain,
  signal: { kind: "ready", day: 1 },
});

function fresh(termViews = 1): { protection: Protection; log: MemoryLog } {
  const log = new MemoryLog();
  const protection = new Protection(log);
  protection.open(D0, 0, 0, termViews);
  return { protection, log };
}

const pairs: [string, SignIntent, SignIntent, boolean][] = [
  ["two NOTARIZE of one view", vote("notarize", 5, A), vote("notarize", 5, B), false],
  ["one block under two parent views", vote("notarize", 5, A, 4), vote("notarize", 5, A, 3), false],
  ["two FINALIZE of one view", vote("finalize", 5, A), vote("finalize", 5, B), false],
  ["NOTARIZE, then FINALIZE of another", vote("notarize", 5, A), vote("finalize", 5, B), false],
  ["FINALIZE, then NOTARIZE of another", vote("finalize", 5, A), vote("notarize", 5, B), false],
  ["FINALIZE, then NULLIFY", vote("finalize", 5, A), vote("nullify", 5, A), false],
  ["NULLIFY, then FINALIZE", vote("nullify", 5, A), vote("finalize", 5, A), false],
  ["NOTARIZE and FINALIZE of one block", vote("notarize", 5, A), vote("finalize", 5, A), true],
  ["NOTARIZE and NULLIFY", vote("notarize", 5, A), vote("nullify", 5, A), true],
  ["the same again", vote("notarize", 5, A), vote("notarize", 5, A), true],
  ["a late FINALIZE", vote("notarize", 9, A), vote("finalize", 5, A), true],
  ["NULLIFY of the view before a FINALIZE", vote("finalize", 5, A), vote("nullify", 4, A), true],
  ["two checkpoints of one height", checkpoint(10, A), checkpoint(10, B), false],
  ["one checkpoint twice", checkpoint(10, A), checkpoint(10, A), true],
  ["checkpoints of two heights", checkpoint(10, A), checkpoint(15, B), true],
  ["RESTARTs of one view for two blocks", restart(5, A), restart(5, B), false],
  ["one RESTART twice", restart(5, A), restart(5, A), true],
  ["a higher RESTART after one that was cancelled", restart(5, A), restart(7, B), true],
  ["FINALIZE, then RESTART below it", vote("finalize", 6, A), restart(5, B), false],
  ["FINALIZE, then RESTART of its view", vote("finalize", 5, A), restart(5, A), true],
  ["a checkpoint, then RESTART below it", checkpoint(6, A), restart(5, B), false],
  ["a checkpoint, then RESTART of its view", checkpoint(5, A), restart(5, A), true],
  ["NULLIFY, then RESTART below it", vote("nullify", 9, A), restart(5, A), true],
  ["RESTART, then NOTARIZE", restart(5, A), vote("notarize", 9, A), false],
  ["RESTART, then FINALIZE", restart(5, A), vote("finalize", 3, A), false],
  ["RESTART, then NULLIFY", restart(5, A), vote("nullify", 9, A), false],
  ["RESTART, then a checkpoint", restart(5, A), checkpoint(3, A), false],
  ["RESTART, then READY", restart(5, A), ready(), false],
];

for (const [name, first, second, allowed] of pairs) {
  test(`${name}: ${allowed ? "signed" : "refused"}, also after a restart`, async () => {
    const { protection, log } = fresh();
    assert.equal(protection.permit(first).allowed, true);
    await protection.sync();
    assert.equal(new Protection(log).permit(second).allowed, allowed);
    assert.equal(protection.permit(second).allowed, allowed);
  });
}

test("within a term, NULLIFY excludes FINALIZE of every later view, and the reverse", () => {
  const { protection } = fresh(4);
  assert.equal(protection.permit(vote("nullify", 6, A)).allowed, true);
  assert.equal(protection.permit(vote("finalize", 5, A)).allowed, true);
  for (const view of [6, 7, 8]) assert.equal(protection.permit(vote("finalize", view, A)).allowed, false);
  assert.equal(protection.permit(vote("finalize", 9, A)).allowed, true);
  assert.equal(protection.permit(vote("nullify", 5, A)).allowed, false);
});

test("signs nothing in an unknown domain, nor in epochs that are over", () => {
  const { protection } = fresh();
  assert.equal(protection.permit(vote("notarize", 1, A, 0, D1)).allowed, false);
  protection.open(D1, 2, 0, 1);
  assert.equal(protection.permit(vote("notarize", 1, A, 0, D1)).allowed, true);
  assert.equal(protection.permit(vote("notarize", 1, A, 0, D0)).allowed, false);
});

test("what another machine signed becomes the low-water mark of this one", async () => {
  const { protection } = fresh();
  for (const intent of [vote("notarize", 7, A), vote("finalize", 7, A), checkpoint(5, A)])
    protection.permit(intent);
  const file: unknown = JSON.parse(JSON.stringify(protection.export(A, "0xkey")));

  const log = new MemoryLog();
  const other = new Protection(log);
  assert.equal(other.used, false);
  await other.import(file, A, "0xkey");
  const restarted = new Protection(log);
  for (const each of [other, restarted]) {
    assert.equal(each.used, true);
    for (const view of [1, 6, 7]) assert.equal(each.permit(vote("notarize", view, A)).allowed, false);
    assert.equal(each.permit(checkpoint(5, A)).allowed, false);
  }
  assert.equal(other.permit(vote("notarize", 8, A)).allowed, true);
  assert.equal(other.permit(checkpoint(10, A)).allowed, true);
  await assert.rejects(other.import(file, B, "0xkey"), { code: "PROTECTION_INVALID" });
  await assert.rejects(other.import(file, A, "0xother"), { code: "PROTECTION_INVALID" });
  await assert.rejects(other.import({ metadata: {} }, A, "0xkey"), { code: "PROTECTION_INVALID" });
});

test("compaction forgets closed epochs and nothing else", async () => {
  const { protection, log } = fresh();
  protection.permit(vote("notarize", 7, A));
  await protection.compact();
  assert.equal(new Protection(log).permit(vote("notarize", 7, B)).allowed, false);
  protection.open(D1, 5, 0, 1);
  protection.permit(vote("finalize", 3, A, 2, D1));
  const before = log.records.length;
  await protection.compact();
  assert.ok(log.records.length <= before + 2);
  const after = new Protection(log);
  assert.equal(after.permit(vote("notarize", 8, A)).allowed, false);
  assert.equal(after.permit(vote("nullify", 3, A, 2, D1)).allowed, false);
  assert.equal(after.permit(vote("notarize", 4, A, 3, D1)).allowed, true);
});

test("a rewriting that a crash cut off anywhere forgets nothing", async () => {
  const { protection, log } = fresh();
  for (let view = 1; view <= 5; view++) protection.permit(vote("notarize", view, A));
  await protection.sync();
  const before = [...log.records];
  await protection.compact();
  const rewritten = [...log.records];
  for (let kept = 0; kept <= rewritten.length; kept++) {
    log.records = [...before, ...rewritten.slice(0, kept)];
    const after = new Protection(log);
    for (let view = 1; view <= 5; view++)
      assert.equal(after.permit(vote("notarize", view, B)).allowed, false);
  }
});

test("long epochs: old views fall below the low-water mark, never out of protection", () => {
  const { protection } = fresh();
  for (let view = 1; view <= 9_000; view++)
    assert.equal(protection.permit(vote("notarize", view, A)).allowed, true);
  assert.equal(protection.permit(vote("notarize", 1, B)).allowed, false);
  assert.equal(protection.permit(vote("notarize", 8_999, B)).allowed, false);
  assert.equal(protection.permit(vote("notarize", 9_001, B)).allowed, true);
});

test("RESTART silences the next epoch of its incarnation too, and nothing of the next incarnation", async () => {
  const { protection, log } = fresh();
  protection.permit(restart(5, A));
  protection.open(D1, 1, 0, 1);
  protection.open(D2, 2, 0, 1);
  // Epoch 0 is closed by now: what it says goes on to bind.
  await protection.compact();
  for (const each of [protection, new Protection(log)]) {
    assert.equal(each.permit(vote("nullify", 1, A, 0, D1)).allowed, false);
    assert.equal(each.permit(checkpoint(9, A, D1)).allowed, false);
    assert.equal(each.permit(ready(D1)).allowed, false);
    assert.equal(each.permit(vote("notarize", 1, A, 0, D2)).allowed, true);
  }

  const { protection: other } = fresh();
  other.permit(restart(5, A));
  other.open(D1, 1, 1, 1);
  assert.equal(other.permit(vote("notarize", 1, A, 0, D1)).allowed, true);
});

test("what was signed in a later epoch forbids RESTART", async () => {
  for (const intent of [vote("nullify", 1, A, 0, D1), checkpoint(9, A, D1)]) {
    const { protection, log } = fresh();
    protection.open(D1, 1, 0, 1);
    assert.equal(protection.permit(intent).allowed, true);
    await protection.compact();
    for (const each of [protection, new Protection(log)])
      assert.equal(each.permit(restart(50, A)).allowed, false);
  }
  const { protection } = fresh();
  protection.open(D1, 1, 0, 1);
  assert.equal(protection.permit(restart(50, A)).allowed, true);
});

test("an incarnation that is over is closed, and a later one may begin at a lower epoch", async () => {
  const log = new MemoryLog();
  const protection = new Protection(log);
  protection.open(D0, 7, 0, 1);
  protection.permit(vote("notarize", 3, A));
  // The contracts went back to epoch 4: 5 is the new incarnation's first.
  protection.open(D1, 5, 1, 1);
  await protection.compact();
  for (const each of [protection, new Protection(log)]) {
    assert.equal(each.permit(vote("notarize", 9, A)).allowed, false);
    assert.equal(each.permit(vote("notarize", 1, A, 0, D1)).allowed, true);
  }
});

test("a RESTART and what it was bound by move to another machine", async () => {
  const { protection } = fresh();
  for (const intent of [vote("finalize", 4, A), vote("nullify", 9, A), restart(6, A)])
    assert.equal(protection.permit(intent).allowed, true);
  const file: unknown = JSON.parse(JSON.stringify(protection.export(A, "0xkey")));
  const other = new Protection(new MemoryLog());
  await other.import(file, A, "0xkey");
  assert.equal(other.permit(restart(6, B)).allowed, false);
  assert.equal(other.permit(restart(3, A)).allowed, false);
  assert.equal(other.permit(restart(6, A)).allowed, true);
  assert.equal(other.permit(vote("nullify", 20, A)).allowed, false);
});

test("a log of the version before: no RESTART where it does not tell what was finalized", async () => {
  const old = (tag: number, ...parts: (Hash | number)[]): Uint8Array => {
    const writer = new Writer(128).u8(tag);
    for (const part of parts) typeof part === "number" ? writer.u64(part) : writer.hash(part);
    return writer.done().slice();
  };
  const domain = new Writer(64).u8(1).hash(D0).u64(0).u32(1).done().slice();
  for (const [record, allowed] of [
    [old(3, D0, 0, 0), true],
    [old(3, D0, 7, 0), false],
    [old(5, D0, 10, A), false],
  ] as const) {
    const log = new MemoryLog();
    log.records = [old(2, 0), domain, record];
    assert.equal(new Protection(log).permit(restart(9, A)).allowed, allowed);
  }
});
