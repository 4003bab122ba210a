import assert from "node:assert/strict";
import { type Mock, mock, test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { type Hash, ZERO_HASH } from "@aitbc-hybrid/protocol";
import { bytesToHex, keccak256, type PublicClient, size } from "viem";
import { SettlementClient } from "../../src/settlement/client.ts";
import { NETWORK } from "../support/contracts.ts";
import { secretOf } from "../support/registry.ts";

const POLL = 100;
const NO_INBOX = { from: 0, forceAfter: 3_600_000 };
const hashAt = (number: number, fork = 0): Hash =>
  `0x${fork.toString(16).padStart(32, "0")}${number.toString(16).padStart(32, "0")}`;

interface Event {
  readonly eventName: string;
  readonly block: number;
  readonly args: Record<string, unknown>;
}

/** A settlement chain of a block a second whose node answers what the contracts say at each block. */
class FakeChain {
  head = 0;
  /** Highest block under the chain's own finalized tag. */
  finalized = 0;
  fork = 0;
  answers = true;
  readonly events: Event[] = [];
  /** Ranges of events that were asked for. */
  readonly ranges: [number, number][] = [];
  epoch = 3;
  incarnation = 0;
  /** Time of the last acceptance by block, s. */
  acceptedAt = 1_000;
  open: { readonly id: number; readonly graceEnd: number } | null = null;
  status = 1;
  usedBy = 5n;
  /** Second in which each entry of the inbox was queued, and its transaction. */
  readonly queued: { readonly at: number; readonly transaction: `0x${string}` }[] = [];

  readonly client = {
    getBlockNumber: async () => this.#answer(BigInt(this.head)),
    getBlock: async ({ blockTag, blockNumber }: { blockTag?: string; blockNumber?: bigint }) => {
      const number = blockTag === "finalized" ? this.finalized : Number(blockNumber);
      return this.#answer({
        number: BigInt(number),
        hash: hashAt(number, this.fork),
        timestamp: BigInt(1_000 + number),
      });
    },
    getLogs: async ({ fromBlock, toBlock }: { fromBlock: bigint; toBlock: bigint }) => {
      const [from, to] = [Number(fromBlock), Number(toBlock)];
      this.ranges.push([from, to]);
      return this.#answer(this.events.filter(({ block }) => block >= from && block <= to));
    },
    readContract: async ({ functionName, args }: { functionName: string; args?: readonly unknown[] }) =>
      this.#answer(
        {
          countUntil: BigInt(this.queued.filter(({ at }) => at <= Number(args?.[0])).length),
          entries: this.queued
            .slice(Number(args?.[0]), Number(args?.[0]) + Number(args?.[1]))
            .map(({ transaction }) => ({ transactionHash: keccak256(transaction), size: size(transaction) })),
          lastCheckpoint: { epoch: BigInt(this.epoch), height: 30n, acceptedAt: this.acceptedAt },
          lastAcceptedAt: BigInt(1_000 * this.acceptedAt),
          snapshotHashOf: ZERO_HASH,
          epochRecord: { incarnation: this.incarnation },
          recoveryCount: this.open?.id ?? 0,
          isOpen: this.open !== null,
          recovery: { graceEnd: this.open?.graceEnd ?? 0 },
          usedKey: [this.usedBy],
          validator: { status: this.status },
        }[functionName],
      ),
  };

  #answer<T>(value: T): T {
    if (!this.answers) throw new Error("connection refused\nwith a long tail");
    return value;
  }
}

async function setUp(chain: FakeChain, rules = { refLag: 0, settleDepth: 0 }) {
  mock.timers.enable({ apis: ["setTimeout"] });
  const troubles: string[] = [];
  let now = 2_000_000;
  const settlement = new SettlementClient(
    { network: NETWORK, pollMs: POLL },
    {
      client: chain.client as unknown as PublicClient,
      clock: () => now,
      onTrouble: (sentence) => troubles.push(sentence),
    },
  );
  const finals: Mock<() => void> = mock.fn();
  settlement.onFinal(finals);
  settlement.follow(rules);
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 200; i++) await Promise.resolve();
  };
  return {
    settlement,
    troubles,
    finals,
    /** Lets the client poll once, after some time. */
    async poll(ms = POLL): Promise<void> {
      now += ms;
      mock.timers.tick(POLL);
      await turns();
    },
    async end(): Promise<void> {
      await settlement.close();
      mock.timers.reset();
    },
  };
}

