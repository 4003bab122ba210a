import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  type Block,
  DEVNET_PARAMS,
  type Hash,
  type Peer,
  type Registry,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { decodeData } from "../../src/data/codec.ts";
import { BatchStore, type DataOptions, DataPath, type SealedBatch, sealBatch } from "../../src/data/index.ts";
import { silentLog } from "../../src/log.ts";
import { memoryDatabase } from "../../src/storage/index.ts";

const VALIDATORS = 4;
const registry: Registry = {
  root: ZERO_HASH,
  entries: Array.from({ length: VALIDATORS }, (_, i) => ({
    validatorId: i + 1,
    key: Uint8Array.of(i),
    keyBytes: Uint8Array.of(i),
    stake: 1_000n,
  })),
  authorities: VALIDATORS,
  suspended: new Set(),
  backing: new Set([0, 1, 2, 3]),
  params: DEVNET_PARAMS,
};
const options: DataOptions = {
  chainId: 1,
  author: 1,
  batchMs: 1,
  ackMs: 0,
  quotaBytes: 2_000,
  fetchMs: 5,
  retentionMs: 60_000,
  orderMs: 1_000,
};
const paths: DataPath[] = [];
after(async () => {
  for (const path of paths) await path.close();
});

/** Data paths that hear each other at once. `deaf` names whom a path's broadcasts miss. */
class Mesh {
  readonly paths = new Map<Peer, DataPath>();
  readonly banned: Peer[] = [];
  /** Batches held and not ordered, by peer. */
  readonly held = new Map<Peer, number>();
  readonly lost = new Set<string>();
  now = 1_000_000;

  add(
    author: number,
    pending: Uint8Array[] = [],
    database = memoryDatabase(),
    given: Partial<DataOptions> = {},
  ): DataPath {
    const self = `p${author}`;
    const path = new DataPath(
      { ...options, ...given, author },
      {
        store: new BatchStore(1, database.bucket("batches")),
        links: {
          send: (to, frame) => this.#deliver(self, to, frame),
          broadcast: (frame) => {
            for (const to of this.paths.keys()) if (to !== self) this.#deliver(self, to, frame);
          },
          connected: () => [...this.paths.keys()].filter((peer) => peer !== self),
          validatorOf: (peer) => Number(peer.slice(1)),
          peerOf: (validator) => `p${validator}`,
        },
        execution: { verify: async () => [], takeExecutable: () => pending.splice(0) },
        log: silentLog,
        metrics: { batch() {}, refused() {}, unordered: (count) => this.held.set(self, count), fetched() {} },
        clock: () => this.now,
        ban: (peer) => this.banned.push(peer),
      },
    );
    path.setEpoch({ registry, mode: "balanced", capacity: 1_000 });
    this.paths.set(self, path);
    paths.push(path);
    return path;
  }

  #deliver(from: Peer, to: Peer, frame: Uint8Array): boolean {
    if (this.lost.has(`${from}>${to}`)) return true;
    queueMicrotask(() => this.paths.get(to)?.receive(from, frame));
    return true;
  }
}

/** Resolves once `what` holds, looked at after every turn of the loop. */
async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 1));
}

const block = (batches: readonly Hash[]): Block =>
  ({ header: { height: 1 }, body: { batches } }) as unknown as Block;
const none = new Set<Hash>();

/** From now on a peer answers who asks for these batches; what it was asked for. */
function answer(mesh: Mesh, peer: Peer, batches: readonly SealedBatch[]): ReadonlySet<Hash> {
  const asked = new Set<Hash>();
  const path = mesh.paths.get(peer)!;
  const receive = path.receive.bind(path);
  path.receive = (from, frame) => {
    const message = decodeData(1, frame);
    if (message.type !== "fetch") {
      receive(from, frame);
      return;
    }
    for (const digest of message.digests) {
      asked.add(digest);
      mesh.paths.get(from)!.receive(peer, batches.find((each) => each.digest === digest)!.encoded);
    }
  };
  return asked;
}

test("a batch is proposed by everybody once a quorum holds it, and by nobody before", async () => {
  const mesh = new Mesh();
  const author = mesh.add(1, [Uint8Array.of(1, 1), Uint8Array.of(2)]);
  mesh.add(2);
  author.transactionAccepted();
  await until(() => mesh.held.get("p2") === 1);
  // Two of four authorities hold it: no quorum.
  assert.deepEqual(author.payload(none), []);

  const third = mesh.add(3);
  author.connected("p3");
  mesh.paths.get("p2")?.connected("p3");
  await until(() => author.payload(none).length === 1 && third.payload(none).length === 1);
  const [digest] = author.payload(none);
  assert.deepEqual(third.payload(none), [digest]);
  assert.deepEqual(author.payload(new Set([digest!])), []);
  assert.deepEqual(await third.transactions(block([digest!])), [Uint8Array.of(1, 1), Uint8Array.of(2)]);
  await third.finalized(block([digest!]));
  assert.deepEqual(third.payload(none), []);
});

