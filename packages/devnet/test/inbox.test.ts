import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openSettlement, type RunningNode, type Settlement, silentLog } from "@aitbc-hybrid/node";
import { Cluster, type FakeSettlement, freePorts, reaches } from "@aitbc-hybrid/node/testing";
import { dueUntil } from "@aitbc-hybrid/protocol";
import { aitbcTokenAbi, forcedInboxAbi, type Network } from "@aitbc-hybrid/sdk";
import {
  createTestClient,
  createWalletClient,
  type Hex,
  http,
  keccak256,
  type PublicClient,
  publicActions,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { SettlementChain } from "../src/anvil.ts";
import { deployContracts } from "../src/deployment.ts";
import { Folder } from "../src/folder.ts";
import { GAS_MONEY } from "../src/setup.ts";

/** Age at which an entry is due, s. */
const AGE = 600;
const LEDGER_CHAIN_ID = 31_999;

const root = mkdtempSync(join(tmpdir(), "devnet inbox "));
/** What is to be ended, the last begun first. */
const ends: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const end of ends.reverse()) await end();
  rmSync(root, { recursive: true, force: true });
});

/** A settlement chain with the contracts, whose clock stands still but when it is moved on. */
async function settle() {
  const folder = new Folder(root);
  folder.create([]);
  const [port] = (await freePorts(1)) as [number];
  const chain = await SettlementChain.start({
    port,
    stateFile: folder.settlementState,
    logFile: folder.log("settlement"),
    cwd: root,
  });
  ends.push(() => chain.process.stop());
  const key = generatePrivateKey();
  const deployer = privateKeyToAccount(key);
  await chain.fund([deployer.address], GAS_MONEY);
  const network = await deployContracts(folder, chain.url, key, LEDGER_CHAIN_ID);
  const { settlement } = openSettlement(
    {
      url: chain.url,
      networkFile: folder.network,
      pollMs: 50,
      turnMs: 1_000,
      chargesAtOnce: 1,
      key: null,
      operator: null,
    },
    { log: silentLog, clock: Date.now },
  );
  ends.push(() => settlement.close());
  settlement.follow({ refLag: 0, settleDepth: 1 });
  const wallet = createWalletClient({ account: deployer, transport: http(chain.url) });
  const clock = createTestClient({ mode: "anvil", transport: http(chain.url) }).extend(publicActions);
  let { timestamp } = await clock.getBlock();
  /** So many seconds later is the next block. */
  const later = async (seconds: number): Promise<void> => {
    timestamp += BigInt(seconds);
    await clock.setNextBlockTimestamp({ timestamp });
  };
  /** So many seconds later is a block that is final. */
  const pass = async (seconds: number): Promise<void> => {
    for (const each of [seconds, 1]) {
      await later(each);
      await clock.mine({ blocks: 1 });
    }
  };
  return { network, wallet, later, pass, settlement, client: chain.client() };
}

