import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { genesisHash } from "@aitbc-hybrid/protocol";
import {
  catchUp,
  DEFAULT_LIGHT_OPTIONS,
  genesisAnchor,
  LightClient,
  type LightSource,
  rpcSource,
} from "@aitbc-hybrid/sdk";
import { Cluster, reaches } from "./support/cluster.ts";
import { HANGS_MS } from "./support/until.ts";

const cluster = new Cluster({
  nodes: 4,
  params: { blockTime: { fast: 100, balanced: 200, secure: 1_000 }, rootLag: 2 },
});
let source: LightSource;
let client: LightClient;

before(async () => {
  await cluster.start();
  source = rpcSource({ url: cluster.node(1).rpcUrl });
  const genesis = await cluster.settlement.genesis();
  const hash = genesisHash(genesis);
  client = new LightClient(
    { ...DEFAULT_LIGHT_OPTIONS, chainId: genesis.chainId, genesisHash: hash },
    { bls: nativeBls, clock: Date.now },
    genesisAnchor(genesis, hash),
  );
});
after(() => cluster.close());

/** Follows what a node tells until a height is under a checkpoint. */
async function covers(height: number): Promise<number> {
  const node = cluster.node(1);
  while (client.position.height < height) {
    await reaches(node, node.reader.heads().finalized + 1);
    await catchUp(client, source);
  }
  return client.position.height;
}

test("a light client follows running validators by their RPC, over epochs", {
  timeout: HANGS_MS,
}, async () => {
  await covers(25);
  assert.equal(client.status, "live");
  assert.ok(client.position.epoch >= 2);
  const { checkpoint } = client.checkpointAt(20)!;
  assert.equal(checkpoint.blockHash, (await cluster.node(0).reader.block({ height: 20 }))?.hash);
  const boundary = await source.boundary(0);
  assert.equal(boundary?.checkpoint.height, 10);
  assert.deepEqual(await source.boundary(10_000), null);
});

test("blocks, a transaction and its receipt are proved by what a node answers", {
  timeout: HANGS_MS,
}, async () => {
  const { reader } = cluster.node(0);
  const signed = await cluster.rich.signTransaction({
    chainId: reader.chainId,
    type: "eip1559",
    nonce: 0,
    to: "0x00000000000000000000000000000000000000aa",
    value: 1n,
    gas: 21_000n,
    maxFeePerGas: 20_000_000_000n,
    maxPriorityFeePerGas: 1_000_000n,
  });
  const submitted = await reader.submitTransaction(Buffer.from(signed.slice(2), "hex"));
  assert.ok(submitted.accepted);
  const { hash } = submitted;
  let receipt = await cluster.node(1).reader.receipt(hash);
  while (receipt === undefined) {
    await reaches(cluster.node(1), cluster.node(1).reader.heads().finalized + 1);
    receipt = await cluster.node(1).reader.receipt(hash);
  }
  const { height } = receipt;
  const under = await covers(height + 2);

  for (let each = 1; each <= under; each += 3) {
    const proof = await source.blockProof(each, under);
    assert.equal(client.proveHeader(proof!).blockHash, (await reader.block({ height: each }))?.hash);
  }
  const ordered = await source.transactionProof(hash, under);
  assert.equal(client.proveTransaction(ordered!).height, height);
  const executed = await source.receiptProof(hash, under);
  assert.equal(executed!.height, height + 2);
  assert.equal(client.proveReceipt(executed!).executedAt, height);
  assert.equal(executed!.receipt.fee, receipt.fee);
  assert.equal(await source.receiptProof(`0x${"11".repeat(32)}`, under), null);
});
