import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  DEVNET_PARAMS,
  fromHex,
  type Hash,
  type Message,
  type Registry,
  toBitmap,
  toHex,
  type Vote,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { Verifier } from "../../src/engine/index.ts";

const secrets = Array.from({ length: 4 }, (_, i) => {
  const secret = createHash("sha256").update(`verifier ${i}`).digest();
  secret[0]! &= 0x3f;
  return secret;
});
const R: Hash = `0x${"11".repeat(32)}`;
const registry: Registry = {
  root: R,
  entries: secrets.map((secret, i) => {
    const key = nativeBls.parseKey(nativeBls.publicKey(secret));
    return { validatorId: i + 1, key: key.bytes, keyBytes: key.uncompressed, stake: 1n };
  }),
  authorities: 4,
  suspended: new Set(),
  backing: new Set([0, 1, 2, 3]),
  params: DEVNET_PARAMS,
};
const root: Hash = toHex(createHash("sha256").update("root").digest());
const sign = (seat: number, of: Hash = root): Uint8Array => nativeBls.sign(secrets[seat]!, fromHex(of));
const fresh = (): Verifier => new Verifier((wanted) => (wanted === R ? registry : null));

test("votes are answered with the valid ones and their sum", () => {
  const votes = [0, 1, 3].map((seat) => ({ seat, signature: sign(seat) }));
  const result = fresh().run({ what: "votes", registry: R, root, votes });
  assert.equal(result.what, "votes");
  if (result.what !== "votes") return;
  assert.deepEqual(result.valid, [0, 1, 3]);
  const bitmap = toBitmap([0, 1, 3], 4);
  const certificate = { registry: R, root, bitmap, signature: result.aggregate! };
  assert.deepEqual(fresh().run({ what: "certificate", ...certificate }), { what: "certificate", ok: true });
});

test("aggregates are answered with the valid ones and their sum, and a certificate of that is believed at once", () => {
  const part = (seats: readonly number[], by: readonly number[] = seats) => ({
    bitmap: toBitmap(seats, 4),
    signature: nativeBls.aggregateSignatures(by.map((seat) => nativeBls.parseSignature(sign(seat)))),
  });
  const verifier = fresh();
  const parts = [part([0, 1]), part([2], [3]), part([3])];
  const result = verifier.parts({ what: "parts", registry: R, root, parts });
  assert.deepEqual(result.valid, [0, 2]);
  const certificate = { registry: R, root, bitmap: toBitmap([0, 1, 3], 4), signature: result.aggregate! };
  assert.deepEqual(verifier.run({ what: "certificate", ...certificate }), { what: "certificate", ok: true });
  assert.deepEqual(verifier.parts({ what: "parts", registry: R, root, parts: parts.slice(1, 2) }), {
    what: "parts",
    valid: [],
    aggregate: null,
  });
});

test("an aggregate whose signature is no point is not well-formed", () => {
  const partial = (signature: Uint8Array) => ({
    type: "partial" as const,
    partial: {
      kind: "nullify" as const,
      view: 1,
      parentView: 0,
      blockHash: ZERO_HASH,
      epoch: 0,
      domain: ZERO_HASH,
      bitmap: toBitmap([0], 4),
      signature,
    },
  });
  assert.equal(fresh().wellFormed(partial(sign(0))), true);
  assert.equal(fresh().wellFormed(partial(new Uint8Array(96).fill(1))), false);
});

test("bad votes are found among good ones; a seat counts once", () => {
  const votes = [
    { seat: 0, signature: sign(0) },
    { seat: 1, signature: sign(2) },
    { seat: 2, signature: sign(2) },
    { seat: 2, signature: sign(2) },
    { seat: 9, signature: sign(3) },
    { seat: 3, signature: new Uint8Array(96) },
  ];
  const result = fresh().run({ what: "votes", registry: R, root, votes });
  assert.ok(result.what === "votes");
  assert.deepEqual(result.valid, [0, 2]);
  const bitmap = toBitmap([0, 2], 4);
  const check = { what: "certificate", registry: R, root, bitmap, signature: result.aggregate! } as const;
  assert.deepEqual(fresh().run(check), { what: "certificate", ok: true });
});

test("no valid vote, no sum", () => {
  const votes = [{ seat: 0, signature: sign(1) }];
  const result = fresh().run({ what: "votes", registry: R, root, votes });
  assert.deepEqual(result, { what: "votes", valid: [], aggregate: null });
});

test("a certificate of other seats, with a bit too many or over another root is refused, also after a good one", () => {
  const signature = nativeBls.aggregateSignatures([sign(0), sign(1)]);
  const verifier = fresh();
  const check = (bitmap: Uint8Array, of: Hash = root) =>
    verifier.run({ what: "certificate", registry: R, root: of, bitmap, signature });
  assert.deepEqual(check(toBitmap([0, 1], 4)), { what: "certificate", ok: true });
  assert.deepEqual(check(toBitmap([0, 2], 4)), { what: "certificate", ok: false });
  assert.deepEqual(check(Uint8Array.of(0b10011)), { what: "certificate", ok: false });
  assert.deepEqual(check(toBitmap([0, 1], 4), ZERO_HASH), { what: "certificate", ok: false });
  assert.deepEqual(check(new Uint8Array(1)), { what: "certificate", ok: false });
});

test("of items that must all hold, the first that does not is named", () => {
  const aggregate = nativeBls.aggregateSignatures([sign(0), sign(1)]);
  const good = { registry: R, seat: 0, root, signature: sign(0) };
  const certificate = { registry: R, root, bitmap: toBitmap([0, 1], 4), signature: aggregate };
  const run = (signatures: (typeof good)[], certificates: (typeof certificate)[]) =>
    fresh().run({ what: "all", signatures, groups: [], certificates });
  assert.deepEqual(run([good], [certificate]), { what: "all", ok: true, failed: null });
  assert.deepEqual(run([good, { ...good, seat: 1 }], [certificate]), {
    what: "all",
    ok: false,
    failed: { part: "signature", index: 1 },
  });
  assert.deepEqual(run([good], [certificate, { ...certificate, bitmap: toBitmap([0], 4) }]), {
    what: "all",
    ok: false,
    failed: { part: "certificate", index: 1 },
  });
  const each = fresh().run({ what: "each", signatures: [good, { ...good, seat: 2 }] });
  assert.deepEqual(each, { what: "each", valid: [true, false] });
});

test("a signature that is no point of the subgroup is seen on arrival", () => {
  const vote: Vote = {
    kind: "nullify",
    view: 1,
    parentView: 0,
    blockHash: ZERO_HASH,
    epoch: 0,
    domain: ZERO_HASH,
    seat: 0,
    signature: sign(0),
  };
  const message = (signature: Uint8Array): Message => ({ type: "vote", vote: { ...vote, signature } });
  assert.equal(fresh().wellFormed(message(sign(0))), true);
  assert.equal(fresh().wellFormed(message(new Uint8Array(96))), false);
  const infinity = new Uint8Array(96);
  infinity[0] = 0xc0;
  assert.equal(fresh().wellFormed(message(infinity)), false);
});
