import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ADDRESS_NAMES,
  aitbcTokenAbi,
  cancelUndelegation,
  checkpointManagerAbi,
  claimCredits,
  claimRewards,
  claimValidators,
  delegate,
  type Network,
  previewRedelegate,
  previewRewards,
  previewUndelegate,
  previewWithdraw,
  readBoundary,
  readPosition,
  readUnbonding,
  redelegate,
  rewardDistributorAbi,
  SdkError,
  type Sender,
  settleCharges,
  sharesFor,
  slashingManagerAbi,
  stakingPoolAbi,
  takeReward,
  unbondingQueueAbi,
  undelegate,
  withdraw,
} from "@aitbc-hybrid/sdk";
import {
  type Abi,
  type Address,
  createPublicClient,
  createWalletClient,
  custom,
  decodeFunctionData,
  encodeAbiParameters,
  encodeErrorResult,
  encodeEventTopics,
  encodeFunctionResult,
  type Hex,
  numberToHex,
  parseEther,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";

const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
const OWNER = account.address;
const OTHER: Address = "0x00000000000000000000000000000000000000aa";
const addressOf = (at: number): Address => `0x${(at + 1).toString(16).padStart(40, "0")}`;
const network: Network = {
  chainId: 31_337,
  deployBlock: 1,
  addresses: Object.fromEntries(ADDRESS_NAMES.map((name, at) => [name, addressOf(at)])) as never,
};
const { token, pool, queue, checkpoints, slashing, distributor } = network.addresses;
const ABIS = new Map<string, Abi>([
  [token, aitbcTokenAbi],
  [pool, stakingPoolAbi],
  [queue, unbondingQueueAbi],
  [checkpoints, checkpointManagerAbi],
  [slashing, slashingManagerAbi],
  [distributor, rewardDistributorAbi],
]);

/** An event as a receipt or a query for logs tells it. */
function logOf(
  address: Address,
  eventName: string,
  args: Readonly<Record<string, unknown>>,
  blockNumber = 9n,
): Record<string, unknown> {
  const abi = ABIS.get(address)!;
  const event = abi.find((item) => item.type === "event" && item.name === eventName);
  assert.ok(event?.type === "event");
  const data = event.inputs.filter(({ indexed }) => !indexed);
  return {
    address,
    topics: encodeEventTopics({ abi, eventName, args } as never),
    data: encodeAbiParameters(
      data,
      data.map(({ name }) => args[name!]),
    ),
    blockNumber: numberToHex(blockNumber),
    blockHash: `0x${"bb".repeat(32)}`,
    transactionHash: `0x${"cc".repeat(32)}`,
    transactionIndex: "0x0",
    logIndex: "0x0",
    removed: false,
  };
}

interface Answers {
  /** What functions return, by name; an error is encoded as the contract would. */
  readonly returns?: Readonly<Record<string, unknown>>;
  readonly reverts?: { readonly name: string; readonly abi: Abi; readonly args: readonly unknown[] };
  /** Logs of every transaction. */
  readonly logs?: readonly unknown[];
  readonly events?: (filter: { topics: Hex[][]; fromBlock: Hex; toBlock: Hex }) => readonly unknown[];
}

/** A sender on a settlement chain that answers as told, and what was sent to it. */
function chainOf(answers: Answers): { sender: Sender; sent: string[] } {
  const sent: string[] = [];
  const decode = (to: Address, data: Hex) => decodeFunctionData({ abi: ABIS.get(to.toLowerCase())!, data });
  const request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    const [call] = (params ?? []) as [{ to: Address; data: Hex }];
    switch (method) {
      case "eth_call":
      case "eth_estimateGas": {
        const { functionName } = decode(call.to, call.data);
        if (answers.reverts !== undefined && !(functionName in (answers.returns ?? {}))) {
          const { abi, name, args } = answers.reverts;
          throw { code: 3, message: "reverted", data: encodeErrorResult({ abi, errorName: name, args }) };
        }
        if (method === "eth_estimateGas") return "0x186a0";
        return encodeFunctionResult({
          abi: ABIS.get(call.to.toLowerCase())!,
          functionName,
          result: answers.returns?.[functionName],
        } as never);
      }
      case "eth_sendTransaction": {
        const { functionName, args } = decode(call.to, call.data);
        sent.push(`${functionName}(${(args ?? []).flat().join(",")})`);
        return `0x${"cc".repeat(32)}`;
      }
      case "eth_getTransactionReceipt":
        return {
          status: "0x1",
          transactionHash: `0x${"cc".repeat(32)}`,
          blockNumber: "0x9",
          gasUsed: "0x64",
          cumulativeGasUsed: "0x64",
          effectiveGasPrice: "0x1",
          logs: answers.logs ?? [],
          type: "0x2",
        };
      case "eth_blockNumber":
        return "0x9c4";
      case "eth_chainId":
        return "0x7a69";
      case "eth_getLogs":
        return answers.events?.(call as never) ?? [];
      case "eth_getTransactionByHash":
        return { hash: `0x${"cc".repeat(32)}`, from: OTHER, type: "0x2", blockNumber: "0x9" };
      default:
        throw new Error(`not expected: ${method}`);
    }
  };
  const transport = custom({ request } as never, { retryCount: 0 });
  const client = createPublicClient({ transport, pollingInterval: 1 });
  // An account that the chain signs for: what is sent can be read here.
  const remote = { address: OWNER, type: "json-rpc" } as const;
  return { sender: { client, wallet: createWalletClient({ transport }), account: remote }, sent };
}

