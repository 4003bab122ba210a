import assert from "node:assert/strict";
import { test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  checkpointRoot,
  decodeEvidence,
  domainHash,
  encodeEvidence,
  fromBitmap,
  toBitmap,
} from "@aitbc-hybrid/protocol";
import {
  boundaryAnchor,
  catchUp,
  genesisAnchor,
  type LightSource,
  registryFrom,
  SdkError,
} from "@aitbc-hybrid/sdk";
import { defaultRegistry, label, registryOf, START, TestChain } from "../support/chain.ts";
import { following, refuses } from "../support/light.ts";

const DAY = 86_400_000;

test("follows epochs with changing registries and modes", () => {
  const chain = new TestChain(defaultRegistry());
  const { client } = following(chain);
  const second = defaultRegistry({ suspended: [1] });
  const third = registryOf(
    [
      { name: "authority 0", stake: 10n },
      { name: "newcomer", stake: 30n },
    ],
    ["a", "b", "c"].map((name) => ({ name, stake: 50n })),
  );
  assert.equal(client.submit(chain.checkpoint(5)).what, "accepted");
  assert.deepEqual(client.submit(chain.close({ after: second, modeWanted: "secure" })), {
    what: "accepted",
    hash: chain.last,
    height: 10,
    begun: 1,
  });
  client.submit(chain.close({ after: third, modeNext: "secure", modeWanted: "fast" }));
  // R_2 is known by its root only.
  assert.equal(client.missing, second.root);
  refuses(client, "LIGHT_REGISTRY_UNKNOWN", () => client.submit(chain.checkpoint(25)));
  assert.equal(client.learn(second), second.root);
  chain.last = client.checkpointAt(20)!.hash;
  client.submit(chain.checkpoint(25, { absent: [0] }));
  client.submit(chain.close({ modeNext: "fast" }));
  client.learn(third);
  client.submit(chain.checkpoint(35));
  assert.deepEqual(client.position, {
    epoch: 3,
    incarnation: 0,
    mode: "fast",
    height: 35,
    stamp: chain.stampAt(35),
  });
  assert.equal(client.status, "live");
});

test("counts both weights, by bitmap and by either list", () => {
  const chain = new TestChain(defaultRegistry());
  const { client } = following(chain);
  const { backing } = chain.slot().registry;
  const listed = (absent: readonly number[], present: boolean, height: number) => {
    const { epoch, checkpoint, signature } = chain.checkpoint(height, { absent });
    const seats = present ? [...backing].filter((seat) => !absent.includes(seat)) : absent;
    return { epoch, checkpoint, signature, present, seats };
  };
  client.submit(chain.checkpoint(1, { absent: [2] }));
  client.submit(listed([2, 7], true, 2));
  client.submit(listed([0, 7], false, 3));
  client.submit(listed([], false, 4));
  // Two of four authorities; 200 of 410 AITBC, which is less than two thirds; exactly half.
  for (const absent of [
    [0, 1],
    [4, 6],
    [4, 5],
  ]) {
    for (const present of [false, true])
      refuses(client, "LIGHT_NO_QUORUM", () => client.submit(listed(absent, present, 5)));
    refuses(client, "LIGHT_NO_QUORUM", () => client.submit(chain.checkpoint(5, { absent })));
  }
});

test("two thirds exactly are not enough", () => {
  const three = [1, 2, 3].map((at) => ({ name: `third ${at}`, stake: 100n }));
  const chain = new TestChain(registryOf([], three));
  const { client } = following(chain);
  refuses(client, "LIGHT_NO_QUORUM", () => client.submit(chain.sign(chain.content(5), { absent: [1] })));
  client.submit(chain.checkpoint(5));
  const { blockHash } = client.checkpointAt(5)!.checkpoint;
  refuses(client, "LIGHT_NO_QUORUM", () =>
    client.reportRestart(5, blockHash, chain.restart(5, blockHash, { absent: [1] })),
  );
  assert.equal(client.status, "live");
});

test("judges Fast by its authorities and the stake of Balanced's set, Secure by all and a third of the authorities", () => {
  const fast = new TestChain(defaultRegistry(), "fast");
  const { client } = following(fast);
  refuses(client, "LIGHT_NO_QUORUM", () => client.submit(fast.sign(fast.content(5), { absent: [4, 5] })));
  refuses(client, "LIGHT_NO_QUORUM", () => client.submit(fast.sign(fast.content(5), { absent: [0, 1] })));
  client.submit(fast.checkpoint(5, { absent: [0, 4] }));

  const secure = new TestChain(defaultRegistry(), "secure");
  const other = following(secure).client;
  refuses(other, "LIGHT_NO_QUORUM", () =>
    other.submit(secure.sign(secure.content(5), { absent: [0, 1, 2] })),
  );
  other.submit(secure.checkpoint(5, { absent: [0, 1, 7] }));
});