test("missing batches are fetched from the proposer, or from whoever holds them", async () => {
  const mesh = new Mesh();
  const author = mesh.add(1, [Uint8Array.of(7)]);
  mesh.add(2);
  mesh.add(3);
  const late = mesh.add(4);
  mesh.lost.add("p1>p4");
  author.transactionAccepted();
  await until(() => author.payload(none).length === 1);
  const [digest] = author.payload(none);
  // Its proposer does not answer; others do.
  assert.deepEqual(await late.obtain(block([digest!]), "p1", 1_000), { ok: true, inboxFrom: null });
  assert.deepEqual(await late.transactions(block([digest!])), [Uint8Array.of(7)]);
});

test("a block of more bytes than allowed is malformed for everybody", async () => {
  const mesh = new Mesh();
  const pending = [new Uint8Array(600).fill(1)];
  const author = mesh.add(1, pending);
  mesh.add(2);
  mesh.add(3);
  author.transactionAccepted();
  await until(() => author.payload(none).length === 1);
  pending.push(new Uint8Array(600).fill(2));
  mesh.now += 10;
  author.transactionAccepted();
  await until(() => author.payload(new Set(author.payload(none))).length === 1);
  const [first] = author.payload(none);
  const [second] = author.payload(new Set([first!]));
  // A leader does not propose both, a malicious one does.
  assert.equal(author.payload(none).length, 1);
  assert.equal((await author.obtain(block([first!, second!]), null, 1_000)).ok, false);
  assert.equal((await author.obtain(block([first!, second!]), null, 1_200)).ok, true);
});

test("an author beyond its quota is not listened to until blocks order its batches", async () => {
  const mesh = new Mesh();
  const pending = [new Uint8Array(900).fill(1)];
  const author = mesh.add(1, pending);
  const other = mesh.add(2);
  mesh.add(3);
  for (let i = 2; i <= 3; i++) {
    author.transactionAccepted();
    await until(() => pending.length === 0);
    mesh.now += 10;
    pending.push(new Uint8Array(900).fill(i));
  }
  author.transactionAccepted();
  await until(() => pending.length === 0);
  await until(() => other.payload(none).length === 1);
  const first = other.payload(none);
  const second = other.payload(new Set(first));
  assert.equal(second.length, 1);
  assert.deepEqual(other.payload(new Set([...first, ...second])), []);
  await Promise.all([...mesh.paths.values()].map((path) => path.finalized(block(first))));
  for (const peer of ["p2", "p3"]) author.connected(peer);
  await until(() => other.payload(new Set(second)).length === 1);
});

test("batches that no block ordered survive a restart, those beyond the retention are deleted", async () => {
  const mesh = new Mesh();
  const database = memoryDatabase();
  const pending = [Uint8Array.of(5)];
  const author = mesh.add(1, pending, database);
  mesh.add(2);
  mesh.add(3);
  author.transactionAccepted();
  await until(() => author.payload(none).length === 1);
  const [digest] = author.payload(none);
  await author.close();

  const again = mesh.add(1, [], database);
  await again.start();
  for (const peer of ["p2", "p3"]) mesh.paths.get(peer)?.connected("p1");
  await until(() => again.payload(none).length === 1);
  assert.deepEqual(again.payload(none), [digest]);

  await again.finalized(block([digest!]));
  const store = new BatchStore(1, database.bucket("batches"));
  assert.equal(await store.sweep(mesh.now), 0);
  assert.notEqual(await store.get(digest!), null);
  assert.equal(await store.sweep(mesh.now + 1), 1);
  assert.equal(await store.get(digest!), null);
});

test("who sends nonsense is banned", () => {
  const mesh = new Mesh();
  const path = mesh.add(1);
  path.receive("p2", Uint8Array.of(1, 2, 3));
  assert.deepEqual(mesh.banned, ["p2"]);
});

