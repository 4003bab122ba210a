import assert from "node:assert/strict";
import { test } from "node:test";
import {
  appendLeaf,
  type Block,
  type Certificate,
  type CheckpointCertificate,
  DEVNET_PARAMS,
  EMPTY_RANGE,
  type Evidence,
  type Hash,
  hashOf,
  rangeRoot,
  snapshotHash,
  type Vote,
  verifyRangeProof,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { ChainStore, type FinalBlock, RegistryStore } from "../../src/chain/index.ts";
import { memoryDatabase } from "../../src/storage/index.ts";
import { bareBlock } from "../support/blocks.ts";

const hash = (value: number): Hash => `0x${value.toString(16).padStart(64, "0")}`;

const block = (height: number): Block =>
  bareBlock({ domain: hash(1), view: height, parentHash: hash(height - 1), height });

/** A final block; `by` is the height whose F made it final. */
function final(height: number, epoch: number, by = height): FinalBlock {
  const certificate: Certificate = {
    kind: "finalize",
    view: by,
    parentView: by - 1,
    blockHash: hashOf(block(by)),
    epoch,
    domain: hash(1),
    bitmap: Uint8Array.of(7),
    signature: new Uint8Array(96),
  };
  const roots = { height, stateRoot: hash(70 + height), receiptsRoot: hash(80 + height) };
  return { epoch, hash: hashOf(block(height)), block: block(height), certificate, roots };
}

function backing(height: number): CheckpointCertificate {
  return {
    epoch: 0,
    domain: hash(1),
    checkpoint: {
      height,
      view: height,
      stamp: 1,
      blockHash: hash(height),
      stateRoot: ZERO_HASH,
      blocksRoot: ZERO_HASH,
      previous: ZERO_HASH,
      boundary: null,
    },
    bitmap: Uint8Array.of(7),
    signature: new Uint8Array(96),
  };
}

async function filled(answerBytes = 1_000_000) {
  const kv = memoryDatabase().bucket("chain");
  const store = await ChainStore.open({ answerBytes, genesisHash: hash(0) }, kv);
  // Height 2 has no F of its own; epoch 0 ends at 3.
  for (const each of [final(1, 0), final(2, 0, 3), final(3, 0), final(4, 1), final(5, 1, 6)])
    store.append(each);
  store.back(backing(3));
  await store.flush();
  return { kv, store };
}

test("blocks come back by height and hash, after a restart too", async () => {
  const { kv, store } = await filled();
  for (const each of [store, await ChainStore.open({ answerBytes: 1_000, genesisHash: hash(0) }, kv)]) {
    assert.equal(each.height, 5);
    assert.deepEqual(await each.at(2), final(2, 0, 3));
    assert.deepEqual(await each.byHash(final(4, 1).hash), final(4, 1));
    assert.equal(await each.at(6), null);
    assert.equal(await each.byHash(hash(99)), null);
    assert.equal((await each.lastOfEpoch(0))?.block.header.height, 3);
    assert.equal(each.backed?.checkpoint.height, 3);
    assert.deepEqual(await each.backingsAbove(2), [backing(3)]);
    assert.deepEqual(await each.backingsAbove(3), []);
  }
});

test("blocks are proved while they are written, and under a checkpoint whose block is here", async () => {
  const { store } = await filled();
  store.append(final(6, 1));
  store.back(backing(6));
  assert.ok((await store.proof(2, 6)) !== null);
  store.back(backing(8));
  assert.equal(store.backed?.checkpoint.height, 8);
  assert.deepEqual(await store.backedHere(), backing(6));
  store.append(final(7, 1));
  store.append(final(8, 1));
  assert.deepEqual(await store.backedHere(), backing(8));
  assert.ok((await store.proof(2, 8)) !== null);
});

test("no checkpoint backs what is here before the first one's block is", async () => {
  const store = await ChainStore.open(
    { answerBytes: 1_000, genesisHash: hash(0) },
    memoryDatabase().bucket("chain"),
  );
  assert.equal(await store.backedHere(), null);
  store.append(final(1, 0));
  store.back(backing(2));
  assert.equal(await store.backedHere(), null);
});

test("blocks are proved under every later height, after a restart too", async () => {
  const kv = memoryDatabase().bucket("chain");
  const options = { answerBytes: 1_000, genesisHash: hash(0) };
  let store = await ChainStore.open(options, kv);
  let range = appendLeaf(EMPTY_RANGE, hash(0));
  const leaves = [hash(0)];
  const roots = [rangeRoot(range)];
  for (let height = 1; height <= 20; height++) {
    if (height % 6 === 0) {
      await store.flush();
      store = await ChainStore.open(options, kv);
    }
    const block = final(height, 0);
    store.append(block);
    leaves.push(block.hash);
    range = appendLeaf(range, block.hash);
    roots.push(rangeRoot(range));
  }
  await store.flush();
  for (const [under, root] of roots.entries()) {
    for (const [height, leaf] of leaves.slice(0, under + 1).entries()) {
      const proof = await store.proof(height, under);
      assert.ok(proof !== null && verifyRangeProof(root, under + 1, height, leaf, proof));
    }
    assert.equal(await store.proof(under + 1, under), null);
  }
  assert.equal(await store.proof(3, 21), null);

  // A recovery gives up blocks, and others take their place.
  let other = leaves.slice(0, 14).reduce(appendLeaf, EMPTY_RANGE);
  store.rewind(13);
  for (let height = 14; height <= 18; height++) {
    const block = { ...final(height, 1), hash: hash(1_000 + height) };
    store.append(block);
    other = appendLeaf(other, block.hash);
  }
  await store.flush();
  for (const each of [store, await ChainStore.open(options, kv)]) {
    for (const height of [3, 13, 14, 18]) {
      const leaf = height > 13 ? hash(1_000 + height) : leaves[height]!;
      const proof = await each.proof(height, 18);
      assert.ok(proof !== null && verifyRangeProof(rangeRoot(other), 19, height, leaf, proof));
    }
    assert.equal(await each.proof(3, 19), null);
  }
});

test("a height is stored once", async () => {
  const { store } = await filled();
  store.append(final(4, 9));
  assert.equal((await store.at(4))?.epoch, 1);
});

test("what a peer gets ends with a block it can verify, within one epoch", async () => {
  const { store } = await filled();
  const heights = async (from: number, count: number) =>
    (await store.range(from, count)).map((each) => each.block.header.height);
  assert.deepEqual(await heights(1, 10), [1, 2, 3]);
  assert.deepEqual(await heights(1, 2), [1]);
  assert.deepEqual(await heights(4, 10), [4]);
  assert.deepEqual(await heights(5, 10), []);
  const [, second, third] = await store.range(1, 10);
  assert.equal(second?.certificate, null);
  assert.equal(third?.backing?.checkpoint.height, 3);
});

test("an answer keeps to its bytes, but is never less than one provable run", async () => {
  const { store } = await filled(10);
  const heights = (await store.range(1, 10)).map((each) => each.block.header.height);
  assert.deepEqual(heights, [1]);
  assert.deepEqual(
    (await store.range(2, 10)).map((each) => each.block.header.height),
    [2, 3],
  );
});

test("it goes back to a height, and what comes afterwards takes the place of what was there", async () => {
  const { kv, store } = await filled();
  store.back(backing(5));
  // Not durable yet when it is given up.
  store.append(final(6, 2));
  store.rewind(3);
  assert.equal(store.height, 3);
  assert.equal(await store.at(4), null);
  const other = { ...final(4, 2), certificate: null };
  store.append(other);
  await store.flush();
  for (const each of [store, await ChainStore.open({ answerBytes: 1_000, genesisHash: ZERO_HASH }, kv)]) {
    assert.equal(each.height, 4);
    assert.deepEqual(await each.at(4), other);
    assert.equal(await each.at(5), null);
    assert.equal(await each.byHash(final(5, 1).hash), null);
    assert.equal(await each.lastOfEpoch(1), null);
    assert.equal((await each.lastOfEpoch(2))?.block.header.height, 4);
    assert.equal((await each.lastOfEpoch(0))?.block.header.height, 3);
    assert.deepEqual(await each.backingsAbove(0), [backing(3)]);
    assert.equal(each.backed?.checkpoint.height, 3);
    // Nothing proves a block that only the recovery made final.
    assert.deepEqual(await each.range(4, 10), []);
  }
  store.rewind(9);
  assert.equal(store.height, 4);
});

test("evidence of every kind is kept", async () => {
  const { kv, store } = await filled();
  const vote = (kind: "notarize" | "finalize", parentView: number): Vote => ({
    kind,
    view: 4,
    parentView,
    blockHash: hash(4),
    epoch: 1,
    domain: hash(1),
    seat: 2,
    signature: new Uint8Array(96),
  });
  const pair: Evidence = {
    what: "votes",
    epoch: 1,
    domain: hash(1),
    seat: 2,
    validatorId: 3,
    first: vote("notarize", 2),
    second: vote("finalize", 3),
  };
  const checkpoints: Evidence = {
    what: "checkpoints",
    epoch: 0,
    domain: hash(1),
    seats: [0, 2],
    validatorIds: [1, 3],
    first: { type: "checkpointCertificate", certificate: backing(3) },
    second: { type: "checkpointCertificate", certificate: backing(5) },
    chain: [backing(4).checkpoint],
  };
  for (const each of [pair, checkpoints, pair]) store.keep(each);
  await store.flush();
  const again = await ChainStore.open({ answerBytes: 1_000, genesisHash: ZERO_HASH }, kv);
  assert.deepEqual(await again.evidence(), [checkpoints, pair]);
});

test("a domain is known by its hash, also of an epoch that a recovery began anew", async () => {
  const kv = memoryDatabase().bucket("registries");
  const store = new RegistryStore(kv);
  const before = { epoch: 3, incarnation: 0, mode: "balanced", registryRoot: hash(5) } as const;
  const after = { epoch: 3, incarnation: 1, mode: "secure", registryRoot: hash(6) } as const;
  await store.noteDomain(hash(1), before);
  await store.noteDomain(hash(2), after);
  const again = new RegistryStore(kv);
  assert.deepEqual(await again.domain(hash(1)), before);
  assert.deepEqual(await again.domain(hash(2)), after);
  assert.equal(await again.domain(hash(3)), null);
});

test("a registry comes back as it was; one that does not hash to its root is refused", async () => {
  const kv = memoryDatabase().bucket("registries");
  const contents = {
    entries: [
      {
        validatorId: 7,
        key: new Uint8Array(48).fill(1),
        keyBytes: new Uint8Array(96).fill(2),
        stake: 4_000_000_000n,
      },
      { validatorId: 0, key: new Uint8Array(0), keyBytes: new Uint8Array(0), stake: 0n },
    ],
    authorities: 1,
    suspended: new Set([0]),
    backing: new Set([0, 1]),
    params: DEVNET_PARAMS,
  };
  const registry = { ...contents, root: snapshotHash(contents) };
  await new RegistryStore(kv).put(registry);
  const again = new RegistryStore(kv);
  assert.equal(again.known(registry.root), null);
  assert.deepEqual(await again.get(registry.root), registry);
  assert.deepEqual(again.known(registry.root), registry);
  await assert.rejects(again.put({ ...registry, root: hash(5) }), { code: "DATA_MISMATCH" });
  assert.equal(await again.get(hash(5)), null);
});

test("epochs remember their registry and mode", async () => {
  const kv = memoryDatabase().bucket("registries");
  await new RegistryStore(kv).assign(3, { root: hash(5), mode: "secure", seed: hash(6) });
  assert.deepEqual(await new RegistryStore(kv).ofEpoch(3), { root: hash(5), mode: "secure", seed: hash(6) });
  assert.equal(await new RegistryStore(kv).ofEpoch(4), null);
});