const accepted = (block: number, height: number): Event => ({
  eventName: "CheckpointAccepted",
  block,
  args: { height: BigInt(height), checkpoint: { blockHash: hashAt(height, 9) } },
});
const opened = (block: number, id: number): Event => ({ eventName: "RecoveryOpened", block, args: { id } });
const posted = (block: number, id: number, view: number, highest = true): Event => ({
  eventName: "CertificatePosted",
  block,
  args: {
    id,
    highest,
    viewNumber: BigInt(view),
    blockHash: hashAt(view, 8),
    certificate: { parentView: BigInt(view - 1) },
  },
});
const recovered = (block: number, epoch: number, incarnation: number): Event => ({
  eventName: "EpochRecovered",
  block,
  args: {
    epoch: BigInt(epoch),
    incarnation,
    blockHash: hashAt(epoch, 7),
    registryRoot: hashAt(epoch, 6),
    accounting: { views: 11n },
  },
});

test("final is what the chain's own tag says, or what is deep enough", async () => {
  for (const [rules, final] of [
    [{ refLag: 0, settleDepth: 0 }, 40],
    [{ refLag: 0, settleDepth: 3 }, 47],
  ] as const) {
    const chain = new FakeChain();
    [chain.head, chain.finalized] = [50, 40];
    const { settlement, poll, end, finals } = await setUp(chain, rules);
    assert.equal(settlement.latestFinal(), null);
    assert.equal(settlement.contracts(), null);
    await poll(0);
    assert.equal(settlement.latestFinal()?.number, final);
    assert.equal(finals.mock.callCount(), 1);
    await poll();
    assert.equal(finals.mock.callCount(), 1, "nothing new");
    await end();
  }
});

test("a leader names only what was final for a while; a voter reads only what its own client shows", async () => {
  const chain = new FakeChain();
  [chain.head, chain.finalized] = [50, 40];
  const { settlement, poll, end } = await setUp(chain, { refLag: 5_000, settleDepth: 0 });
  await poll(0);
  assert.equal(settlement.nameable()?.number, 40, "it was final before this process began");
  chain.finalized = 41;
  await poll();
  assert.equal(settlement.nameable()?.number, 40);
  await poll(5_000);
  assert.equal(settlement.nameable()?.number, 41);
  assert.deepEqual(await settlement.reading({ number: 41, hash: hashAt(41) }, 5, NO_INBOX), {
    settledAt: 1_000_000,
    due: [],
    candidate: null,
  });
  assert.equal(await settlement.reading({ number: 42, hash: hashAt(42) }, 5, NO_INBOX), null);
  assert.equal(await settlement.reading({ number: 41, hash: hashAt(41, 1) }, 5, NO_INBOX), null);
  await end();
});

test("the inbox: what is due at a reference by its own time, and the bytes of that from its events", async () => {
  const chain = new FakeChain();
  [chain.head, chain.finalized] = [5_000, 4_000];
  const { settlement, poll, end } = await setUp(chain);
  await poll(0);
  const transactions = ["0x01", "0x0203", "0x040506", "0x07"] as const;
  // A block's time is its number and 1,000 seconds.
  [2_000, 2_500, 4_000, 4_001].forEach((at, index) => {
    const transaction = transactions[index]!;
    chain.queued.push({ at, transaction });
    chain.events.push({
      eventName: "Queued",
      block: at - 1_000,
      args: { index: BigInt(index), transactionHash: keccak256(transaction), transaction },
    });
  });
  const reference = { number: 4_000, hash: hashAt(4_000) };
  const sizes = async (from: number, forceAfter: number) => {
    const reading = await settlement.reading(reference, 5, { from, forceAfter });
    return reading?.due.map((entry) => entry.size);
  };
  assert.deepEqual(await sizes(0, 1_000_000), [1, 2, 3], "4,000 is a thousand seconds before 5,000");
  assert.deepEqual(await sizes(1, 1_000_001), [2]);
  assert.deepEqual(await sizes(3, 1_000_000), []);
  assert.deepEqual(await sizes(0, 6_000_000), []);

  const due = (await settlement.reading(reference, 5, { from: 1, forceAfter: 1_000_000 }))!.due;
  const found = await settlement.forced(1, due);
  assert.deepEqual(
    found.map((bytes) => bytesToHex(bytes)),
    ["0x0203", "0x040506"],
  );
  assert.deepEqual(chain.ranges.slice(-3), [
    [3_001, 4_000],
    [2_001, 3_000],
    [1_001, 2_000],
  ]);
  chain.events.length = 0;
  await assert.rejects(settlement.forced(1, due), /does not give the events of entries 1 to 2/);
  await end();
});