test("refuses signers, signatures and lists that are not right", () => {
  const chain = new TestChain(defaultRegistry({ suspended: [3] }));
  const { client } = following(chain);
  const good = chain.sign(chain.content(5), { absent: [4] });
  const { epoch, checkpoint, signature, bitmap } = good;
  const size = chain.slot().registry.entries.length;
  const other = chain.sign(chain.content(5, { stateRoot: label("other") })).signature;
  const list = (seats: readonly number[], present = false) =>
    client.submit({ epoch, checkpoint, signature, present, seats });
  refuses(client, "LIGHT_BAD_SIGNATURE", () => client.submit({ ...good, signature: other }));
  refuses(client, "LIGHT_BAD_SIGNATURE", () => client.submit({ ...good, signature: new Uint8Array(96) }));
  refuses(client, "LIGHT_BAD_SIGNATURE", () =>
    client.submit({ ...good, bitmap: toBitmap([0, 1, 2, 4, 5, 6, 7], size) }),
  );
  refuses(client, "LIGHT_BAD_SEATS", () => client.submit({ ...good, bitmap: new Uint8Array(2) }));
  refuses(client, "LIGHT_BAD_SEATS", () =>
    client.submit({ ...good, bitmap: toBitmap([...fromBitmap(bitmap), 3], size) }),
  );
  refuses(client, "LIGHT_BAD_SIGNATURE", () => list([]));
  for (const seats of [[5, 4], [4, 4], [3], [8], [-1], [0.5], [Number.NaN]])
    refuses(client, "LIGHT_BAD_SEATS", () => list(seats));
  assert.equal(list([4]).what, "accepted");
});

test("holds to heights, boundaries, registries, modes and domains as the contracts do", () => {
  const chain = new TestChain(defaultRegistry());
  const { client } = following(chain);
  client.submit(chain.checkpoint(5));
  const again = chain.sign(client.checkpointAt(5)!.checkpoint);
  assert.deepEqual(client.submit(again), { what: "known", hash: client.checkpointAt(5)!.hash, height: 5 });
  refuses(client, "LIGHT_BAD_HEIGHT", () => client.submit(chain.sign(chain.content(4))));
  refuses(client, "LIGHT_BAD_HEIGHT", () => client.submit(chain.sign(chain.content(11))));
  refuses(client, "LIGHT_BAD_BOUNDARY", () => client.submit(chain.sign(chain.content(10))));
  const boundary = chain.boundary();
  const ends = (content: ReturnType<typeof chain.boundary>, height = 10) =>
    client.submit(chain.sign(chain.content(height, { boundary: content })));
  refuses(client, "LIGHT_BAD_BOUNDARY", () => ends(boundary, 9));
  refuses(client, "LIGHT_BAD_BOUNDARY", () =>
    ends({ ...boundary, accounting: { ...boundary.accounting, epoch: 1 } }),
  );
  refuses(client, "LIGHT_BAD_REGISTRY", () => ends(chain.boundary({ registryNext: label("other") })));
  refuses(client, "LIGHT_BAD_MODE", () => ends(chain.boundary({ modeNext: "fast" })));
  refuses(client, "LIGHT_MALFORMED", () =>
    client.submit({ ...again, checkpoint: { ...again.checkpoint, view: -1 } }),
  );
  refuses(client, "LIGHT_EPOCH_UNKNOWN", () => client.submit({ ...again, epoch: 1 }));
  refuses(client, "LIGHT_WRONG_DOMAIN", () => client.submit({ ...again, domain: label("other") }));
  const restarted = new TestChain(defaultRegistry());
  restarted.incarnation = 1;
  refuses(client, "LIGHT_WRONG_DOMAIN", () => client.submit(restarted.checkpoint(6)));
  client.submit(chain.close());
  refuses(client, "LIGHT_BAD_HEIGHT", () => client.submit({ ...chain.sign(chain.content(8), {}, 0) }));
});