test("nobody is made to order a batch that makes blocks invalid: who sends one is banned", async () => {
  const mesh = new Mesh();
  const pending = [Uint8Array.of(7)];
  const author = mesh.add(1, pending);
  const others = [2, 3, 4].map((each) => mesh.add(each));
  const poison = [[], [Uint8Array.of(1), new Uint8Array()]].map((transactions, sequence) =>
    sealBatch(1, { author: 4, sequence, transactions }),
  );
  for (const { encoded } of poison) {
    mesh.banned.length = 0;
    for (const [at, path] of [author, ...others.slice(0, 2)].entries()) {
      path.receive("p4", encoded);
      assert.equal(mesh.banned.length, at + 1);
    }
    assert.deepEqual([...new Set(mesh.banned)], ["p4"]);
  }
  // Named in a block it is fetched, so that all see what it is; nobody orders it then either.
  answer(mesh, "p4", poison);
  for (const { digest } of poison)
    for (const path of [author, ...others.slice(0, 2)])
      assert.equal((await path.obtain(block([digest]), "p4", 1_000)).ok, false);
  author.transactionAccepted();
  const { digest } = sealBatch(1, { author: 1, sequence: mesh.now, transactions: [Uint8Array.of(7)] });
  await until(() => others.slice(0, 2).every((path) => path.payload(none).length > 0));
  for (const path of [author, ...others.slice(0, 2)]) assert.deepEqual(path.payload(none), [digest]);
});

test("a batch larger than a block keeps nobody else's out", async () => {
  const mesh = new Mesh();
  const small = mesh.add(1, [Uint8Array.of(7)]);
  const large = mesh.add(2, [new Uint8Array(1_200).fill(1)]);
  mesh.add(3);
  large.transactionAccepted();
  await until(() => mesh.held.get("p1") === 1);
  mesh.now += 10;
  small.transactionAccepted();
  const { digest } = sealBatch(1, { author: 1, sequence: mesh.now, transactions: [Uint8Array.of(7)] });
  await until(() => small.payload(none).length === 1);
  assert.deepEqual(small.payload(none), [digest]);
});

test("of a block that names more than it may hold only a part is fetched", async () => {
  const mesh = new Mesh();
  const path = mesh.add(1);
  const batches = Array.from({ length: 300 }, (_, sequence) =>
    sealBatch(1, { author: 2, sequence, transactions: [new Uint8Array(100).fill(1)] }),
  );
  mesh.add(2);
  const asked = answer(mesh, "p2", batches);
  const { ok } = await path.obtain(block(batches.map(({ digest }) => digest)), "p2", 1_000);
  assert.equal(ok, false);
  assert.ok(asked.size > 10 && asked.size <= 64, `${asked.size}`);
});

test("forced entries: fetched as any batch, first in their block, beside the capacity, and never ordered by themselves", async () => {
  const mesh = new Mesh();
  const leader = mesh.add(1);
  const voter = mesh.add(2);
  mesh.add(3);
  const transactions = [new Uint8Array(600), new Uint8Array(300)];
  const { digest } = await leader.force(4, transactions);
  const forced = (inboxCursor: number, batches: readonly Hash[] = [digest]): Block =>
    ({ header: { height: 1, inboxCursor }, body: { batches } }) as unknown as Block;
  assert.deepEqual(await voter.obtain(forced(6), "p1", 1_000), { ok: true, inboxFrom: 4 });
  assert.deepEqual(await voter.transactions(forced(6)), transactions);
  assert.equal((await leader.force(4, transactions)).digest, digest);
  await until(() => mesh.paths.get("p3") !== undefined && leader.payload(none).length === 0);

  assert.equal((await voter.obtain(forced(7), "p1", 1_000)).ok, false, "another cursor");
  const own = await plainBatch(mesh, leader, voter);
  assert.deepEqual(await voter.obtain(forced(6, [digest, own]), "p1", 1_000), { ok: true, inboxFrom: 4 });
  assert.equal((await voter.obtain(forced(6, [own, digest]), "p1", 1_000)).ok, false, "not first");
  assert.equal((await voter.obtain(forced(6, [digest, own]), "p1", 999)).ok, false, "no room beside them");
  assert.deepEqual(
    await voter.obtain(forced(6), "p1", 10),
    { ok: true, inboxFrom: 4 },
    "whatever the room is",
  );

  // Another block took these entries otherwise: the batch is of no use any more.
  const before = mesh.held.get("p2")!;
  await voter.finalized(forced(5, []));
  assert.equal(mesh.held.get("p2"), before - 1);
});

/** A batch of a hundred bytes that a voter holds. */
async function plainBatch(mesh: Mesh, author: DataPath, voter: DataPath): Promise<Hash> {
  const batch = sealBatch(1, { author: 1, sequence: 1, transactions: [new Uint8Array(100)] });
  voter.receive("p1", batch.encoded);
  author.receive("p1", batch.encoded);
  await until(() => mesh.held.get("p2") === 2);
  return batch.digest;
}
