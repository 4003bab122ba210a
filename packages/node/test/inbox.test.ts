import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hexToBytes, keccak256 } from "viem";
import type { RunningNode } from "../src/node.ts";
import { Cluster, reaches } from "./support/cluster.ts";
import type { FakeSettlement } from "./support/settlement.ts";

/** The settlement chain as a client shows it that hears of no block any more since the one it began with. */
function stuck(settlement: FakeSettlement): FakeSettlement {
  const last = settlement.latestFinal();
  const shown: Partial<FakeSettlement> = {
    latestFinal: () => last,
    nameable: () => last,
    reading: async (reference, ...question) =>
      reference.number > last!.number ? null : settlement.reading(reference, ...question),
    onFinal: () => () => {},
  };
  return new Proxy(settlement, {
    get(target, name) {
      if (name in shown) return shown[name as keyof FakeSettlement];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Cannot tell what the inbox owes, and leaves it out of every block it proposes. */
const FORGETFUL = 0;
const ENTRIES = 12;
const cluster = new Cluster({
  nodes: 4,
  // One entry a block.
  params: { blockTime: { fast: 100, balanced: 200, secure: 1_000 }, forceQuota: 150 },
  shown: (node, settlement) => (node === FORGETFUL ? stuck(settlement) : settlement),
});
before(() => cluster.start());
after(() => cluster.close());

/** Resolves once a node proves blocks up to a height. */
async function proves(node: RunningNode, height: number): Promise<void> {
  for (;;) {
    const change = new Promise<void>((resolve) => {
      const end = node.reader.subscribeHeads(() => {
        end();
        resolve();
      });
    });
    if ((await node.reader.proofs.blockProof(height)) !== null) return;
    await change;
  }
}

test("a block without what the inbox owes becomes final through nobody's vote, and costs nobody his place", {
  timeout: 120_000,
}, async () => {
  const honest = cluster.node(1);
  const transactions = await Promise.all(
    Array.from({ length: ENTRIES }, (_, nonce) =>
      cluster.rich.signTransaction({
        chainId: honest.reader.chainId,
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
  await reaches(honest, 2);
  cluster.settlement.force(...transactions.map((each) => hexToBytes(each)));
  const { number } = cluster.settlement.latestFinal()!;
  const top = honest.reader.heads().finalized + ENTRIES + 10;
  // The one who cannot tell follows the others all the same.
  await Promise.all(cluster.running.map((node) => reaches(node, top)));
  await proves(honest, top);
  let owed = 0;
  for (let height = 1; height <= top; height++) {
    const { header } = (await honest.reader.proofs.blockProof(height))!;
    if (header.reference.number >= number && owed < ENTRIES) owed++;
    assert.equal(header.inboxCursor, owed, `height ${height}`);
  }
  assert.equal(owed, ENTRIES);
  for (const node of cluster.running) {
    const receipts = await Promise.all(transactions.map((each) => node.reader.receipt(keccak256(each))));
    assert.ok(receipts.every((receipt) => receipt?.status === 1));
  }
});