test("freezes on two checkpoints of one height, keeps both and tells whom they convict", () => {
  const chain = new TestChain(defaultRegistry());
  const { client } = following(chain);
  client.submit(chain.checkpoint(5, { absent: [0, 7] }));
  const other = chain.content(5, { stateRoot: label("other"), previous: chain.genesisHash });
  refuses(client, "LIGHT_NO_QUORUM", () => client.submit(chain.sign(other, { absent: [0, 1] })));
  const submitted = client.submit(chain.sign(other, { absent: [1] }));
  assert.equal(submitted.what, "conflict");
  const { conflict } = client;
  assert.ok(conflict !== null && conflict.evidence !== null);
  assert.deepEqual(conflict.evidence.seats, [2, 3, 4, 5, 6]);
  assert.deepEqual(conflict.evidence.validatorIds, [3, 4, 5, 6, 7]);
  assert.deepEqual(decodeEvidence(encodeEvidence(conflict.evidence)), conflict.evidence);
  for (const side of [conflict.first, conflict.second]) {
    const { checkpoint, bitmap, signature, domain } = side.certificate!;
    assert.equal(side.hash, checkpointRoot(domain, checkpoint));
    const keys = nativeBls.keyTable(chain.slot().registry.entries.map(({ key }) => key));
    assert.ok(
      nativeBls.aggregateVerify(keys, fromBitmap(bitmap), Buffer.from(side.hash.slice(2), "hex"), signature),
    );
  }
  assert.equal(client.status, "frozen");
  refuses(client, "LIGHT_FROZEN", () => client.submit(chain.checkpoint(6)));
  refuses(client, "LIGHT_FROZEN", () => client.proveBlock(chain.blockProof(3, 5)));
  // Anchored to one of the two it goes on.
  client.anchor({ ...genesisAnchor(chain.genesis, chain.genesisHash), height: 5, stamp: chain.stampAt(5) });
  assert.equal(client.status, "live");
  assert.equal(client.submit(chain.checkpoint(7)).what, "accepted");
});

test("freezes where the next checkpoint does not follow the accepted one, also over the end of an epoch", () => {
  const chain = new TestChain(defaultRegistry());
  const { client } = following(chain);
  client.submit(chain.checkpoint(5));
  const boundary = chain.boundary();
  const branch = chain.sign(chain.content(10, { boundary, previous: label("another branch") }));
  assert.equal(client.submit(branch).what, "conflict");
  assert.equal(client.conflict!.evidence, null);

  const two = new TestChain(defaultRegistry());
  const later = following(two).client;
  const end = two.close();
  later.submit(end);
  const first = two.content(15, { previous: label("another end") });
  const conflict = later.submit(two.sign(first));
  assert.equal(conflict.what, "conflict");
  assert.deepEqual(later.conflict!.first.certificate, end);
  assert.equal(later.conflict!.second.checkpoint.height, 15);
  // A checkpoint missed in between is no conflict.
  const three = new TestChain(defaultRegistry());
  const gap = following(three).client;
  three.checkpoint(5);
  assert.equal(gap.submit(three.close()).what, "accepted");
});

test("takes reports of conflicts: of one height, and of two with the chain that misses the lower", () => {
  const chain = new TestChain(defaultRegistry());
  const { client } = following(chain);
  const low = chain.content(5);
  const between = chain.content(5, { stateRoot: label("other") });
  const high = chain.content(10, {
    boundary: chain.boundary(),
    previous: checkpointRoot(chain.domain(), between),
  });
  const [first, second] = [chain.sign(low), chain.sign(high)];
  refuses(client, "LIGHT_NO_CONFLICT", () => client.reportConflict(first, first));
  refuses(client, "LIGHT_NO_CONFLICT", () => client.reportConflict(first, second));
  refuses(client, "LIGHT_NO_CONFLICT", () => client.reportConflict(first, second, [low]));
  refuses(client, "LIGHT_NO_QUORUM", () =>
    client.reportConflict(first, chain.sign(high, { absent: [0, 1] }), [between]),
  );
  const conflict = client.reportConflict(second, first, [between]);
  assert.deepEqual(conflict.evidence?.chain, [between]);
  assert.equal(conflict.first.checkpoint.height, 5);
  assert.equal(client.status, "frozen");
});

test("stalls on a restart and on silence; says so until it is anchored again", () => {
  const chain = new TestChain(defaultRegistry());
  const { client, clock } = following(chain, { patience: 10_000 });
  client.submit(chain.checkpoint(5));
  clock.now += 10_001;
  assert.equal(client.status, "stalled");
  client.submit(chain.checkpoint(6));
  assert.equal(client.status, "live");

  const { blockHash } = client.checkpointAt(6)!.checkpoint;
  const shown = chain.restart(6, blockHash, { absent: [0, 1, 7] });
  refuses(client, "LIGHT_NO_QUORUM", () =>
    client.reportRestart(6, blockHash, chain.restart(6, blockHash, { signers: [4, 5] })),
  );
  refuses(client, "LIGHT_BAD_SIGNATURE", () => client.reportRestart(7, blockHash, shown));
  client.reportRestart(6, blockHash, shown);
  assert.equal(client.status, "stalled");
  refuses(client, "LIGHT_STALLED", () => client.submit(chain.checkpoint(8)));
  const { root } = chain.slot().registry;
  client.anchor({
    epoch: 1,
    incarnation: 1,
    mode: "balanced",
    wanted: "balanced",
    registry: root,
    registryNext: root,
    firstHeight: 7,
    height: 6,
    stamp: chain.stampAt(6),
    checkpoint: null,
  });
  assert.equal(client.status, "live");
  assert.equal(client.checkpointAt(5), null);
  assert.equal(client.position.incarnation, 1);
});

