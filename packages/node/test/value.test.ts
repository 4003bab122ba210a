import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { keccak256, toBytes } from "viem";
import { Cluster, reaches } from "./support/cluster.ts";

const LENGTH = 10;
/** A thousandth of the supply. */
const LIMIT = 1_000;
/** Twice that: all of it is the rich account's. */
const VALUE = 2n * 10n ** 21n;

const cluster = new Cluster({
  nodes: 4,
  authorities: 1,
  params: {
    blockTime: { fast: 100, balanced: 200, secure: 200 },
    valueLimit: LIMIT,
    residency: 1,
    // Nothing else asks for Secure.
    secureAvailability: 0,
  },
});
before(() => cluster.start());
after(() => cluster.close());

const epochOf = (height: number): number => (height - 1 - ((height - 1) % LENGTH)) / LENGTH;

/** Moves more than the limit; resolves with the height at which that is final. */
async function move(nonce: number): Promise<number> {
  const { reader } = cluster.node(1);
  const transaction = await cluster.rich.signTransaction({
    chainId: reader.chainId,
    type: "eip1559",
    nonce,
    to: `0x${"aa".repeat(20)}`,
    value: VALUE,
    gas: 21_000n,
    maxFeePerGas: 20_000_000_000n,
    maxPriorityFeePerGas: 1_000_000n,
  });
  const hash = keccak256(transaction);
  return new Promise((resolve, reject) => {
    const end = reader.subscribeHeads(({ receipts }) => {
      const receipt = receipts.find(({ transactionHash }) => transactionHash === hash);
      if (receipt === undefined) return;
      end();
      resolve(receipt.height);
    });
    reader.submitTransaction(toBytes(transaction)).then(({ accepted }) => {
      if (!accepted) reject(new Error("the transfer was refused"));
    }, reject);
  });
}

test("Secure is wanted for epochs in which more moved than the limit, and no others", {
  timeout: 180_000,
}, async () => {
  const { reader } = cluster.node(1);
  /** Epochs in which more moved before their last block, which is proposed before it is executed. */
  const busy = new Set<number>();
  // Each epoch asks for the second after it: until READINESS was carried in time and one is Secure.
  for (let nonce = 0; reader.status().mode !== "secure"; nonce++) {
    const height = await move(nonce);
    if (height % LENGTH !== 0) busy.add(epochOf(height));
    await reaches(cluster.node(1), LENGTH * (epochOf(height) + 1) + 1);
  }
  const top = reader.heads().finalized;
  // A node that comes back in the middle of an epoch counts as the others do: its vote is needed.
  const busier = await move(
    await reader.nonce(cluster.rich.address.toLowerCase() as `0x${string}`, "latest"),
  );
  if (busier % LENGTH !== 0) busy.add(epochOf(busier));
  await cluster.stopOne(2);
  await cluster.startOne(2);
  await cluster.stopOne(3);
  const until = LENGTH * (epochOf(Math.max(top, busier)) + 2) + 1;
  await Promise.all(cluster.running.map((node) => reaches(node, until)));

  const boundaries = cluster.duties(1).checkpoints.flatMap(({ checkpoint }) => checkpoint.boundary ?? []);
  assert.ok(boundaries.length >= epochOf(until));
  for (const { commitment, accounting } of boundaries)
    assert.equal(
      commitment.modeWanted,
      busy.has(accounting.epoch) ? "secure" : "balanced",
      `epoch ${accounting.epoch}`,
    );
  for (const node of cluster.running)
    for (let height = 1; height <= until; height++) {
      const block = (await node.reader.block({ height }))!;
      if (block.mode === "secure") assert.ok(busy.has(block.epoch - 2), `height ${height}`);
    }
});
