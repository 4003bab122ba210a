import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toBitmap, toHex } from "@aitbc-hybrid/protocol";
import { smallParams } from "../src/scenario.ts";
import { sealRegistry } from "../src/settlement/index.ts";
import { Keyring, named, sumSignatures } from "../src/signatures.ts";

const params = smallParams({
  epochLength: 4,
  checkpointInterval: 2,
  blockTime: 50,
  delta: 100,
  termViews: 1,
  refLag: 0,
  rootLag: 1,
  drift: 50,
});

function world() {
  const bare = new Keyring({ validators: 5, seed: "x" }, { registryOf: () => undefined });
  const registry = sealRegistry(
    {
      authorities: 2,
      seats: [0, 1, 2, null, 4].map((validator) => ({ validator, stake: validator === null ? 0n : 10n })),
      suspended: new Set(),
      unseated: new Set(),
      params,
    },
    bare,
  );
  const keyring = new Keyring({ validators: 5, seed: "x" }, { registryOf: () => registry });
  return { registry, keyring };
}

describe("stand-in signatures", () => {
  const { registry, keyring } = world();
  const root = named("root");
  const other = named("other root");

  it("bind signer and signing root", () => {
    const signature = keyring.sign(0, root);
    assert.equal(signature.length, 96);
    assert.ok(keyring.valid(registry.root, 0, root, signature));
    assert.ok(!keyring.valid(registry.root, 1, root, signature));
    assert.ok(!keyring.valid(registry.root, 0, other, signature));
    assert.ok(!keyring.valid(registry.root, 3, root, signature), "a vacant seat signs nothing");
    assert.ok(!keyring.valid(registry.root, 9, root, signature));
  });

  it("aggregate without order, and only for the exact set of signers and root", () => {
    const parts = [0, 2, 4].map((validator) => keyring.sign(validator, root));
    const sum = sumSignatures(parts);
    assert.equal(toHex(sum), toHex(sumSignatures(parts.toReversed())));
    const bitmap = toBitmap([0, 2, 4], 5);
    assert.ok(keyring.validAggregate(registry.root, root, bitmap, sum));
    assert.ok(!keyring.validAggregate(registry.root, other, bitmap, sum));
    assert.ok(!keyring.validAggregate(registry.root, root, toBitmap([0, 2], 5), sum));
    assert.ok(!keyring.validAggregate(registry.root, root, toBitmap([0, 2, 3, 4], 5), sum));
    assert.ok(!keyring.validAggregate(registry.root, root, new Uint8Array(1), new Uint8Array(96)));
    const twice = sumSignatures([...parts, parts[0]!]);
    assert.ok(!keyring.validAggregate(registry.root, root, bitmap, twice));
  });

  it("answer checks with who is to blame", () => {
    const good = { registry: registry.root, seat: 0, root, signature: keyring.sign(0, root) };
    const bad = { ...good, seat: 1 };
    assert.deepEqual(keyring.check({ what: "each", signatures: [good, bad] }), {
      what: "each",
      valid: [true, false],
    });
    assert.deepEqual(keyring.check({ what: "all", signatures: [good, bad], groups: [], certificates: [] }), {
      what: "all",
      ok: false,
      failed: { part: "signature", index: 1 },
    });
    const votes = keyring.check({
      what: "votes",
      registry: registry.root,
      root,
      votes: [
        { seat: 0, signature: keyring.sign(0, root) },
        { seat: 2, signature: keyring.sign(0, root) },
        { seat: 4, signature: keyring.sign(4, root) },
      ],
    });
    assert.deepEqual(votes.what === "votes" && votes.valid, [0, 4]);
  });
});
