import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CheckpointCertificate,
  type Hash,
  type Mode,
  type Registry,
  toBitmap,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import {
  checkpointManagerAbi,
  checkpointSubmission,
  type Network,
  readAcceptedBacking,
} from "@aitbc-hybrid/sdk";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { encodeFunctionData, type PublicClient } from "viem";

const entry = (validatorId: number) => ({
  validatorId,
  key: new Uint8Array(48),
  keyBytes: new Uint8Array(96),
  stake: 5n,
});
const registry: Registry = {
  root: ZERO_HASH,
  entries: [1, 2, 3, 4, 5].map(entry),
  authorities: 2,
  suspended: new Set([1]),
  backing: new Set([0, 2, 3, 4]),
  params: null as unknown as Registry["params"],
};
const network = { addresses: { checkpoints: `0x${"c0".repeat(20)}` } } as unknown as Network;
const A: Hash = `0x${"aa".repeat(32)}`;
const under = { epoch: 3, domain: A, registry, mode: "balanced" as Mode };
const blocks = { fromBlock: 1n, toBlock: 9n };

const certificate = (signers: readonly number[], isBoundary: boolean): CheckpointCertificate => ({
  epoch: 3,
  domain: A,
  checkpoint: {
    height: 20,
    view: 21,
    stamp: 1_000,
    blockHash: A,
    stateRoot: A,
    blocksRoot: A,
    previous: A,
    boundary: isBoundary
      ? {
          commitment: {
            registryNext: A,
            registryAfter: A,
            modeNext: "balanced",
            modeWanted: "secure",
            seedNext: A,
          },
          accounting: { epoch: 3, views: 21, stamp: 1_000, loadMultiplier: 1_000_000, vectorHash: A },
        }
      : null,
  },
  bitmap: toBitmap(signers, registry.entries.length),
  signature: bls12_381.G2.Point.BASE.multiply(7n).toBytes(),
});

/** A settlement chain on which a transaction with this input had the checkpoint accepted. */
const chainWith = (input: `0x${string}` | null): PublicClient =>
  ({
    getContractEvents: async () => (input === null ? [] : [{ transactionHash: A }]),
    getTransaction: async () => ({ input }),
  }) as unknown as PublicClient;

const abi = checkpointManagerAbi;
const hints = { cut: 0, lastWeight: 0, lastSeat: 0 };

test("an accepted checkpoint comes back with its signers and signature, however it was posted", async () => {
  for (const signers of [[0, 2, 3, 4], [0, 3, 4], [3]]) {
    const plain = certificate(signers, false);
    const { checkpoint, proof } = checkpointSubmission(plain, registry, "balanced");
    const submit = encodeFunctionData({ abi, functionName: "submit", args: [checkpoint, proof] });
    assert.deepEqual(await readAcceptedBacking(chainWith(submit), network, 20, under, blocks), plain);

    const boundary = certificate(signers, true);
    const words = checkpointSubmission(boundary, registry, "balanced");
    const other = checkpointSubmission(
      { ...plain, checkpoint: { ...plain.checkpoint, height: 15 } },
      registry,
      "balanced",
    );
    for (const input of [
      encodeFunctionData({ abi, functionName: "submitBoundary", args: [words] }),
      encodeFunctionData({ abi, functionName: "submitAndSeal", args: [words, hints] }),
      encodeFunctionData({ abi, functionName: "submitMany", args: [[other, words]] }),
    ])
      assert.deepEqual(await readAcceptedBacking(chainWith(input), network, 20, under, blocks), boundary);
  }
});

test("what was not accepted, or posted in a way that cannot be read, is nothing", async () => {
  const seal = encodeFunctionData({ abi, functionName: "epochNow" });
  for (const input of [null, "0x", "0xdeadbeef", seal] as const)
    assert.equal(await readAcceptedBacking(chainWith(input), network, 20, under, blocks), null);
});