test("at its start it looks back until it knows the last checkpoint, every recovery and what was posted to the open one", async () => {
  const chain = new FakeChain();
  [chain.head, chain.finalized] = [6_000, 6_000];
  [chain.epoch, chain.incarnation] = [5, 1];
  chain.open = { id: 2, graceEnd: 7_000 };
  chain.events.push(
    recovered(2_100, 3, 1),
    opened(2_050, 1),
    posted(2_060, 1, 4),
    accepted(3_500, 29),
    accepted(4_500, 30),
    opened(5_200, 2),
    posted(5_300, 2, 7),
    posted(5_400, 2, 9),
    posted(5_500, 2, 3, false),
  );
  chain.events.sort((a, b) => a.block - b.block);
  const { settlement, poll, end } = await setUp(chain);
  await poll(0);
  assert.equal(settlement.settled()?.height, 30);
  assert.deepEqual(chain.ranges.at(-1), [2_001, 3_000], "no further than it has to");
  assert.deepEqual(settlement.contracts(), {
    reading: {
      at: 7_000_000,
      epoch: 5,
      incarnation: 1,
      settledAt: 1_000_000,
      acceptedHeight: 30,
      recovery: {
        graceEnd: 7_000_000,
        posted: [
          { view: 7, parentView: 6, blockHash: hashAt(7, 8) },
          { view: 9, parentView: 8, blockHash: hashAt(9, 8) },
        ],
      },
    },
    activations: [{ epoch: 3, incarnation: 1, view: 11, blockHash: hashAt(3, 7), registry: hashAt(3, 6) }],
  });
  await end();
});

test("afterwards it follows, block by block: posts, a recovery that is cancelled, one that is activated", async () => {
  const chain = new FakeChain();
  [chain.head, chain.finalized] = [100, 100];
  chain.events.push(accepted(50, 20));
  const { settlement, poll, end } = await setUp(chain);
  await poll(0);
  assert.equal(settlement.contracts()?.reading.recovery, null);

  chain.finalized = 110;
  chain.open = { id: 1, graceEnd: 2_000 };
  chain.events.push(opened(105, 1), posted(107, 1, 4));
  await poll();
  assert.deepEqual(chain.ranges.at(-1), [101, 110]);
  assert.equal(settlement.contracts()?.reading.recovery?.posted.length, 1);

  chain.finalized = 120;
  chain.open = null;
  chain.events.push(accepted(115, 25));
  await poll();
  assert.equal(settlement.contracts()?.reading.recovery, null);
  assert.equal(settlement.settled()?.height, 25);

  chain.finalized = 130;
  chain.open = { id: 2, graceEnd: 3_000 };
  chain.events.push(opened(125, 2));
  await poll();
  assert.deepEqual(settlement.contracts()?.reading.recovery, { graceEnd: 3_000_000, posted: [] });

  chain.finalized = 140;
  chain.open = null;
  [chain.epoch, chain.incarnation] = [4, 1];
  chain.events.push(recovered(135, 3, 1));
  await poll();
  assert.deepEqual(
    settlement.contracts()?.activations.map(({ epoch, incarnation }) => [epoch, incarnation]),
    [[3, 1]],
  );
  await end();
});

test("a chain that does not answer is asked again, and counts as out of reach after a while", async () => {
  const chain = new FakeChain();
  [chain.head, chain.finalized] = [10, 10];
  const { settlement, poll, end, troubles } = await setUp(chain);
  await poll(0);
  assert.equal(settlement.reachable(), true);
  chain.answers = false;
  chain.finalized = 12;
  await poll();
  await poll(11_000);
  assert.equal(settlement.reachable(), false);
  assert.equal(settlement.latestFinal()?.number, 10, "what it knows, it knows");
  assert.match(troubles[0]!, /does not answer \(connection refused\); asking again$/);
  chain.answers = true;
  await poll();
  assert.equal(settlement.latestFinal()?.number, 12);
  assert.equal(settlement.reachable(), true);
  await end();
});

test("a named block that leaves the chain is told of", async () => {
  const chain = new FakeChain();
  [chain.head, chain.finalized] = [10, 10];
  const { settlement, poll, end } = await setUp(chain);
  await poll(0);
  const reverted: number[] = [];
  settlement.onReverted(({ number }) => reverted.push(number));
  settlement.watch({ number: 9, hash: hashAt(9) });
  chain.finalized = 11;
  await poll();
  assert.deepEqual(reverted, []);
  [chain.fork, chain.finalized] = [1, 12];
  await poll();
  assert.deepEqual(reverted, [9]);
  await end();
});

test("a validator's standing is found by its key", async () => {
  const chain = new FakeChain();
  const { settlement, end } = await setUp(chain);
  const key = nativeBls.publicKey(secretOf("a"));
  for (const [status, standing] of [
    [1, "active"],
    [2, "jailed"],
    [3, "slashed"],
    [4, "exited"],
  ] as const) {
    chain.status = status;
    assert.equal(await settlement.standing(key), standing);
  }
  chain.usedBy = 0n;
  assert.equal(await settlement.standing(key), "unknown");
  await end();
});
