import { type Receipt, receiptHash } from "@aitbc-hybrid/execution";
import { batchDigest, blockHash, type Hash, merkleProof, merkleRoot } from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import { hexlify } from "ethers";
import { network } from "hardhat";
import { headerAt, headerWords, mountains } from "../support/blocks.ts";
import {
  CHAIN_ID,
  type Core,
  checkpointAt,
  domainOf,
  hashOf,
  loadCore,
  startedCore,
  submission,
  words,
} from "../support/core.ts";

const connection = await network.create();
const { ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

const TRANSACTIONS = Array.from({ length: 5 }, (_, i) => hashOf(`transaction ${i}`));
const digestOf = (author: number) =>
  batchDigest(CHAIN_ID, { author, sequence: 7, bytes: 550, transactions: TRANSACTIONS });

/** A chain of ten blocks, checkpointed at height 9, whose block 6 has three batches and carries three receipts. */
async function checkpointed() {
  const core = await load(started);
  const lens = await ethers.deployContract("InclusionLens", [core.addresses.checkpoints]);
  const transactions = TRANSACTIONS;
  const batches = [1, 2, 3].map((author) => ({
    author,
    sequence: 7,
    count: transactions.length,
    size: 550,
    transactionsRoot: merkleRoot(transactions),
  }));
  const receipts = transactions.slice(0, 3).map(
    (transactionHash, index): Receipt => ({
      transactionHash,
      index,
      status: 1,
      type: 2,
      from: "0x0000000000000000000000000000000000000001" as never,
      to: "0x0000000000000000000000000000000000000002" as never,
      gasUsed: 21_000,
      cumulativeGasUsed: 21_000 * (index + 1),
      effectiveGasPrice: 7n,
      fee: 147_000n,
    }),
  );
  const digests = batches.map(({ author }) => digestOf(author));
  const receiptHashes = receipts.map((receipt) => hexlify(receiptHash(receipt)) as Hash);
  const domain = await domainOf(core);
  const header = headerAt(domain, 6, {
    batchesRoot: merkleRoot(digests),
    receiptsRoot: merkleRoot(receiptHashes),
  });
  const blocks = Array.from({ length: 10 }, (_, height) =>
    height === 6 ? blockHash(header) : hashOf(`block ${height}`),
  );
  const range = mountains(blocks);
  const checkpoint = { ...checkpointAt({ height: 9 }), blocksRoot: range.root };
  const s = await submission(core, checkpoint);
  await core.checkpoints.submit(s.checkpoint, s.proof);
  const anchor = { index: 0, epoch: 0, submitter: core.deployer.address, checkpoint: words(checkpoint) };
  return {
    core,
    lens,
    anchor,
    blocks,
    range,
    domain,
    header,
    batch: { chainId: CHAIN_ID, ...batches[1]! },
    inBlock: { index: 1, path: merkleProof(digests, 1) },
    transactions,
    inBatch: (index: number) => ({ index, path: merkleProof(transactions, index) }),
    receipts: receipts.map(({ transactionHash, index, status, gasUsed, fee }) => ({
      transactionHash,
      index,
      status,
      gasUsed,
      fee,
    })),
    ofReceipt: (index: number) => ({ index, path: merkleProof(receiptHashes, index) }),
  };
}

describe("InclusionLens", () => {
  it("proves the block of every height below a recent checkpoint, at its height only", async () => {
    const { lens, anchor, blocks, range } = await checkpointed();
    for (const [height, hash] of blocks.entries()) {
      await lens.proveBlock(anchor, height, hash, range.proofOf(height));
      await expect(
        lens.proveBlock(anchor, (height + 1) % 10, hash, range.proofOf(height)),
      ).to.be.revertedWithCustomError(lens, "InclusionLensNotInChain");
      await expect(
        lens.proveBlock(anchor, height, hashOf("other"), range.proofOf(height)),
      ).to.be.revertedWithCustomError(lens, "InclusionLensNotInChain");
    }
  });

  it("takes no inner node for a block, no other peaks and no height beyond", async () => {
    const { lens, anchor, blocks, range } = await checkpointed();
    const { path, peaks } = range.proofOf(0);
    const refused = (height: number, hash: string, proof: { path: string[]; peaks: string[] }) =>
      expect(lens.proveBlock(anchor, height, hash, proof)).to.be.revertedWithCustomError(
        lens,
        "InclusionLensNotInChain",
      );
    const inner = merkleRoot(blocks.slice(0, 2));
    await refused(0, inner, { path: path.slice(1), peaks });
    await refused(0, peaks[0]!, { path: [], peaks });
    await refused(0, blocks[0]!, { path, peaks: peaks.slice(0, 1) });
    await refused(10, blocks[0]!, { path, peaks });
  });

  it("wants a checkpoint that is in the ring, as it was submitted", async () => {
    const { core, lens, anchor, blocks, range } = await checkpointed();
    for (const change of [
      { index: 1 },
      { submitter: core.others[0]!.address },
      { epoch: 1 },
      { checkpoint: { ...anchor.checkpoint, blocksRoot: mountains(blocks.slice(0, 9)).root } },
    ]) {
      await expect(
        lens.proveBlock({ ...anchor, ...change }, 1, blocks[1]!, range.proofOf(1)),
      ).to.be.revertedWithCustomError(lens, "InclusionLensNotRecent");
    }
  });

  it("proves a transaction from the checkpoint down, whose header the client hashed", async () => {
    const { lens, anchor, range, domain, header, batch, inBlock, transactions, inBatch } =
      await checkpointed();
    const inChain = range.proofOf(6);
    const prove = (
      change: {
        domain?: string;
        header?: typeof header;
        batch?: typeof batch;
        index?: number;
        hash?: string;
        proof?: ReturnType<typeof inBatch>;
      } = {},
    ) =>
      lens.proveTransaction(
        anchor,
        change.domain ?? domain,
        headerWords(change.header ?? header),
        inChain,
        change.batch ?? batch,
        inBlock,
        change.hash ?? transactions[3]!,
        change.proof ?? inBatch(3),
      );
    await prove();
    expect(await lens.proveHeader(anchor, domain, headerWords(header), inChain)).to.equal(blockHash(header));
    await expect(prove({ domain: hashOf("other") })).to.be.revertedWithCustomError(
      lens,
      "InclusionLensNotInChain",
    );
    await expect(prove({ header: { ...header, inboxCursor: 4 } })).to.be.revertedWithCustomError(
      lens,
      "InclusionLensNotInChain",
    );
    await expect(prove({ batch: { ...batch, author: 1 } }))
      .to.be.revertedWithCustomError(lens, "InclusionLensNotUnderRoot")
      .withArgs(header.batchesRoot, digestOf(1));
    await expect(prove({ hash: transactions[2]! }))
      .to.be.revertedWithCustomError(lens, "InclusionLensNotUnderRoot")
      .withArgs(batch.transactionsRoot, transactions[2]);
  });

  it("what fills a tree up is no transaction, and an inner node none either", async () => {
    const { lens, batch, transactions, inBatch } = await checkpointed();
    for (const [index, hash] of transactions.entries()) {
      expect(await lens.hasTransaction(batch, hash, inBatch(index))).to.equal(true);
    }
    const zero = `0x${"00".repeat(32)}`;
    const ofPadding = { index: 5, path: merkleProof([...transactions, zero as Hash], 5) };
    expect(await lens.hasTransaction(batch, zero, ofPadding)).to.equal(false);
    expect(await lens.hasTransaction({ ...batch, count: 6 }, zero, ofPadding)).to.equal(false);
    // Index 8 climbs like 0: the path of three tells of eight leaves only.
    expect(
      await lens.hasTransaction({ ...batch, count: 9 }, transactions[0]!, { ...inBatch(0), index: 8 }),
    ).to.equal(false);
  });

  it("proves a receipt from the checkpoint down", async () => {
    const { lens, anchor, range, domain, header, receipts, ofReceipt } = await checkpointed();
    const inChain = range.proofOf(6);
    for (const [index, receipt] of receipts.entries()) {
      await lens.proveReceipt(anchor, domain, headerWords(header), inChain, receipt, ofReceipt(index));
    }
    for (const change of [{ status: 0 }, { fee: 1n }, { gasUsed: 1 }, { index: 1 }]) {
      await expect(
        lens.proveReceipt(
          anchor,
          domain,
          headerWords(header),
          inChain,
          { ...receipts[0]!, ...change },
          ofReceipt(0),
        ),
      ).to.be.revertedWithCustomError(lens, "InclusionLensNotUnderRoot");
    }
  });
});
