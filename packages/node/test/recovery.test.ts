import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type Activation,
  type ContractsReading,
  equalBytes,
  type Hash,
  hasSeat,
} from "@aitbc-hybrid/protocol";
import type { RunningNode } from "../src/node.ts";
import { Cluster, reaches } from "./support/cluster.ts";
import { HANGS_MS, until } from "./support/until.ts";

const NODES = [0, 1, 2, 3];
/** Blocks of an epoch in the devnet's parameters. */
const LENGTH = 10;
const cluster = new Cluster({
  nodes: 4,
  // Secure needs three stakers.
  authorities: 1,
  params: {
    blockTime: { fast: 100, balanced: 200, secure: 200 },
    delta: { fast: 100, balanced: 250, secure: 250 },
  },
});
before(() => cluster.start());
after(() => cluster.close());

const reading = (change: Partial<ContractsReading>): ContractsReading => ({
  at: 1_000,
  epoch: 0,
  incarnation: 0,
  settledAt: Date.now(),
  acceptedHeight: 0,
  recovery: null,
  ...change,
});

const hashAt = async (node: RunningNode, height: number): Promise<Hash | undefined> =>
  (await node.reader.block({ height }))?.hash;

async function assertAgreement(): Promise<void> {
  const common = Math.min(...cluster.running.map((node) => node.reader.heads().finalized));
  for (let height = 1; height <= common; height++) {
    const blocks = await Promise.all(cluster.running.map((node) => node.reader.block({ height })));
    for (const block of blocks) {
      assert.equal(block?.hash, blocks[0]?.hash, `height ${height}`);
      assert.equal(block?.stateRoot, blocks[0]?.stateRoot, `state at height ${height}`);
    }
  }
}

const activations: Activation[] = [];

test("nodes far ahead of the contracts go back to the epoch that was recovered, and on from there", {
  timeout: HANGS_MS,
}, async () => {
  // Nothing is accepted: the contracts stay in epoch 0 while the nodes reach epoch 2.
  cluster.settlement.show({ reading: reading({}), activations });
  await Promise.all(cluster.running.map((node) => reaches(node, 2 * LENGTH + 3)));
  const point = await hashAt(cluster.node(0), 5);
  const lost = await hashAt(cluster.node(0), 6);
  activations.push({
    epoch: 0,
    incarnation: 1,
    view: 5,
    blockHash: point!,
    registry: cluster.registry.root,
  });
  cluster.settlement.show({ reading: reading({ epoch: 1, incarnation: 1, acceptedHeight: 5 }), activations });
  await until("the new incarnation", () =>
    cluster.running.every((node) => node.reader.status().incarnation === 1),
  );
  // The ledger goes back a moment later.
  const others = async (): Promise<boolean> => {
    const sixth = await Promise.all(cluster.running.map((node) => hashAt(node, 6)));
    return sixth.every((hash) => hash !== undefined && hash !== lost);
  };
  await until("blocks above the recovery point", others);
  await Promise.all(cluster.running.map((node) => reaches(node, 8)));
  for (const node of cluster.running) {
    const { epoch, mode } = node.reader.status();
    assert.ok(epoch >= 1);
    assert.equal(mode, "secure");
    assert.equal(await hashAt(node, 5), point);
    assert.notEqual(await hashAt(node, 6), lost);
  }
  await assertAgreement();
});

test("after a restart they stand where they were, one that lost its data too", {
  timeout: HANGS_MS,
}, async () => {
  const height = cluster.node(0).reader.heads().finalized;
  const hash = await hashAt(cluster.node(0), height);
  for (const index of NODES) await cluster.stopOne(index);
  cluster.loseData(3);
  for (const index of NODES) await cluster.startOne(index);
  await until("all stand there again", () =>
    cluster.running.every((node) => node.reader.heads().finalized >= height + 3),
  );
  for (const node of cluster.running) {
    assert.equal(node.reader.status().incarnation, 1);
    assert.equal(await hashAt(node, height), hash);
  }
  await assertAgreement();
});

