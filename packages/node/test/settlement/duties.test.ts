import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { type CheckpointCertificate, type Hash, toBitmap, ZERO_HASH } from "@aitbc-hybrid/protocol";
import { keccak256 } from "viem";
import { OperatorDuties } from "../../src/settlement/duties.ts";
import { FakeContracts, NETWORK } from "../support/contracts.ts";
import { registryOf, secretOf, sign } from "../support/registry.ts";

const registry = registryOf(["a", "b", "c", "d"]);
const TURN = 1_000;
const TICK = 250;
const DOMAIN: Hash = `0x${"d0".repeat(32)}`;

const certificate = (height: number, epoch = 1): CheckpointCertificate => ({
  epoch,
  domain: DOMAIN,
  checkpoint: {
    height,
    view: height,
    stamp: 1_000,
    blockHash: ZERO_HASH,
    stateRoot: ZERO_HASH,
    blocksRoot: ZERO_HASH,
    previous: ZERO_HASH,
    boundary: null,
  },
  bitmap: toBitmap([0, 1, 2], 4),
  signature: sign("a", ZERO_HASH),
});

function setUp(name = "a") {
  mock.timers.enable({ apis: ["setTimeout"] });
  const contracts = new FakeContracts();
  const state = { height: 0, epoch: 1, accrued: 1, sealed: 7, domain: DOMAIN, boundaryAt: 0 };
  const views: Record<string, (args: readonly unknown[]) => unknown> = {
    lastCheckpoint: () => ({
      height: BigInt(state.height),
      epoch: BigInt(state.epoch),
      acceptedAt: 1_000,
      count: 1,
    }),
    epochRecord: () => ({ mode: 1, incarnation: 0, boundaryAt: state.boundaryAt }),
    domain: () => state.domain,
    sealOf: () => state.sealed,
    accruedEpochs: () => BigInt(state.accrued),
    rewards: () => ({ accrualDeadline: 100n }),
  };
  for (const [view, answer] of Object.entries(views)) contracts.views.set(view, answer);
  const troubles: string[] = [];
  const included: string[] = [];
  let now = 0;
  const duties = new OperatorDuties(
    {
      network: NETWORK,
      key: nativeBls.publicKey(secretOf(name)),
      turnMs: TURN,
      chargesAtOnce: 16,
      tickMs: TICK,
    },
    {
      sender: contracts.sender,
      bls: nativeBls,
      clock: () => now,
      onTrouble: (sentence) => troubles.push(sentence),
      onNote: () => {},
    },
  );
  duties.onIncluded(({ what }) => included.push(what));
  return {
    contracts,
    duties,
    state,
    troubles,
    included,
    async pass(ms: number): Promise<void> {
      for (const end = now + ms; now < end; ) {
        now += TICK;
        mock.timers.tick(TICK);
        for (let i = 0; i < 400; i++) await Promise.resolve();
      }
    },
    async end(): Promise<void> {
      await duties.close();
      mock.timers.reset();
    },
  };
}

const heights = (contracts: FakeContracts): bigint[] =>
  contracts.sent
    .filter(({ functionName }) => functionName === "submit")
    .map(({ args }) => (args![0] as { height: bigint }).height);

test("checkpoints are posted in order, each at the own turn, unless they are accepted by then", async () => {
  const { contracts, duties, state, included, pass, end } = setUp("a");
  contracts.onSent = ({ args }) => {
    state.height = Number((args![0] as { height: bigint }).height);
  };
  // Of four seats, a is first for 4, last for 5 and third for 6.
  for (const height of [6, 4, 5]) duties.checkpoint(certificate(height), registry);
  await pass(TURN);
  assert.deepEqual(heights(contracts), [4n]);
  state.height = 5;
  await pass(4 * TURN);
  assert.deepEqual(heights(contracts), [4n, 6n]);
  assert.deepEqual(included, ["checkpoint", "checkpoint"]);
  await end();
});

