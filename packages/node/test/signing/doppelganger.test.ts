import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  DEVNET_PARAMS,
  fromHex,
  type Hash,
  type Registry,
  type Vote,
  voteRoot,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { Doppelganger } from "../../src/signing/index.ts";

const secretOf = (name: string): Uint8Array => {
  const secret = createHash("sha256").update(name).digest();
  secret[0]! &= 0x3f;
  return secret;
};
const own = secretOf("own");
const other = secretOf("other");
const registry: Registry = {
  root: ZERO_HASH,
  entries: [other, own].map((secret, i) => {
    const key = nativeBls.parseKey(nativeBls.publicKey(secret));
    return { validatorId: i + 1, key: key.bytes, keyBytes: key.uncompressed, stake: 1n };
  }),
  authorities: 2,
  suspended: new Set(),
  backing: new Set([0, 1]),
  params: DEVNET_PARAMS,
};
const D: Hash = `0x${"dd".repeat(32)}`;

function vote(seat: number, secret: Uint8Array): Vote {
  const body = { kind: "nullify", view: 3, parentView: 0, blockHash: ZERO_HASH } as const;
  return {
    ...body,
    epoch: 4,
    domain: D,
    seat,
    signature: nativeBls.sign(secret, fromHex(voteRoot(D, body))),
  };
}

test("a vote with the own key is noticed", () => {
  const guard = new Doppelganger(nativeBls.publicKey(own), registry);
  guard.observe({ type: "vote", vote: vote(0, other) });
  assert.equal(guard.found, null);
  guard.observe({ type: "vote", vote: vote(1, own) });
  assert.match(guard.found ?? "", /nullify of view 3 in epoch 4/);
});

test("who only claims the own seat cannot stop a start", () => {
  const guard = new Doppelganger(nativeBls.publicKey(own), registry);
  guard.observe({ type: "vote", vote: vote(1, other) });
  assert.equal(guard.found, null);
});

test("a key without a seat has nothing to find", () => {
  const guard = new Doppelganger(nativeBls.publicKey(secretOf("nobody")), registry);
  guard.observe({ type: "vote", vote: vote(1, own) });
  assert.equal(guard.found, null);
});