/** The inbox, and which blocks are final, as the contracts and their chain say; all else is the fake's. */
function withInbox(fake: FakeSettlement, stamp: number, real: Settlement): FakeSettlement {
  const shown: Partial<FakeSettlement> = {
    latestFinal: () => real.latestFinal(),
    nameable: () => real.nameable(),
    reachable: () => real.reachable(),
    onFinal: (listener) => real.onFinal(listener),
    forced: (...entries) => real.forced(...entries),
    reading: async (...question) => {
      const read = await real.reading(...question);
      return read === null ? null : { ...read, settledAt: stamp, candidate: null };
    },
  };
  return new Proxy(fake, {
    get(target, name) {
      if (name in shown) return shown[name as keyof FakeSettlement];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Resolves once the client shows a block final. */
const shows = (settlement: Settlement, number: number): Promise<void> =>
  new Promise((resolve) => {
    if ((settlement.latestFinal()?.number ?? 0) >= number) {
      resolve();
      return;
    }
    const end = settlement.onFinal((final) => {
      if (final.number < number) return;
      end();
      resolve();
    });
  });

/** Resolves once a head moved after which it holds. */
const until = (node: RunningNode, holds: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    if (holds()) {
      resolve();
      return;
    }
    const end = node.reader.subscribeHeads(() => {
      if (!holds()) return;
      end();
      resolve();
    });
  });

/** How many entries were due at a settlement block, as the contracts say. */
async function dueAt(client: PublicClient, { addresses, deployBlock }: Network, number: number) {
  if (number <= deployBlock) return 0;
  const blockNumber = BigInt(number);
  const { timestamp } = await client.getBlock({ blockNumber });
  const last = dueUntil(Number(timestamp) * 1_000, AGE * 1_000);
  const args = [last] as const;
  const inbox = { address: addresses.inbox, abi: forcedInboxAbi } as const;
  return Number(await client.readContract({ ...inbox, functionName: "countUntil", args, blockNumber }));
}

test("what is queued in the ForcedInbox is in every chain of blocks that a quorum votes for, when it is due", {
  timeout: 600_000,
}, async () => {
  const { network, wallet, later, pass, settlement, client } = await settle();
  const { token, inbox } = network.addresses;
  let stamp = 0;
  const cluster = new Cluster({
    nodes: 4,
    params: { blockTime: { fast: 100, balanced: 200, secure: 1_000 }, forceAfter: AGE * 1_000 },
    shown: (_, fake) => withInbox(fake, stamp, settlement),
  });
  ends.push(() => cluster.close());
  ({ stamp } = await cluster.settlement.genesis());

  const send = async (call: Parameters<typeof wallet.writeContract>[0]): Promise<number> => {
    const hash = await wallet.writeContract(call);
    const { status, blockNumber } = await client.waitForTransactionReceipt({ hash });
    assert.equal(status, "success");
    return Number(blockNumber);
  };
  const transactions = await Promise.all(
    [0, 1, 2].map((nonce) =>
      cluster.rich.signTransaction({
        chainId: LEDGER_CHAIN_ID,
        type: "eip1559",
        nonce,
        to: `0x${"aa".repeat(20)}`,
        value: 1n,
        gas: 21_000n,
        maxFeePerGas: 20_000_000_000n,
        maxPriorityFeePerGas: 1_000_000n,
      }),
    ),
  );
  const queue = async (seconds: number, transaction: Hex): Promise<number> => {
    await later(seconds);
    const args = [transaction] as const;
    return send({ chain: null, address: inbox, abi: forcedInboxAbi, functionName: "queue", args });
  };
  await later(1_000);
  await send({
    chain: null,
    address: token,
    abi: aitbcTokenAbi,
    functionName: "approve",
    args: [inbox, 10n ** 24n],
  });
  await queue(1, transactions[0]!);
  // Two are due together, a minute later.
  await queue(60, "0xdead");
  const last = await queue(1, transactions[1]!);
  await pass(1);
  await shows(settlement, last);

  await cluster.start();
  const node = cluster.node(1);
  const cursor = (): number => node.reader.status().inboxCursor;
  await reaches(node, 5);
  assert.equal(cursor(), 0, "nothing is due yet");
  for (const [seconds, owed] of [
    [AGE - 50, 1],
    [60, 3],
  ] as const) {
    await pass(seconds);
    await until(node, () => cursor() >= owed);
    assert.equal(cursor(), owed);
  }
  // One that is queued meanwhile waits as the others did.
  await queue(1, transactions[2]!);
  await pass(1);
  await reaches(node, node.reader.heads().finalized + 5);
  assert.equal(cursor(), 3);
  await pass(AGE);
  await until(node, () => cursor() >= 4);

  const top = node.reader.heads().finalized;
  await Promise.all(cluster.running.map((each) => reaches(each, top)));
  await until(node, () => node.reader.heads().backed >= top);
  for (let height = 1; height <= top; height++) {
    const { header } = (await node.reader.proofs.blockProof(height))!;
    const { number } = header.reference;
    assert.equal(header.inboxCursor, await dueAt(client, network, number), `height ${height}, at ${number}`);
  }
  for (const each of cluster.running) {
    const receipts = await Promise.all(
      transactions.map((transaction) => each.reader.receipt(keccak256(transaction))),
    );
    assert.ok(receipts.every((receipt) => receipt?.status === 1));
  }
});