test("trusts nothing older than it may be, at the start and after an absence", () => {
  const chain = new TestChain(defaultRegistry());
  const old = { from: genesisAnchor(chain.genesis, chain.genesisHash), maxAge: DAY };
  assert.throws(() => following(chain, { ...old, now: START + DAY + 1 }), { code: "LIGHT_TOO_OLD" });
  assert.throws(() => following(chain, { ...old, now: START - 60_001 }), { code: "LIGHT_FROM_FUTURE" });
  const { client, clock } = following(chain, { ...old, now: START + DAY });
  client.submit(chain.checkpoint(5));
  clock.now = chain.stampAt(5) + DAY + 1;
  refuses(client, "LIGHT_TOO_OLD", () => client.submit(chain.checkpoint(6)));
  refuses(client, "LIGHT_TOO_OLD", () => client.anchor(old.from));
});

test("starts from a trusted boundary hash, and from its own snapshot", () => {
  const chain = new TestChain(defaultRegistry());
  const fields = chain.domainFields();
  const middle = chain.checkpoint(5);
  const middleHash = chain.last;
  const end = chain.close();
  const from = boundaryAnchor(chain.last, fields, end.checkpoint);
  const { client } = following(chain, { from });
  assert.deepEqual(client.proveBlock(chain.blockProof(3, 10)).checkpoint, { height: 10, hash: chain.last });
  client.submit(chain.checkpoint(15));
  const again = following(chain, { from: client.snapshot() }).client;
  assert.deepEqual(again.position, client.position);
  assert.equal(again.submit(chain.close()).what, "accepted");

  // The contracts tell a height only: what was accepted there may be told afterwards, by anybody.
  const { checkpoint: _, ...heightOnly } = client.snapshot();
  const told = following(chain, { from: { ...heightOnly, checkpoint: null } }).client;
  refuses(told, "LIGHT_BAD_HEIGHT", () => told.submit(chain.sign(chain.content(14), {}, 1)));
  const known = client.checkpointAt(15)!.certificate!;
  refuses(told, "LIGHT_NO_QUORUM", () => told.submit({ ...known, bitmap: new Uint8Array(1) }));
  assert.equal(told.submit(known).what, "accepted");
  assert.equal(told.submit(known).what, "known");

  const invalid = { code: "LIGHT_ANCHOR_INVALID" };
  assert.throws(() => boundaryAnchor(chain.last, fields, end.checkpoint), invalid);
  assert.throws(
    () => boundaryAnchor(from.checkpoint!.hash, { ...fields, epoch: 1 }, end.checkpoint),
    invalid,
  );
  assert.throws(() => boundaryAnchor(middleHash, fields, middle.checkpoint), invalid);
  // Whole and hashing right, but it accounts for another epoch than the one it is said to end.
  const { boundary } = end.checkpoint;
  const elsewhere = {
    ...end.checkpoint,
    boundary: { ...boundary!, accounting: { ...boundary!.accounting, epoch: 1 } },
  };
  const itsHash = checkpointRoot(domainHash(fields), elsewhere);
  assert.throws(() => boundaryAnchor(itsHash, fields, elsewhere), invalid);
  assert.throws(() => genesisAnchor(chain.genesis, label("other")), invalid);
  for (const wrong of [{ height: 9 }, { firstHeight: 0 }, { stamp: 1 }, { firstHeight: 12 }])
    assert.throws(() => following(chain, { from: { ...from, ...wrong } }), invalid);
});

