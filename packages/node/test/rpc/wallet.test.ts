import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  fromRlp,
  type Hex,
  http,
  InsufficientFundsError,
  keccak256,
  NonceTooLowError,
  numberToHex,
  parseEther,
  TransactionReceiptNotFoundError,
  toRlp,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { defaultRpcServerOptions, type RpcServer, startRpcServer } from "../../src/rpc/index.ts";
import { HANGS_MS } from "../support/until.ts";
import { chainId, FakeChain, feeAccount } from "./fake-chain.ts";

const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
const friend = privateKeyToAccount(`0x${"22".repeat(32)}`);

describe("a stock wallet", () => {
  let chain: FakeChain;
  let server: RpcServer;
  let client: ReturnType<typeof clients>;

  before(async () => {
    chain = await FakeChain.open(
      new Map([[account.address.toLowerCase() as `0x${string}`, parseEther("10")]]),
    );
    server = await startRpcServer(
      { ...defaultRpcServerOptions, port: 0 },
      { chain, log: { error: () => {} } },
    );
    client = clients(server.url);
  });

  after(() => server.close());

  it("sends a transfer and waits for its receipt, which comes when the block is final", async () => {
    const hash = await client.wallet.sendTransaction({ to: friend.address, value: parseEther("1") });
    const waiting = await client.public.getTransaction({ hash });
    assert.equal(waiting.blockNumber, null);
    assert.equal(waiting.from, account.address.toLowerCase());
    assert.equal(
      await client.public.getTransactionCount({ address: account.address, blockTag: "pending" }),
      1,
    );
    assert.equal(await client.public.getTransactionCount({ address: account.address }), 0);

    await chain.certify();
    assert.equal((await client.public.getBlock({ blockTag: "latest" })).number, 1n);
    assert.equal(
      await client.public.getBlockNumber({ cacheTime: 0 }),
      0n,
      "the height that stock clients follow is final",
    );
    await assert.rejects(client.public.getTransactionReceipt({ hash }), TransactionReceiptNotFoundError);
    const early = await client.public.getTransaction({ hash });
    assert.equal(early.blockNumber, null, "certified is not final");

    const received = client.public.waitForTransactionReceipt({ hash, timeout: HANGS_MS });
    await chain.finalize();
    await chain.certify();
    const receipt = await received;
    assert.equal(receipt.status, "success");
    assert.equal(receipt.blockNumber, 1n);
    assert.equal(receipt.gasUsed, 21_000n);
    assert.equal(receipt.type, "eip1559");
    assert.equal((await client.public.getTransaction({ hash })).blockNumber, 1n);

    const [mine, friends, tips] = await Promise.all([
      client.public.getBalance({ address: account.address }),
      client.public.getBalance({ address: friend.address, blockTag: "finalized" }),
      client.public.getBalance({ address: feeAccount }),
    ]);
    assert.equal(friends, parseEther("1"));
    assert.equal(mine, parseEther("9") - receipt.gasUsed * receipt.effectiveGasPrice);
    const block = await client.public.getBlock({ blockNumber: 1n, includeTransactions: true });
    assert.equal(tips, receipt.gasUsed * (receipt.effectiveGasPrice - block.baseFeePerGas!));
    assert.equal(block.transactions[0]?.hash, hash);
    assert.equal(block.timestamp, 1_700_000_000n, "whole seconds");
    assert.equal(Number((block as unknown as { stampMs: string }).stampMs), 1_700_000_000_623);
  });

  it("sends legacy transactions too", async () => {
    const hash = await client.wallet.sendTransaction({ to: friend.address, value: 1n, type: "legacy" });
    await chain.certify();
    await chain.finalize();
    const receipt = await client.public.getTransactionReceipt({ hash });
    assert.equal(receipt.type, "legacy");
    const transaction = await client.public.getTransaction({ hash });
    assert.equal(transaction.type, "legacy");
    assert.equal(transaction.gasPrice, receipt.effectiveGasPrice);
  });

  it("pays for data as it estimated", async () => {
    const data = "0x00ff00ff";
    const gas = await client.public.estimateGas({ account, to: friend.address, data });
    assert.equal(gas, 21_000n + 2n * 10n + 2n * 40n);
    const hash = await client.wallet.sendTransaction({ to: friend.address, data });
    await chain.certify();
    await chain.finalize();
    assert.equal((await client.public.getTransactionReceipt({ hash })).gasUsed, gas);
  });

  it("recognises why it was refused", async () => {
    const refusalOf = (request: object) =>
      client.wallet.sendTransaction({ to: friend.address, gas: 21_000n, ...request }).then(
        () => assert.fail("it was accepted"),
        (error) => error,
      );
    const poor = await refusalOf({ value: parseEther("100") });
    assert.ok(
      poor.walk((cause: unknown) => cause instanceof InsufficientFundsError),
      poor.message,
    );
    const stale = await refusalOf({ nonce: 0 });
    assert.ok(
      stale.walk((cause: unknown) => cause instanceof NonceTooLowError),
      stale.message,
    );
  });

  it("reads heights by level through Ethereum's tags", async () => {
    const heightOf = async (blockTag: "latest" | "safe" | "finalized" | "earliest") =>
      (await client.public.getBlock({ blockTag })).number;
    const final = await heightOf("finalized");
    await chain.certify();
    assert.equal(await heightOf("latest"), final! + 1n);
    assert.equal(await heightOf("finalized"), final);
    assert.equal(await heightOf("safe"), 0n);
    chain.back(1);
    assert.equal(await heightOf("safe"), 1n);
    assert.equal(await client.public.getTransactionCount({ address: account.address, blockTag: "safe" }), 1);
    assert.equal(await heightOf("earliest"), 0n);
    assert.equal(await client.public.getTransactionCount({ address: account.address, blockNumber: 1n }), 1);
  });

  it("reads fees", async () => {
    const fees = await client.public.estimateFeesPerGas();
    const price = await client.public.getGasPrice();
    const block = await client.public.getBlock();
    assert.ok(fees.maxFeePerGas > block.baseFeePerGas!);
    assert.ok(price > block.baseFeePerGas!);
    const history = await client.public.getFeeHistory({ blockCount: 3, rewardPercentiles: [10, 50] });
    assert.equal(history.baseFeePerGas.length, 4);
    assert.equal(history.gasUsedRatio.length, 3);
    assert.equal(history.reward?.[0]?.length, 2);
    assert.equal(history.oldestBlock, block.number! - 2n);
  });

  it("gets proofs that begin at the block's state root", async () => {
    const block = await client.public.getBlock({ blockTag: "finalized" });
    const proof = await client.public.getProof({
      address: account.address,
      storageKeys: [],
      blockTag: "finalized",
    });
    assert.equal(keccak256(proof.accountProof[0]!), block.stateRoot);
    const leaf = fromRlp(proof.accountProof.at(-1)!) as readonly Hex[];
    const encoded = [numberToHex(proof.nonce), numberToHex(proof.balance), proof.storageHash, proof.codeHash];
    assert.equal(leaf[1], toRlp(encoded));
  });

  it("finds transactions by their place", async () => {
    const block = await client.public.getBlock({ blockNumber: 1n });
    const at = { index: 0 };
    const [hash] = block.transactions;
    assert.equal((await client.public.getTransaction({ ...at, blockNumber: 1n })).hash, hash);
    assert.equal((await client.public.getTransaction({ ...at, blockHash: block.hash! })).hash, hash);
    await assert.rejects(client.public.getTransaction({ index: 7, blockNumber: 1n }));
    assert.equal(await client.public.getBlockTransactionCount({ blockNumber: 1n }), 1);
    assert.equal(await client.public.getBlockTransactionCount({ blockHash: block.hash! }), 1);
  });

  it("learns from an estimate what would be refused", async () => {
    await assert.rejects(client.public.estimateGas({ account, data: "0x00" }), /recipient is required/);
    await assert.rejects(
      client.public.estimateGas({ account, to: friend.address, value: parseEther("100") }),
      (error: { walk(match: (cause: unknown) => boolean): unknown }) =>
        Boolean(error.walk((cause) => cause instanceof InsufficientFundsError)),
    );
  });

  it("finds no code, and calls that return nothing", async () => {
    assert.equal(await client.public.getCode({ address: friend.address }), undefined);
    assert.deepEqual(await client.public.call({ to: friend.address, data: "0x1234" }), { data: undefined });
    assert.equal(await client.public.getChainId(), chainId);
  });
});

function clients(url: string) {
  const chain = defineChain({
    id: chainId,
    name: "test",
    nativeCurrency: { name: "AITBC", symbol: "AITBC", decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
  const options = { chain, transport: http(url), pollingInterval: 20, cacheTime: 0 };
  return { public: createPublicClient(options), wallet: createWalletClient({ ...options, account }) };
}
