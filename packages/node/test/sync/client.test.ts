import assert from "node:assert/strict";
import { before, test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { EmbeddedEngine, ExecutionError } from "@aitbc-hybrid/execution";
import { checkpointRoot, handoverHash, hashBytes, hashOf, type Peer } from "@aitbc-hybrid/protocol";
import { silentLog } from "../../src/log.ts";
import { type Kv, keyOf, memoryDatabase } from "../../src/storage/index.ts";
import { encodeChunk } from "../../src/sync/chunks.ts";
import { SyncClient, type SyncServer } from "../../src/sync/index.ts";
import { decodeSync, encodeSync, type SyncMessage } from "../../src/sync/messages.ts";
import { aggregate, CHUNK, StateWorld } from "../support/state.ts";

/** Three chunks. */
const ACCOUNTS = 2 * CHUNK + 1;
let world: StateWorld;
before(async () => {
  world = await StateWorld.make(ACCOUNTS);
});

/** What a peer makes of an honest answer; null: it keeps silent. */
type Twist = (message: SyncMessage) => SyncMessage | null;
const honest: Twist = (message) => message;

/** A client and peers named by the validator they are; all in one place. */
function join(twists: readonly Twist[], kv: Kv = memoryDatabase().bucket("sync"), within = world) {
  const banned = new Map<Peer, string>();
  const asked: SyncMessage[] = [];
  const servers = new Map<Peer, SyncServer>();
  const client: SyncClient = new SyncClient(
    { chainId: within.genesis.chainId, genesisHash: within.genesisHash, answerMs: 2_000, retryMs: 5 },
    {
      settlement: { anchor: async () => within.anchor, registry: async () => within.registry },
      links: {
        send: (to, frame) => {
          asked.push(decodeSync(frame));
          servers.get(to)!.receive("joiner", frame);
          return true;
        },
        connected: () => [...servers.keys()].filter((peer) => !banned.has(peer)),
        ban: (peer, reason) => banned.set(peer, reason),
      },
      kv,
      bls: nativeBls,
      clock: () => within.now,
      log: silentLog,
    },
  );
  twists.forEach((twist, at) => {
    const peer = `${at + 1}`;
    const links = {
      send: (_: Peer, frame: Uint8Array) => {
        const answer = twist(decodeSync(frame));
        if (answer === null) return false;
        client.receive(peer, encodeSync(answer));
        return true;
      },
      ban: () => assert.fail("an honest question was taken for a bad one"),
    };
    servers.set(peer, within.server(links));
  });
  return { client, banned, asked };
}

/** The ledger that the fetched accounts make. */
async function restored({ offer, accounts }: Awaited<ReturnType<SyncClient["run"]>>) {
  const database = memoryDatabase().bucket("ledger");
  await EmbeddedEngine.restore(world.options, database, offer.ledger, accounts);
  return database;
}

const wanted = (asked: readonly SyncMessage[]): number[] =>
  asked.flatMap((message) => (message.type === "askChunk" ? [message.index] : [])).sort();

test("the state is fetched in chunks from all who offer it, and has the checkpoint's root", async () => {
  const { client, banned, asked } = join([honest, honest, honest]);
  const synced = await client.run();
  assert.deepEqual(wanted(asked), [0, 1, 2]);
  assert.deepEqual({ ...synced.offer.start, boundary: world.boundary }, world.start);
  assert.equal(synced.begun.epoch, 1);
  await restored(synced);
  assert.equal(banned.size, 0);
});

test("who sends a wrong chunk, a false boundary or beginning, or nonsense is banned; the others suffice", async () => {
  const { checkpoint } = world.boundary;
  const twists: [Twist, RegExp][] = [
    [
      (message) =>
        message.type === "chunk" ? { ...message, bytes: new Uint8Array(message.bytes!.length) } : message,
      /a chunk of the state/,
    ],
    [
      (message) =>
        message.type === "boundary"
          ? { ...message, certificate: { ...world.boundary, checkpoint: { ...checkpoint, view: 99 } } }
          : message,
      /a false boundary of epoch 0/,
    ],
    [
      (message) =>
        message.type === "offer"
          ? {
              ...message,
              offer: { ...message.offer!, start: { ...message.offer!.start, seed: checkpoint.blockHash } },
            }
          : message,
      /a false beginning of epoch 1: it is not what the checkpoint says/,
    ],
    [
      (message) => {
        if (message.type !== "offer") return message;
        const { last } = message.offer!;
        const certificate = { ...last.certificate!, bitmap: Uint8Array.of(1) };
        return { ...message, offer: { ...message.offer!, last: { ...last, certificate } } };
      },
      /its block has no valid F/,
    ],
    [
      (message) => {
        if (message.type !== "offer") return message;
        const ledger = { ...message.offer!.ledger, stateRoot: checkpoint.blockHash };
        return { ...message, offer: { ...message.offer!, ledger } };
      },
      /it is not what the checkpoint says/,
    ],
  ];
  for (const [twist, reason] of twists) {
    const { client, banned } = join([twist, honest, honest]);
    await restored(await client.run());
    assert.deepEqual([...banned.keys()], ["1"]);
    assert.match(banned.get("1")!, reason);
  }
  const { client, banned } = join([honest, honest, honest]);
  client.receive("3", Uint8Array.of(0x20));
  assert.match(banned.get("3")!, /malformed/);
});

test("a checkpoint that quorums signed but that ends no epoch leads nobody round in circles", async () => {
  const { domain, checkpoint } = world.boundary;
  const before = { ...checkpoint, height: 2, view: 2, boundary: null };
  const certificate = {
    ...world.boundary,
    checkpoint: before,
    signature: aggregate(checkpointRoot(domain, before)),
  };
  let told = 0;
  const circling: Twist = (message) => {
    if (message.type !== "boundary") return message;
    // A client that believes it asks again and again: then it is told the truth.
    return ++told > 5 ? message : { ...message, certificate };
  };
  const { client, banned } = join([circling, honest]);
  await restored(await client.run());
  assert.equal(told, 1);
  assert.deepEqual([...banned.keys()], ["1"]);
  assert.match(banned.get("1")!, /a false boundary of epoch 0: it ends another epoch, or none/);
});

test("signatures that are no points of the group cost who sent them the connection, and nobody else", async () => {
  const nothing = new Uint8Array(96);
  const twists: [Twist, RegExp][] = [
    [
      (message) =>
        message.type === "boundary"
          ? { ...message, certificate: { ...world.boundary, signature: nothing } }
          : message,
      /a false boundary of epoch 0/,
    ],
    [
      (message) => {
        if (message.type !== "offer") return message;
        const { last } = message.offer!;
        const certificate = { ...last.certificate!, signature: nothing };
        return { ...message, offer: { ...message.offer!, last: { ...last, certificate } } };
      },
      /its block has no valid F/,
    ],
  ];
  for (const [twist, reason] of twists) {
    const { client, banned } = join([twist, honest]);
    await restored(await client.run());
    assert.deepEqual([...banned.keys()], ["1"]);
    assert.match(banned.get("1")!, reason);
  }
});

test("one honest peer is enough: whoever lies about what was handed over is found out", async () => {
  type Said = NonNullable<Extract<SyncMessage, { type: "offer" }>["offer"]>;
  const lying =
    (lie: (offer: Said) => Said): Twist =>
    (message) =>
      message.type === "offer" && message.offer !== null
        ? { ...message, offer: lie(message.offer) }
        : message;
  const inLedger = (change: (ledger: Said["ledger"]) => Partial<Said["ledger"]>) =>
    lying((offer) => ({ ...offer, ledger: { ...offer.ledger, ...change(offer.ledger) } }));
  const inStart = (change: (start: Said["start"]) => Partial<Said["start"]>) =>
    lying((offer) => ({ ...offer, start: { ...offer.start, ...change(offer.start) } }));
  const inHybrid = (change: Partial<Said["start"]["hybrid"]>) =>
    inStart(({ hybrid }) => ({ hybrid: { ...hybrid, ...change } }));
  const lies: [Twist, RegExp][] = [
    [inLedger(({ baseFee }) => ({ baseFee: baseFee + 1n })), /not what the last block handed on/],
    [inLedger(({ gasUsed }) => ({ gasUsed: gasUsed + 1 })), /not what the last block handed on/],
    [inLedger(({ burnt }) => ({ burnt: burnt + 1n })), /not what the last block handed on/],
    [inLedger(({ skipped }) => ({ skipped: skipped + 1 })), /not what the last block handed on/],
    [inLedger(({ parentHash }) => ({ receiptsRoot: parentHash })), /not what the last block handed on/],
    [inHybrid({ rate: 8 }), /not what the epoch's first block commits/],
    [inHybrid({ capacity: 999_999 }), /not what the epoch's first block commits/],
    [inHybrid({ multiplier: 1_000_001 }), /not what the epoch's first block commits/],
    [inHybrid({ resident: 3 }), /not what the epoch's first block commits/],
    [inStart(({ roots }) => ({ roots: roots.slice(1) })), /roots do not end/],
    [
      inStart(({ roots }) => ({ roots: [roots[0]!, { ...roots[0]!, height: 1 }, ...roots.slice(2)] })),
      /not what the epoch's first block commits/,
    ],
    [inStart(({ roots }) => ({ roots: roots.map((each) => ({ ...each, used: 1 })) })), /what blocks used/],
    [
      inStart(({ roots }) => ({ roots: [...roots.slice(0, -1), { ...roots.at(-1)!, height: 99 }] })),
      /not in order/,
    ],
    [
      lying((offer) => {
        // A first block of its own making, which commits what it says.
        const start = { ...offer.start, hybrid: { ...offer.start.hybrid, rate: 8 } };
        const { block, certificate } = offer.first;
        const header = { ...block.header, commitment: handoverHash(start) };
        const forged = { ...block, header };
        const named = { ...certificate!, blockHash: hashOf(forged) } as typeof certificate;
        return { ...offer, start, first: { ...offer.first, block: forged, certificate: named } };
      }),
      /no valid certificate/,
    ],
    [lying((offer) => ({ ...offer, first: { ...offer.first, certificate: null } })), /no valid certificate/],
    [lying((offer) => ({ ...offer, first: offer.last })), /not the checkpointed one's child/],
  ];
  for (const [liar, reason] of lies) {
    const { client, banned } = join([liar, liar, liar, honest]);
    const { offer } = await client.run();
    assert.equal(offer.ledger.baseFee, world.engine.finalized.baseFee);
    assert.deepEqual(offer.start.hybrid, world.start.hybrid);
    assert.deepEqual([...banned.keys()].sort(), ["1", "2", "3"]);
    assert.match(banned.get("2")!, reason);
  }
});

test("the state is offered once the epoch's first block is certified", async () => {
  const { first } = world;
  let rounds = 0;
  world.first = { ...first, certificate: null };
  const patient: Twist = (message) => {
    if (message.type === "offer" && ++rounds === 2) world.first = first;
    return message;
  };
  const { client } = join([patient]);
  await client.run();
  assert.ok(rounds >= 3);
});

test("a fetch that was interrupted asks for what is missing only", async () => {
  const kv = memoryDatabase().bucket("sync");
  let chunks = 0;
  const first = join(
    [honest, honest].map(
      () => (message) => (message.type === "chunk" && ++chunks > 2 ? { ...message, bytes: null } : message),
    ),
    kv,
  );
  const ended = assert.rejects(first.client.run(), { code: "CLOSED" });
  while (chunks < 3) await new Promise((resolve) => setImmediate(resolve));
  first.client.close();
  await ended;
  const second = join([honest, honest], kv);
  await restored(await second.client.run());
  assert.equal(wanted(second.asked).length, 1);
});

test("what an interrupted fetch left is used only as far as it is what is fetched now", async () => {
  const kv = memoryDatabase().bucket("sync");
  await join([honest, honest], kv).client.run();
  // A record torn by a crash, and one of a state with more chunks.
  await kv.batch([{ type: "put", key: keyOf("c", 1), value: Uint8Array.of(1) }]);
  const second = join([honest, honest], kv);
  await restored(await second.client.run());
  assert.deepEqual(wanted(second.asked), [1]);
  assert.equal(second.banned.size, 0);

  await kv.batch([
    { type: "put", key: keyOf("o"), value: new Uint8Array(32) },
    { type: "put", key: keyOf("c", 3), value: Uint8Array.of(1) },
  ]);
  const third = join([honest, honest], kv);
  await restored(await third.client.run());
  assert.deepEqual(wanted(third.asked), [0, 1, 2]);
  assert.equal(await kv.get(keyOf("c", 3)), undefined);
});

test("a state that is wrong as a whole is refused, with all who offered it", async () => {
  const forged = encodeChunk([[`0x${"01".repeat(20)}`, { nonce: 0, balance: 1n }]]);
  const liar: Twist = (message) => {
    if (message.type === "offer")
      return { ...message, offer: { ...message.offer!, chunks: [hashBytes(forged)] } };
    return message.type === "chunk" ? { ...message, bytes: forged } : message;
  };
  const { client, banned } = join([liar, liar, honest]);
  const synced = await client.run();
  const error = await restored(synced).then(
    () => assert.fail("a wrong state was taken"),
    (cause) => cause,
  );
  assert.ok(error instanceof ExecutionError);
  assert.equal(error.code, "BAD_SNAPSHOT");
  await client.refuse(synced, error);
  assert.deepEqual([...banned.keys()], ["1", "2"]);
  await restored(await client.run());
});
