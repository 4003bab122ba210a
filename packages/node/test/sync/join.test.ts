import assert from "node:assert/strict";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type CheckpointCertificate, genesisHash } from "@aitbc-hybrid/protocol";
import { genesisAnchor } from "@aitbc-hybrid/sdk";
import { declareReady, PARTS, stagingOf } from "../../src/sync/swap.ts";
import { Cluster, reaches } from "../support/cluster.ts";
import { HANGS_MS } from "../support/until.ts";

const cluster = new Cluster({
  nodes: 4,
  params: {
    blockTime: { fast: 100, balanced: 200, secure: 1_000 },
    epochLength: { fast: 15, balanced: 15, secure: 15 },
  },
});
const RECEIVER = "0x00000000000000000000000000000000000000aa";
before(() => cluster.start());
after(() => cluster.close());

/** The contracts accepted a boundary: they know the chain from its first epoch on. */
async function accept(boundary: CheckpointCertificate): Promise<void> {
  const genesis = await cluster.settlement.genesis();
  cluster.settlement.anchored = {
    ...genesisAnchor(genesis, genesisHash(genesis)),
    stamp: boundary.checkpoint.stamp,
  };
}

async function send(index: number, nonce: number): Promise<`0x${string}`> {
  const { reader } = cluster.node(index);
  const signed = await cluster.rich.signTransaction({
    chainId: reader.chainId,
    type: "eip1559",
    nonce,
    to: RECEIVER,
    value: 1n,
    gas: 21_000n,
    maxFeePerGas: 20_000_000_000n,
    maxPriorityFeePerGas: 1_000_000n,
  });
  const submitted = await reader.submitTransaction(Buffer.from(signed.slice(2), "hex"));
  assert.ok(submitted.accepted);
  return submitted.hash;
}

async function boundaryOf(epoch: number): Promise<CheckpointCertificate> {
  const { reader } = cluster.node(0);
  for (;;) {
    const certificate = await reader.proofs.checkpoint({ epoch });
    if (certificate !== null) return certificate;
    await reaches(cluster.node(0), reader.heads().finalized + 1);
  }
}

/** All nodes have the same blocks and states from a height on. */
async function assertAgreement(from: number): Promise<void> {
  const to = Math.min(...cluster.running.map((node) => node.reader.heads().finalized));
  assert.ok(to >= from);
  for (let height = from; height <= to; height++) {
    const blocks = await Promise.all(cluster.running.map((node) => node.reader.block({ height })));
    for (const block of blocks) {
      assert.equal(block?.hash, blocks[0]?.hash, `height ${height}`);
      assert.equal(block?.stateRoot, blocks[0]?.stateRoot, `state at height ${height}`);
    }
  }
}

test("a node that lost its data begins at the checkpointed state of its peers, and votes", {
  timeout: HANGS_MS,
}, async () => {
  const nonces = [0, 1, 2];
  for (const nonce of nonces) await send(0, nonce);
  await reaches(cluster.node(0), 20);
  await cluster.stopOne(3);
  cluster.loseData(3);
  await accept(await boundaryOf(1));
  const begun = (await boundaryOf(1)).checkpoint.height;

  cluster.beginAt(3, { from: "checkpoint" });
  const again = await cluster.startOne(3);
  assert.ok(!existsSync(join(cluster.optionsOf(3).dataDir, "joining")));
  // It has the state, not the blocks before it.
  assert.ok(again.reader.heads().finalized >= begun);
  assert.equal(await again.reader.block({ height: begun - 5 }), undefined);
  assert.equal(await again.reader.balance(RECEIVER, "latest"), BigInt(nonces.length));
  await reaches(again, cluster.node(0).reader.heads().finalized + 3);
  await assertAgreement(begun + 1);

  // With another one away its votes are needed: three of four are a quorum.
  await cluster.stopOne(1);
  await send(3, nonces.length);
  const target = again.reader.heads().finalized + 20;
  await Promise.all(cluster.running.map((node) => reaches(node, target)));
  assert.equal(await cluster.node(0).reader.balance(RECEIVER, "latest"), BigInt(nonces.length + 1));
  await assertAgreement(begun + 1);
  // It proves what it has, and offers others what it was given.
  const { backed } = again.reader.heads();
  const under = (await again.reader.proofs.blockProof(begun + 2))?.under;
  // Another checkpoint may have been backed in between.
  assert.ok(under !== undefined && under >= backed && under <= again.reader.heads().backed, `${under}`);
  assert.equal(await again.reader.proofs.blockProof(begun - 5), null);
  await cluster.startOne(1);
});

test("a joined node restarts from its disk", { timeout: HANGS_MS }, async () => {
  const { finalized } = cluster.node(3).reader.heads();
  await cluster.stopOne(3);
  // Its folder is not new any more: what it asked for at first is not asked for again.
  cluster.settlement.anchored = null;
  const again = await cluster.startOne(3);
  assert.ok(again.reader.heads().finalized >= finalized - 1);
  await reaches(again, finalized + 10);
});

test("a node killed while the folders were swapped starts with the new ones", {
  timeout: HANGS_MS,
}, async () => {
  const { finalized } = cluster.node(3).reader.heads();
  await cluster.stopOne(3);
  const { dataDir } = cluster.optionsOf(3);
  mkdirSync(stagingOf(dataDir));
  for (const part of PARTS) renameSync(join(dataDir, part), join(stagingOf(dataDir), part));
  await declareReady(dataDir);
  // What a removal leaves that did not come to its end: nobody can open it.
  mkdirSync(join(dataDir, "db"));
  writeFileSync(join(dataDir, "db", "CURRENT"), "MANIFEST-000007\n");
  const again = await cluster.startOne(3);
  assert.ok(again.reader.heads().finalized >= finalized - 1);
  assert.ok(!existsSync(stagingOf(dataDir)));
  await reaches(again, finalized + 3);
});

test("a node that was away for longer than batches are kept gives up its blocks for the peers' state", {
  timeout: HANGS_MS,
}, async () => {
  const stopped = cluster.node(2).reader.heads().finalized;
  await cluster.stopOne(2);
  let boundary = await boundaryOf(2);
  while (boundary.checkpoint.height <= stopped) boundary = await boundaryOf(boundary.epoch + 1);
  await accept(boundary);
  cluster.beginAt(2, { from: "auto", retentionMs: 500 });
  const again = await cluster.startOne(2);
  const { finalized } = again.reader.heads();
  assert.ok(finalized >= boundary.checkpoint.height);
  assert.equal(await again.reader.block({ height: stopped }), undefined);
  await reaches(again, finalized + 3);
  await assertAgreement(finalized);

  // Nothing newer is settled than what it has, however old that is: a network that stood still goes on.
  await cluster.stopOne(2);
  const kept = await cluster.startOne(2);
  assert.notEqual(await kept.reader.block({ height: finalized + 1 }), undefined);
  await reaches(kept, finalized + 10);
});