test("a delegation approves exactly its amount first, and only where less is allowed", async () => {
  const logs = [
    logOf(pool, "Delegated", { validator: 5n, owner: OWNER, from: OWNER, amount: 10n, shares: 10_000n }),
  ];
  const fresh = chainOf({ returns: { allowance: 9n }, logs });
  assert.equal((await delegate(fresh.sender, network, 5, 10n)).shares, 10_000n);
  assert.deepEqual(
    fresh.sent.map((call) => call.toLowerCase()),
    [`approve(${pool},10)`, "delegate(5,10)"],
  );
  const allowed = chainOf({ returns: { allowance: 10n }, logs });
  await delegate(allowed.sender, network, 5, 10n);
  assert.deepEqual(allowed.sent, ["delegate(5,10)"]);
});

test("shares for an amount are rounded down, and all of them for all that is there", async () => {
  const { sender } = chainOf({
    returns: {
      position: { shares: 1_000n, generation: 1, entries: 1, redelegatedAt: 0, encumbered: true },
      tokensOf: 3n,
    },
  });
  const position = await readPosition(sender.client, network, 5, OWNER);
  assert.deepEqual(position, { shares: 1_000n, tokens: 3n, encumbered: true });
  assert.equal(sharesFor(position, 2n), 666n);
  assert.equal(sharesFor(position, 3n), 1_000n);
  assert.equal(sharesFor(position, 4n), 1_000n);
});

test("stake that leaves or moves: previewed without sending, told by its events once sent", async () => {
  const logs = [
    logOf(pool, "Undelegated", { validator: 5n, owner: OWNER, cohort: 2n, amount: 7n, shares: 70n }),
    logOf(pool, "Redelegated", {
      from: 5n,
      to: 6n,
      owner: OWNER,
      cohort: 0n,
      amount: 8n,
      sharesBurnt: 80n,
      sharesMinted: 81n,
    }),
    logOf(queue, "DelegationCancelled", { validator: 5n, owner: OWNER, cohort: 2n, amount: 3n, shares: 3n }),
    logOf(queue, "DelegationWithdrawn", { validator: 5n, owner: OWNER, cohort: 2n, amount: 4n, shares: 4n }),
  ];
  const returns = { undelegate: 2n, redelegate: 81n, withdraw: 4n };
  const { sender, sent } = chainOf({ returns, logs });
  const leaving = { cohort: 2, witness: 11 };
  assert.deepEqual(await previewUndelegate(sender, network, 5, 70n), { cohort: 2 });
  assert.deepEqual(await previewRedelegate(sender, network, 5, 6, 80n), { minted: 81n });
  assert.deepEqual(await previewWithdraw(sender, network, 5, leaving), { amount: 4n });
  assert.deepEqual(sent, []);
  const left = await undelegate(sender, network, 5, 70n);
  assert.deepEqual([left.cohort, left.amount], [2, 7n]);
  const moved = await redelegate(sender, network, 5, 6, 80n);
  assert.deepEqual([moved.minted, moved.amount], [81n, 8n]);
  assert.equal((await cancelUndelegation(sender, network, 5, 2, 3n)).amount, 3n);
  assert.equal((await withdraw(sender, network, 5, leaving)).amount, 4n);
  assert.deepEqual(sent, ["undelegate(5,70)", "redelegate(5,6,80)", "cancel(5,2,3)", "withdraw(5,2,11)"]);
  // Once the latest date has passed no witness is needed.
  await withdraw(sender, network, 5, { cohort: 2, witness: null });
  assert.equal(sent.at(-1), "withdraw(5,2,0)");
});

test("a refusal says which contract's error it is, before anything is sent", async () => {
  const { sender, sent } = chainOf({
    reverts: { abi: unbondingQueueAbi, name: "UnbondingQueueNotReady", args: [5n, 2n, 1_234n] },
  });
  await assert.rejects(
    withdraw(sender, network, 5, { cohort: 2, witness: null }),
    (error) =>
      error instanceof SdkError &&
      error.revert?.name === "UnbondingQueueNotReady" &&
      /withdraw was refused: UnbondingQueueNotReady.*1234/.test(error.message),
  );
  assert.deepEqual(sent, []);
});