test("one that somebody else posted in the same moment is no failure; another failure is told and tried again", async () => {
  const { contracts, duties, state, troubles, pass, end } = setUp("a");
  contracts.refusals.set("submit", "CheckpointManagerBadHeight");
  duties.checkpoint(certificate(4), registry);
  await pass(TURN);
  assert.deepEqual(troubles, []);

  contracts.refusals.set("submit", "CheckpointManagerNoQuorum");
  duties.checkpoint(certificate(8), registry);
  await pass(TURN);
  assert.equal(troubles.length, 1);
  contracts.refusals.clear();
  contracts.onSent = () => {
    state.height = 8;
  };
  await pass(4 * TURN);
  assert.deepEqual(heights(contracts), [8n]);
  await end();
});

test("checkpoints of a chain that a recovery left are dropped", async () => {
  const { contracts, duties, state, troubles, pass, end } = setUp("a");
  state.epoch = 2;
  duties.checkpoint(certificate(4, 1), registry);
  // Of epoch 2 as it was before: the contracts began it anew.
  state.domain = `0x${"d1".repeat(32)}`;
  contracts.refusals.set("submit", "CheckpointManagerBadSignature");
  duties.checkpoint(certificate(8, 2), registry);
  await pass(4 * TURN);
  contracts.refusals.clear();
  await pass(8 * TURN);
  assert.deepEqual(contracts.names, []);
  assert.deepEqual(troubles, []);
  await end();
});

test("beyond the contracts' epoch nothing is posted", async () => {
  const { contracts, duties, state, pass, end } = setUp("a");
  duties.checkpoint(certificate(4, 2), registry);
  await pass(2 * TURN);
  assert.deepEqual(contracts.names, []);
  state.epoch = 2;
  contracts.onSent = () => {
    state.height = 4;
  };
  await pass(TURN);
  assert.deepEqual(heights(contracts), [4n]);
  await end();
});

test("a candidate that no boundary sealed is sealed", async () => {
  const { contracts, duties, state, pass, end } = setUp("a");
  duties.epoch(1, registry);
  await pass(6 * TURN);
  assert.deepEqual(contracts.names, []);
  state.sealed = 0;
  contracts.onSent = () => {
    state.sealed = 8;
  };
  await pass(6 * TURN);
  assert.deepEqual(contracts.names, ["seal"]);
  assert.equal(contracts.sent[0]!.args![0], 3n);
  await end();
});

test("an epoch is accrued with the vector its boundary committed to, or with none once its time is over", async () => {
  const vector = Uint8Array.of(1, 2, 3, 4);
  for (const [known, boundaryAt, given] of [
    [vector, 1e9, "0x01020304"],
    [Uint8Array.of(9), 0, "0x"],
    [Uint8Array.of(9), 1e9, null],
    [null, 1e9, null],
  ] as const) {
    const { contracts, duties, state, pass, end } = setUp("a");
    [state.epoch, state.accrued, state.boundaryAt] = [2, 1, boundaryAt];
    // The deadline is 100 seconds.
    if (boundaryAt === 0) await pass(101_000);
    const accounting = {
      epoch: 1n,
      views: 5n,
      stamp: 1n,
      loadMultiplier: 1_000_000,
      vectorHash: keccak256(vector),
    };
    contracts.events.set("BoundaryAccepted", [
      { args: { boundary: { accounting } }, blockNumber: 5n } as { args: unknown },
    ]);
    contracts.events.set("CheckpointAccepted", [
      { args: { submitter: NETWORK.addresses.token } } as { args: unknown },
    ]);
    contracts.onSent = () => {
      state.accrued = 2;
    };
    duties.epoch(2, registry);
    duties.accruals(async () => known);
    await pass(5 * TURN);
    const sent = contracts.sent.filter(({ functionName }) => functionName === "accrue");
    assert.equal(sent.length, given === null ? 0 : 1);
    if (given !== null) assert.ok(sent[0]!.args!.includes(given), JSON.stringify(sent[0]!.args!.map(String)));
    await end();
  }
});
