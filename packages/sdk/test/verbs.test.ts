import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CheckpointCertificate,
  type Registry,
  toBitmap,
  type VoteEvidence,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import {
  backingSeats,
  checkpointManagerAbi,
  checkpointSubmission,
  explain,
  parseNetwork,
  SdkError,
  seatsProof,
  votePair,
} from "@aitbc-hybrid/sdk";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { ContractFunctionExecutionError, ContractFunctionRevertedError, encodeErrorResult } from "viem";

const entry = (validatorId: number, stake: bigint) => ({
  validatorId,
  key: new Uint8Array(48),
  keyBytes: new Uint8Array(96),
  stake,
});

/** Four authorities, the second suspended; three stakers in the backing set, one beyond it; one vacant seat. */
const registry = {
  root: ZERO_HASH,
  entries: [
    entry(1, 5n),
    entry(2, 5n),
    entry(3, 5n),
    entry(4, 5n),
    entry(5, 20n),
    entry(6, 20n),
    entry(7, 20n),
    entry(8, 1n),
    entry(0, 0n),
  ],
  authorities: 4,
  suspended: new Set([1]),
  backing: new Set([0, 2, 3, 4, 5, 6]),
  params: null as unknown as Registry["params"],
} satisfies Registry;

const point = (scalar: bigint): Uint8Array => bls12_381.G2.Point.BASE.multiply(scalar).toBytes();

const certificate = (signers: readonly number[]): CheckpointCertificate => ({
  epoch: 0,
  domain: ZERO_HASH,
  checkpoint: {
    height: 5,
    view: 5,
    stamp: 1_000,
    blockHash: ZERO_HASH,
    stateRoot: ZERO_HASH,
    blocksRoot: ZERO_HASH,
    previous: ZERO_HASH,
    boundary: null,
  },
  bitmap: toBitmap(signers, registry.entries.length),
  signature: point(7n),
});

test("checkpoints are signed by the backing set, in Secure by every seat that counts", () => {
  assert.deepEqual(backingSeats(registry, "balanced"), [0, 2, 3, 4, 5, 6]);
  assert.deepEqual(backingSeats(registry, "secure"), [0, 2, 3, 4, 5, 6, 7]);
});

test("a proof lists absentees or signers, whichever are fewer, ascending", () => {
  const all = seatsProof(certificate([0, 2, 3, 4, 5, 6]), registry, "balanced");
  assert.deepEqual([all.present, all.seats], [false, "0x"]);
  const oneAbsent = seatsProof(certificate([0, 2, 3, 4, 6]), registry, "balanced");
  assert.deepEqual([oneAbsent.present, oneAbsent.seats], [false, "0x0005"]);
  const twoPresent = seatsProof(certificate([4, 2]), registry, "balanced");
  assert.deepEqual([twoPresent.present, twoPresent.seats], [true, "0x00020004"]);
});

test("a signature becomes EIP-2537's padded words, c0 before c1", () => {
  const { proof } = checkpointSubmission(certificate([0]), registry, "balanced");
  const { x, y } = bls12_381.G2.Point.BASE.multiply(7n).toAffine();
  const word = (high: string, low: string): bigint => (BigInt(high) << 256n) | BigInt(low);
  assert.equal(word(proof.signature.x0High, proof.signature.x0Low), x.c0);
  assert.equal(word(proof.signature.x1High, proof.signature.x1Low), x.c1);
  assert.equal(word(proof.signature.y0High, proof.signature.y0Low), y.c0);
  assert.equal(word(proof.signature.y1High, proof.signature.y1Low), y.c1);
});

test("evidence is ordered by kind and its two signatures are added", () => {
  const vote = {
    epoch: 1,
    domain: ZERO_HASH,
    seat: 3,
    view: 4,
    parentView: 3,
    blockHash: ZERO_HASH,
  } as const;
  const evidence: VoteEvidence = {
    what: "votes",
    epoch: 1,
    domain: ZERO_HASH,
    seat: 3,
    validatorId: 4,
    first: { ...vote, kind: "finalize", signature: point(2n) },
    second: { ...vote, kind: "notarize", signature: point(3n) },
  };
  const bls = {
    aggregateSignatures: (parts: readonly unknown[]) => {
      const points = parts.map((part) => bls12_381.G2.Point.fromBytes(part as Uint8Array));
      return points[0]!.add(points[1]!).toBytes();
    },
  };
  const pair = votePair(bls, evidence, { incarnation: 0, mode: "balanced", registryRoot: ZERO_HASH });
  assert.deepEqual([pair.first.kind, pair.second.kind, pair.mode, pair.seat], [2, 3, 1, 3]);
  const sum = bls12_381.G2.Point.BASE.multiply(5n).toAffine();
  assert.equal((BigInt(pair.signature.x0High) << 256n) | BigInt(pair.signature.x0Low), sum.x.c0);
});

test("a network file with a missing or malformed field is refused by its name", () => {
  const address = "0x00000000000000000000000000000000000000aa";
  const addresses = Object.fromEntries(
    [
      "token",
      "registry",
      "pool",
      "queue",
      "elections",
      "checkpoints",
      "slashing",
      "distributor",
      "parameters",
      "hybrid",
      "inclusion",
      "access",
      "timelock",
      "governor",
      "upgrades",
      "council",
      "inbox",
    ].map((name) => [name, address]),
  );
  const network = { chainId: 31_337, deployBlock: 1, addresses };
  assert.equal(parseNetwork(network).addresses.pool, address);
  const refused = (changed: object, field: string): void => {
    assert.throws(
      () => parseNetwork({ ...network, ...changed }),
      (error) => error instanceof SdkError && error.code === "NETWORK_FILE" && error.message.includes(field),
    );
  };
  refused({ chainId: "31337" }, "chainId");
  refused({ deployBlock: -1 }, "deployBlock");
  refused({ addresses: { ...addresses, pool: "0x12" } }, "addresses.pool");
  assert.throws(() => parseNetwork(null), SdkError);
});

test("a revert is explained by the contract's own error and its arguments", () => {
  const data = encodeErrorResult({
    abi: checkpointManagerAbi,
    errorName: "CheckpointManagerBadHeight",
    args: [5n, 10n, 20n],
  });
  const cause = new ContractFunctionRevertedError({
    abi: [...checkpointManagerAbi],
    data,
    functionName: "submit",
  });
  const error = explain(
    new ContractFunctionExecutionError(cause, { abi: [...checkpointManagerAbi], functionName: "epochNow" }),
    { functionName: "submit" },
  );
  assert.equal(error.code, "REVERTED");
  assert.deepEqual(error.revert, { name: "CheckpointManagerBadHeight", args: [5n, 10n, 20n] });
  assert.match(error.message, /submit was refused: CheckpointManagerBadHeight.*"5","10","20"/);
});