test("learns only registries that something signed names, whole and in their fields", () => {
  const chain = new TestChain(defaultRegistry());
  const { client } = following(chain);
  const { registry } = chain.slot();
  refuses(client, "LIGHT_REGISTRY_UNEXPECTED", () => client.learn(defaultRegistry({ suspended: [1] })));
  const entries = (change: object, seat = 4) => ({
    ...registry,
    entries: registry.entries.map((entry, at) => (at === seat ? { ...entry, ...change } : entry)),
  });
  for (const wrong of [
    entries({ stake: 1n << 32n }),
    entries({ stake: -1n }),
    entries({ keyBytes: new Uint8Array(48) }),
    { ...registry, authorities: 9 },
    { ...registry, suspended: new Set([4]) },
    { ...registry, backing: new Set([8]) },
    { ...registry, params: { ...registry.params, ahead: 0.5 } },
    { ...registry, entries: Array.from({ length: 1025 }, () => registry.entries[0]!) },
  ])
    refuses(client, "LIGHT_REGISTRY_INVALID", () => client.learn(wrong));
  // Weights that would be the neighbour's under the same root: the total would not tell them apart.
  const moved = registry.entries.map((entry, at) =>
    at === 4 ? { ...entry, stake: (1n << 32n) + 99n } : at === 5 ? { ...entry, stake: 99n } : entry,
  );
  refuses(client, "LIGHT_REGISTRY_INVALID", () => client.learn({ ...registry, entries: moved }));
  // The root covers keys as points only: a compressed form that comes along is not believed.
  assert.deepEqual(registryFrom(entries({ key: registry.entries[5]!.key })), registry);
});

test("a key that was moved under another name signs nothing", () => {
  const chain = new TestChain(defaultRegistry());
  const other = registryOf(
    [],
    [1, 2, 3].map((at) => ({ name: `stranger ${at}`, stake: 1n })),
  );
  const { client } = following(chain);
  const { registry } = chain.slot();
  // Compressed keys are not under the root: the client computes its own.
  const disguised = {
    ...registry,
    entries: registry.entries.map((entry) => ({ ...entry, key: other.entries[0]!.key })),
  };
  assert.equal(client.learn(disguised), registry.root);
  assert.equal(client.submit(chain.checkpoint(5)).what, "accepted");
});

test("keeps so many epochs, and judges conflicts in them only", () => {
  const chain = new TestChain(defaultRegistry());
  const { client } = following(chain, { epochsKept: 2 });
  const ends = [0, 1, 2, 3].map(() => {
    const end = chain.close();
    client.submit(end);
    return end;
  });
  assert.equal(client.epochOf(1), null);
  assert.equal(client.checkpointAt(10), null);
  const { registry, firstHeight } = client.epochOf(2)!;
  assert.deepEqual([registry, firstHeight], [chain.slot().registry.root, 21]);
  refuses(client, "LIGHT_EPOCH_UNKNOWN", () => client.submit(ends[0]!));
  assert.equal(client.submit(ends[2]!).what, "known");
  const forged = chain.sign({ ...ends[2]!.checkpoint, stateRoot: label("forged") }, {}, 2);
  assert.equal(client.submit(forged).what, "conflict");
  assert.equal(client.conflict!.evidence!.epoch, 2);
});

test("catches up from a source: registries, boundaries, the latest checkpoint", async () => {
  const chain = new TestChain(defaultRegistry());
  const after = defaultRegistry({ suspended: [2] });
  const registries = [chain.slot().registry, after];
  const boundaries = [chain.close({ after }), chain.close(), chain.close()];
  let latest = chain.checkpoint(35);
  const source: Pick<LightSource, "boundary" | "latest" | "registry"> = {
    boundary: async (epoch) => boundaries[epoch] ?? null,
    latest: async () => latest,
    registry: async (root) => registries.find((registry) => registry.root === root) ?? null,
  };
  const { client } = following(chain);
  assert.equal(await catchUp(client, source), 4);
  assert.equal(client.position.height, 35);
  assert.equal(await catchUp(client, source), 0);
  latest = chain.checkpoint(36);
  assert.equal(await catchUp(client, source), 1);

  const fails = async (change: Partial<typeof source>) =>
    assert.rejects(catchUp(following(chain).client, { ...source, ...change }), (error: unknown) => {
      assert.ok(error instanceof SdkError);
      assert.equal(error.code, "LIGHT_SOURCE");
      return true;
    });
  await fails({ boundary: async (epoch) => (epoch === 1 ? null : source.boundary(epoch)) });
  await fails({ registry: async (root) => (root === after.root ? null : source.registry(root)) });
  const { client: fresh } = following(chain);
  assert.equal(await catchUp(fresh, { ...source, boundary: async () => null, latest: async () => null }), 0);
  await assert.rejects(
    catchUp(fresh, { ...source, boundary: async () => ({ ...boundaries[0]!, bitmap: new Uint8Array(1) }) }),
    { code: "LIGHT_NO_QUORUM" },
  );
});