test("entries that are leaving are listed with the dates they can be withdrawn at", async () => {
  const liability = { source: 0n, cohort: 0, shares: 0n, paid: 0n, bound: 0n };
  const returns = {
    cohortCount: 2n,
    entryOf: [40n, 39n, liability],
    withdrawableAtLatest: 9_000n,
    witnessOf: [true, 12n, 8_000n],
  };
  const entry = { shares: 40n, tokens: 39n, latest: 9_000, witness: 12, from: 8_000 };
  const { client } = chainOf({ returns }).sender;
  assert.deepEqual(await readUnbonding(client, network, 5, OWNER), [
    { cohort: 0, ...entry },
    { cohort: 1, ...entry },
  ]);
  const early = chainOf({ returns: { ...returns, cohortCount: 1n, witnessOf: [false, 0n, 0n] } }).sender;
  assert.deepEqual(await readUnbonding(early.client, network, 5, OWNER), [
    { cohort: 0, ...entry, witness: null, from: null },
  ]);
  const gone = chainOf({ returns: { ...returns, entryOf: [0n, 0n, liability] } }).sender;
  assert.deepEqual(await readUnbonding(gone.client, network, 5, OWNER), []);
});

test("claims tell what was paid, and to whom", async () => {
  const { sender, sent } = chainOf({
    returns: { claim: 6n },
    logs: [
      logOf(distributor, "Claimed", { owner: OWNER, amount: 6n }),
      logOf(distributor, "ValidatorClaimed", { validator: 5n, withdrawal: OTHER, toBond: 1n, paidOut: 2n }),
      logOf(distributor, "CreditsClaimed", { relayer: OWNER, amount: 3n }),
      logOf(slashing, "RewardPaid", { id: `0x${"01".repeat(32)}`, payee: OWNER, amount: parseEther("100") }),
    ],
  });
  assert.equal(await previewRewards(sender, network, [5, 6]), 6n);
  assert.equal((await claimRewards(sender, network, [5, 6])).amount, 6n);
  const { claims } = await claimValidators(sender, network, [5]);
  assert.deepEqual(
    claims.map((claim) => [claim.validator, claim.withdrawal.toLowerCase(), claim.toBond, claim.paidOut]),
    [[5, OTHER, 1n, 2n]],
  );
  assert.equal((await claimCredits(sender, network)).amount, 3n);
  await settleCharges(sender, network, 5);
  assert.equal((await takeReward(sender, network, `0x${"01".repeat(32)}`)).amount, parseEther("100"));
  assert.deepEqual(
    sent.map((call) => call.split("(")[0]),
    ["claim", "claimValidator", "claimCredits", "settle", "takeReward"],
  );
});

test("an accepted boundary is found from the head back, with who submitted it", async () => {
  const accounting = {
    epoch: 3n,
    views: 12n,
    stamp: 99n,
    loadMultiplier: 875_000,
    vectorHash: `0x${"dd".repeat(32)}`,
  };
  const commitment = {
    registryNext: `0x${"00".repeat(32)}`,
    registryAfter: `0x${"00".repeat(32)}`,
    modeNext: 1,
    modeWanted: 1,
    seedNext: `0x${"00".repeat(32)}`,
  };
  const accepted = logOf(checkpoints, "BoundaryAccepted", {
    epoch: 3n,
    nextFirstHeight: 41n,
    boundary: { commitment, accounting },
  });
  const hash: Hex = `0x${"00".repeat(32)}`;
  const checkpoint = logOf(checkpoints, "CheckpointAccepted", {
    index: 7,
    epoch: 3n,
    height: 40n,
    hash,
    checkpoint: {
      height: 40n,
      viewNumber: 12n,
      stamp: 99n,
      blockHash: hash,
      stateRoot: hash,
      blocksRoot: hash,
      previous: hash,
      boundary: hash,
    },
    present: false,
    seats: "0x",
    submitter: OTHER,
  });
  const recovered = logOf(checkpoints, "EpochRecovered", {
    epoch: 3n,
    incarnation: 1,
    nextFirstHeight: 41n,
    blockHash: hash,
    registryRoot: hash,
    accounting,
  });
  const looked: number[] = [];
  const from = (known: readonly Record<string, unknown>[]) =>
    chainOf({
      events: ({ topics, fromBlock, toBlock }) => {
        looked.push(Number(fromBlock));
        return known.filter(
          (log) =>
            (log.topics as Hex[])[0] === topics[0]?.toString() &&
            Number(log.blockNumber) >= Number(fromBlock) &&
            Number(log.blockNumber) <= Number(toBlock),
        );
      },
    }).sender.client;
  const plain = {
    epoch: 3,
    views: 12,
    stamp: 99,
    loadMultiplier: 875_000,
    vectorHash: accounting.vectorHash,
  };
  const found = await readBoundary(from([accepted, checkpoint]), network, 3);
  assert.deepEqual(found?.accounting, plain);
  assert.equal(found?.submitter.toLowerCase(), OTHER);
  // The head is block 2,500: pages of a thousand down to the deployment.
  assert.deepEqual([...new Set(looked)], [1_501, 501, 1, 9]);
  const point = await readBoundary(from([recovered]), network, 3);
  assert.deepEqual(point?.accounting, plain);
  assert.equal(point?.submitter.toLowerCase(), OTHER);
  assert.equal(await readBoundary(from([]), network, 3), null);
});