test("members answer an open recovery: certificates in grace, RESTART after it, silence until it is activated", {
  timeout: HANGS_MS,
}, async () => {
  // Two of four are no quorum: the chain stops in the middle of an epoch.
  const height = cluster.node(0).reader.heads().finalized;
  await reaches(cluster.node(0), LENGTH * Math.ceil(height / LENGTH) + 2);
  for (const index of [2, 3]) await cluster.stopOne(index);
  const staying = [0, 1].map((index) => cluster.node(index));
  await until("one epoch", () => new Set(staying.map((node) => node.reader.status().epoch)).size === 1);
  const { epoch } = staying[0]!.reader.status();
  const graceEnd = 5_000;
  const show = (at: number): void =>
    cluster.settlement.show({
      reading: reading({
        at,
        epoch,
        incarnation: 1,
        acceptedHeight: 5,
        recovery: { graceEnd, posted: [] },
      }),
      activations,
    });
  show(1_000);
  await until("certificates", () => [0, 1].every((index) => cluster.duties(index).certificates.length > 0));
  // What RPC calls latest is certified; a block that only its leader executed is not.
  for (const index of [0, 1]) {
    const { reader } = cluster.node(index);
    const { latest } = reader.heads();
    const { blockHash } = cluster.duties(index).certificates.at(-1)!;
    assert.equal((await reader.block({ height: latest }))?.hash, blockHash);
    assert.equal(await reader.block({ height: latest + 1 }), undefined);
  }
  assert.deepEqual(cluster.duties(0).restarts, []);
  show(graceEnd + 1);
  await until("RESTARTs", () => [0, 1].every((index) => cluster.duties(index).restarts.length > 0));
  const [restart] = cluster.duties(0).restarts;
  assert.equal(restart!.epoch, epoch);

  // Killed now, it signs the same one again.
  await cluster.stopOne(0);
  await cluster.startOne(0);
  await until("the same RESTART", () => cluster.duties(0).restarts.length > 0);
  const [again] = cluster.duties(0).restarts;
  assert.deepEqual([again!.view, again!.blockHash], [restart!.view, restart!.blockHash]);

  // With everybody back there is a quorum, but whoever signed RESTART votes no more.
  for (const index of [2, 3]) await cluster.startOne(index);
  await until("all RESTARTs", () => NODES.every((index) => cluster.duties(index).restarts.length > 0));
  const before = Math.max(...cluster.running.map((node) => node.reader.heads().finalized));
  activations.push({
    epoch,
    incarnation: 2,
    view: restart!.view,
    blockHash: restart!.blockHash,
    registry: cluster.registry.root,
  });
  cluster.settlement.show({
    reading: reading({ epoch: epoch + 1, incarnation: 2, acceptedHeight: before }),
    activations,
  });
  await until("blocks of the next incarnation", () =>
    cluster.running.every(
      (node) => node.reader.status().incarnation === 2 && node.reader.heads().finalized > before,
    ),
  );
  await assertAgreement();
});

test("a validator that the contracts slash stops signing and says so; the others go on without it", {
  timeout: HANGS_MS,
}, async () => {
  const slashed = cluster.registry.entries[3]!.key;
  cluster.settlement.standingOf = (key) => (equalBytes(key, slashed) ? "slashed" : "active");
  cluster.settlement.show(cluster.settlement.contracts());
  const { reader } = cluster.node(3);
  await until("it says so", () => reader.readiness().reasons.some((reason) => reason.includes("slashed")));
  // What it signed before may be on its way still.
  const from = Math.max(...cluster.running.map((node) => node.reader.heads().finalized)) + 4;
  await reaches(cluster.node(0), from + 6);
  for (let height = from; height <= from + 6; height++) {
    const certificate = await cluster.node(0).reader.certificate(height);
    if (certificate !== undefined) assert.equal(hasSeat(certificate.bitmap, 3), false, `height ${height}`);
  }
  assert.equal(cluster.node(0).reader.readiness().reasons.join(), "");
});
