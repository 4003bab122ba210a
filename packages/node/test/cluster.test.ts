import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createPublicClient, defineChain, hexToBytes, http, keccak256 } from "viem";
import { Cluster, reaches } from "./support/cluster.ts";
import { HANGS_MS, until } from "./support/until.ts";

const cluster = new Cluster({ nodes: 4, params: { blockTime: { fast: 100, balanced: 200, secure: 1_000 } } });
before(() => cluster.start());
after(() => cluster.close());

const clientOf = (index: number) => {
  const { rpcUrl, reader } = cluster.node(index);
  const chain = defineChain({
    id: reader.chainId,
    name: "cluster",
    nativeCurrency: { name: "AITBC", symbol: "AITBC", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  return createPublicClient({ chain, transport: http(rpcUrl), pollingInterval: 50 });
};

const RECEIVER = "0x00000000000000000000000000000000000000aa";

const signed = (nonce: number, value: bigint): Promise<`0x${string}`> =>
  cluster.rich.signTransaction({
    chainId: cluster.node(0).reader.chainId,
    type: "eip1559",
    nonce,
    to: RECEIVER,
    value,
    gas: 21_000n,
    maxFeePerGas: 20_000_000_000n,
    maxPriorityFeePerGas: 1_000_000n,
  });

/** Sends a transfer to a node and resolves with its hash. */
async function transfer(index: number, nonce: number, value: bigint): Promise<`0x${string}`> {
  return clientOf(index).sendRawTransaction({ serializedTransaction: await signed(nonce, value) });
}

async function assertAgreement(): Promise<void> {
  const nodes = cluster.running;
  const common = Math.min(...nodes.map((node) => node.reader.heads().finalized));
  assert.ok(common > 0);
  for (let height = 1; height <= common; height++) {
    const blocks = await Promise.all(nodes.map((node) => node.reader.block({ height })));
    for (const block of blocks) {
      assert.equal(block?.hash, blocks[0]?.hash, `height ${height}`);
      assert.equal(block?.stateRoot, blocks[0]?.stateRoot, `state at height ${height}`);
    }
  }
}

/** Boundaries that a node saw backed since its start, and what it counts of their epochs again. */
async function assertParticipation(index: number): Promise<void> {
  const { checkpoints, vectorOf } = cluster.duties(index);
  const boundaries = () => checkpoints.flatMap(({ checkpoint }) => checkpoint.boundary ?? []);
  await until(`node ${index} sees a boundary`, () => boundaries().length > 0);
  for (const { accounting } of boundaries()) {
    const vector = await vectorOf(accounting.epoch);
    assert.ok(vector !== null && vector.length === 4 * 4, `node ${index}, epoch ${accounting.epoch}`);
    assert.equal(keccak256(vector), accounting.vectorHash, `node ${index}, epoch ${accounting.epoch}`);
  }
  assert.equal(await vectorOf(10_000), null);
}

test("transfers sent to different validators are final everywhere", { timeout: HANGS_MS }, async () => {
  const first = await transfer(0, 0, 1n);
  await clientOf(3).waitForTransactionReceipt({ hash: first });
  const second = await transfer(1, 1, 2n);
  for (const index of [0, 1, 2, 3]) {
    const receipt = await clientOf(index).waitForTransactionReceipt({ hash: second });
    assert.equal(receipt.status, "success");
  }
  const finalHeight = Math.max(...cluster.running.map((node) => node.reader.heads().finalized));
  await Promise.all(cluster.running.map((node) => reaches(node, finalHeight)));
  for (const index of [0, 1, 2, 3]) {
    assert.equal(await clientOf(index).getBalance({ address: RECEIVER, blockTag: "finalized" }), 3n);
  }
  await assertAgreement();
});

test("epochs hand over and boundaries are backed", { timeout: HANGS_MS }, async () => {
  await Promise.all(cluster.running.map((node) => reaches(node, 25)));
  for (const node of cluster.running) {
    assert.ok(node.reader.status().epoch >= 2);
    await until("the boundary is backed", () => node.reader.heads().backed >= 20);
  }
  await assertAgreement();
  for (const index of [0, 1, 2, 3]) await assertParticipation(index);
});

test("one validator stops: the others go on; it returns from its disk and catches up", {
  timeout: HANGS_MS,
}, async () => {
  const stopped = cluster.node(2).reader.heads().finalized;
  await cluster.stopOne(2);
  await Promise.all(cluster.running.map((node) => reaches(node, stopped + 12)));
  const hash = await transfer(0, 2, 5n);
  await clientOf(1).waitForTransactionReceipt({ hash });

  const again = await cluster.startOne(2);
  assert.ok(again.reader.heads().finalized >= stopped - 1);
  const target = cluster.node(0).reader.heads().finalized + 5;
  await reaches(again, target);
  const receipt = await clientOf(2).waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  await assertAgreement();
});

test("all stop and return: nothing final is lost, and the chain goes on", { timeout: HANGS_MS }, async () => {
  const heights = cluster.running.map((node) => node.reader.heads().finalized);
  const known = await cluster.node(0).reader.block({ height: heights[0]! });
  for (const index of [0, 1, 2, 3]) await cluster.stopOne(index);
  await Promise.all([0, 1, 2, 3].map((index) => cluster.startOne(index)));
  assert.equal((await cluster.node(0).reader.block({ height: heights[0]! }))?.hash, known?.hash);
  const target = Math.max(...heights) + 5;
  await Promise.all(cluster.running.map((node) => reaches(node, target)));
  assert.equal(await clientOf(0).getBalance({ address: RECEIVER, blockTag: "finalized" }), 8n);
  await assertAgreement();
});

test("a validator that lost its data, not its protection, fetches the chain anew and votes again", {
  timeout: HANGS_MS,
}, async () => {
  await cluster.stopOne(3);
  cluster.loseData(3);
  const again = await cluster.startOne(3);
  await reaches(again, cluster.node(0).reader.heads().finalized);
  await assertAgreement();
  await assertParticipation(3);
  // With another one away its votes are needed: three of four are a quorum.
  await cluster.stopOne(1);
  const target = again.reader.heads().finalized + 12;
  await Promise.all(cluster.running.map((node) => reaches(node, target)));
  await assertAgreement();
});

test("what is queued on the settlement chain is executed without any validator being asked", {
  timeout: HANGS_MS,
}, async () => {
  await cluster.startOne(1);
  const nonce = await clientOf(0).getTransactionCount({ address: cluster.rich.address });
  const taken = await signed(nonce, 7n);
  const unpayable = await signed(nonce + 1, 10n ** 30n);
  const next = await signed(nonce + 1, 9n);
  cluster.settlement.force(...[taken, "0xdead" as const, unpayable].map((each) => hexToBytes(each)));
  cluster.settlement.force(hexToBytes(next));
  for (const index of [0, 1, 2, 3]) {
    const client = clientOf(index);
    const receipt = await client.waitForTransactionReceipt({ hash: keccak256(next) });
    assert.equal(receipt.status, "success");
    assert.equal((await client.getTransactionReceipt({ hash: keccak256(taken) })).transactionIndex, 0);
    await assert.rejects(client.getTransactionReceipt({ hash: keccak256(unpayable) }));
    const { inboxCursor } = (await cluster
      .node(index)
      .reader.block({ height: Number(receipt.blockNumber) }))!;
    assert.equal(inboxCursor, 4, "what cannot be executed is consumed all the same");
    assert.equal(cluster.node(index).reader.status().inboxCursor, 4);
    const proof = await cluster.node(index).reader.proofs.transactionProof(keccak256(taken));
    assert.equal(proof?.batch.author ?? 0, 0);
  }
  await assertAgreement();
});
