import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import {
  appendLeaf,
  batchDigest,
  EMPTY_RANGE,
  type Hash,
  merkleProof,
  merkleRoot,
  peakPlaces,
  rangeRoot,
  verifyRangeProof,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import {
  batchHash,
  formatCheckpoint,
  formatReceiptProof,
  formatRegistry,
  hasLeaf,
  type LightClient,
  parseCheckpoint,
  parseHeaderProof,
  parseReceiptProof,
  parseRegistry,
  parseTransactionProof,
  type ReceiptProof,
  receiptLeaf,
  registryFrom,
  type TransactionProof,
} from "@aitbc-hybrid/sdk";
import fc from "fast-check";
import { defaultRegistry, label, TestChain } from "../support/chain.ts";
import { following, refuses } from "../support/light.ts";

const TRANSACTIONS = Array.from({ length: 5 }, (_, at) => label(`transaction ${at}`));
const BATCHES = [1, 2, 3].map((author) => ({
  author,
  sequence: 7,
  count: TRANSACTIONS.length,
  bytes: 550,
  transactionsRoot: merkleRoot(TRANSACTIONS),
}));
const RECEIPTS = TRANSACTIONS.slice(0, 3).map((transactionHash, index) => ({
  transactionHash,
  index,
  status: 1,
  gasUsed: 21_000,
  fee: 147_000n,
}));

const chain = new TestChain(defaultRegistry({ params: { rootLag: 2 } }));
const digests = BATCHES.map((batch) => batchHash(chain.genesis.chainId, batch));
const leaves = RECEIPTS.map(receiptLeaf);

/** Block 6 of a chain that is checkpointed at height 9 has three batches and carries three receipts. */
chain.grow(6, { batchesRoot: merkleRoot(digests), receiptsRoot: merkleRoot(leaves) });
const header = chain.headers[6]!;
const checkpoint = chain.checkpoint(9);
const headerProof = { ...chain.blockProof(6, 9), header };
const transactionProof = (index: number): TransactionProof => ({
  ...headerProof,
  batch: BATCHES[1]!,
  inBlock: { index: 1, path: merkleProof(digests, 1) },
  transactionHash: TRANSACTIONS[index]!,
  inBatch: { index, path: merkleProof(TRANSACTIONS, index) },
});
const receiptProof = (index: number): ReceiptProof => ({
  ...headerProof,
  receipt: RECEIPTS[index]!,
  inBlock: { index, path: merkleProof(leaves, index) },
});

describe("proofs", () => {
  let client: LightClient;
  before(() => {
    client = following(chain).client;
    client.submit(checkpoint);
  });
  const refused = (act: () => unknown) => refuses(client, "LIGHT_NOT_PROVED", act);

  test("every block below a checkpoint is proved at its height, under that checkpoint only", () => {
    for (let height = 0; height <= 9; height++) {
      const proof = chain.blockProof(height, 9);
      assert.equal(client.proveBlock(proof).height, height);
      refused(() => client.proveBlock({ ...proof, height: (height + 1) % 10 }));
      refused(() => client.proveBlock({ ...proof, blockHash: label("other") }));
      refused(() => client.proveBlock({ ...proof, peaks: proof.peaks.slice(1) }));
      refused(() => client.proveBlock({ ...proof, path: [...proof.path, label("more")] }));
    }
    refused(() => client.proveBlock({ ...chain.blockProof(3, 9), height: 10 }));
    refused(() => client.proveBlock({ ...chain.blockProof(3, 9), peaks: ["0xzz", "0x"] }));
    refuses(client, "LIGHT_CHECKPOINT_UNKNOWN", () => client.proveBlock(chain.blockProof(3, 8)));
  });

  test("no inner node is taken for a block", () => {
    const { path, peaks } = chain.blockProof(0, 9);
    const inner = merkleRoot(chain.blocks.slice(0, 2));
    const of = { under: 9, height: 0, peaks };
    refused(() => client.proveBlock({ ...of, blockHash: inner, path: path.slice(1) }));
    refused(() => client.proveBlock({ ...of, blockHash: peaks[0]!, path: [] }));
  });

  test("headers, transactions and receipts are proved down from the block", () => {
    assert.deepEqual(client.proveHeader(headerProof), {
      height: 6,
      blockHash: chain.blocks[6],
      checkpoint: { height: 9, hash: chain.last },
    });
    refused(() => client.proveHeader({ ...headerProof, header: { ...header, stamp: header.stamp + 1 } }));
    refused(() => client.proveHeader({ ...headerProof, header: { ...header, stamp: -1 } }));
    for (const index of [0, 1, 2, 3, 4]) {
      const proof = transactionProof(index);
      client.proveTransaction(proof);
      refused(() => client.proveTransaction({ ...proof, transactionHash: label("other") }));
      refused(() => client.proveTransaction({ ...proof, batch: BATCHES[0]! }));
      refused(() => client.proveTransaction({ ...proof, inBlock: { ...proof.inBlock, index: 2 } }));
    }
    for (const index of [0, 1, 2]) {
      const proof = receiptProof(index);
      const { rootLag } = chain.slot().registry.params;
      assert.equal(client.proveReceipt(proof).executedAt, 6 - rootLag);
      refused(() => client.proveReceipt({ ...proof, receipt: { ...proof.receipt, fee: 1n } }));
      refused(() => client.proveReceipt({ ...proof, receipt: { ...proof.receipt, fee: -1n } }));
      refused(() => client.proveReceipt({ ...proof, inBlock: { ...proof.inBlock, index: 3 } }));
    }
  });

  test("a header that says another height is refused, whoever signed it into its place", () => {
    const wrong = new TestChain(defaultRegistry());
    wrong.grow(4, { height: 3 });
    const follower = following(wrong).client;
    follower.submit(wrong.checkpoint(9));
    const proof = { ...wrong.blockProof(4, 9), header: wrong.headers[4]! };
    assert.equal(follower.proveBlock(proof).height, 4);
    refuses(follower, "LIGHT_NOT_PROVED", () => follower.proveHeader(proof));
  });

  test("padding is no transaction, and a batch has no more of them than it counts", () => {
    const zero = { index: 5, path: merkleProof([...TRANSACTIONS, ZERO_HASH], 5) };
    assert.ok(!hasLeaf(BATCHES[0]!.transactionsRoot, ZERO_HASH, zero));
    const proof = transactionProof(4);
    refused(() => client.proveTransaction({ ...proof, transactionHash: ZERO_HASH, inBatch: zero }));
    const short = { ...BATCHES[1]!, count: 4 };
    const root = merkleRoot([batchHash(chain.genesis.chainId, short)]);
    const other = new TestChain(defaultRegistry());
    other.grow(6, { batchesRoot: root });
    const { client: second } = following(other);
    second.submit(other.checkpoint(9));
    refuses(second, "LIGHT_NOT_PROVED", () =>
      second.proveTransaction({
        ...proof,
        ...other.blockProof(6, 9),
        header: other.headers[6]!,
        batch: short,
        inBlock: { index: 0, path: [] },
      }),
    );
  });

  test("what is told as JSON is what it was", () => {
    const over = <T>(value: T): unknown => JSON.parse(JSON.stringify(value));
    assert.deepEqual(parseCheckpoint(over(formatCheckpoint(checkpoint))), checkpoint);
    const { certificate } = { certificate: new TestChain(defaultRegistry()).close() };
    assert.deepEqual(parseCheckpoint(over(formatCheckpoint(certificate))), certificate);
    const { registry } = chain.slot();
    assert.deepEqual(registryFrom(parseRegistry(over(formatRegistry(registry)))), registry);
    assert.deepEqual(parseHeaderProof(over(headerProof)), headerProof);
    assert.deepEqual(parseTransactionProof(over(transactionProof(2))), transactionProof(2));
    assert.deepEqual(parseReceiptProof(over(formatReceiptProof(receiptProof(2)))), receiptProof(2));
  });

  test("JSON of another form is refused", () => {
    const good = JSON.parse(JSON.stringify(formatCheckpoint(checkpoint)));
    for (const wrong of [
      null,
      [],
      { ...good, epoch: "0" },
      { ...good, epoch: -1 },
      { ...good, signature: "0x00" },
      { ...good, bitmap: "0xzz" },
      { ...good, checkpoint: { ...good.checkpoint, blockHash: `0x${"AA".repeat(32)}` } },
      { ...good, checkpoint: { ...good.checkpoint, boundary: 1 } },
    ])
      assert.throws(() => parseCheckpoint(wrong), { code: "LIGHT_MALFORMED" });
    const path = Array.from({ length: 65 }, () => ZERO_HASH);
    assert.throws(() => parseHeaderProof({ ...headerProof, path }), { code: "LIGHT_MALFORMED" });
  });
});

test("a batch's hash from its head is its digest", () => {
  const { author, sequence, bytes } = BATCHES[2]!;
  const digest = batchDigest(5, { author, sequence, bytes, transactions: TRANSACTIONS });
  assert.equal(batchHash(5, BATCHES[2]!), digest);
});

test("in ranges of any length, the proof of a leaf proves that leaf at that place, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 150 }).chain((count) => fc.tuple(fc.constant(count), fc.nat(count - 1))),
      fc.nat(200),
      fc.nat(1_000),
      ([count, index], other, spoilt) => {
        const hashes = Array.from({ length: count }, (_, at) => label(`leaf ${at}`));
        const range = hashes.reduce(appendLeaf, EMPTY_RANGE);
        const root = rangeRoot(range);
        const places = peakPlaces(count);
        assert.deepEqual(
          places.map(({ level, index: at }) =>
            merkleRoot(hashes.slice(at * 2 ** level, (at + 1) * 2 ** level)),
          ),
          range.peaks,
        );
        const place = places.find(({ level, index: at }) => index < (at + 1) * 2 ** level)!;
        const from = place.index * 2 ** place.level;
        const path = merkleProof(hashes.slice(from, from + 2 ** place.level), index - from);
        const proof = { path, peaks: range.peaks };
        const leaf = hashes[index]!;
        assert.ok(verifyRangeProof(root, count, index, leaf, proof));
        if (other !== index) assert.ok(!verifyRangeProof(root, count, other, leaf, proof));
        if (other !== count) assert.ok(!verifyRangeProof(root, other, index, leaf, proof));
        const nodes: Hash[] = [...path, ...range.peaks];
        nodes[spoilt % nodes.length] = label("spoilt");
        const wrong = { path: nodes.slice(0, path.length), peaks: nodes.slice(path.length) };
        assert.ok(!verifyRangeProof(root, count, index, leaf, wrong));
        assert.ok(!verifyRangeProof(root, count, index, label("other"), proof));
      },
    ),
    { numRuns: 200 },
  );
});

test("heights beyond 2^32 have their places too", () => {
  const count = 2 ** 40 + 3;
  assert.deepEqual(peakPlaces(count), [
    { level: 40, index: 0 },
    { level: 1, index: 2 ** 39 },
    { level: 0, index: 2 ** 40 + 2 },
  ]);
});
