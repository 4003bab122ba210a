import assert from "node:assert/strict";
import { test } from "node:test";
import type { Checkpoint, Hash, SignIntent, VoteKind } from "@aitbc-hybrid/protocol";
import { Protection, type ProtectionLog } from "../../src/signing/index.ts";

const hash = (byte: string): Hash => `0x${byte.repeat(64)}`;
const D0 = hash("0");
const D1 = hash("1");
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
const checkpoint = (height: number, blockHash: Hash): SignIntent => ({
  what: "checkpoint",
  epoch: 0,
  domain: D0,
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

function fresh(termViews = 1): { protection: Protection; log: MemoryLog } {
  const log = new MemoryLog();
  const protection = new Protection(log);
  protection.open(D0, 0, termViews);
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
  protection.open(D1, 2, 1);
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
  protection.open(D1, 5, 1);
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
