import assert from "node:assert/strict";
import { test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  blockHash,
  type Certificate,
  type Hash,
  type Header,
  type RestartVote,
  restartRoot,
  toBitmap,
  voteRoot,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { Desk } from "../../src/settlement/desk.ts";
import { RecoveryDuty } from "../../src/settlement/recovery.ts";
import type { Held } from "../../src/settlement/types.ts";
import { bareBlock } from "../support/blocks.ts";
import { FakeContracts, NETWORK } from "../support/contracts.ts";
import { registryOf, secretOf, sign } from "../support/registry.ts";

const NAMES = ["a", "b", "c", "d"];
/** One authority, and the three stakers that a recovery takes. */
const registry = registryOf(NAMES, 1);
const DOMAIN: Hash = `0x${"d0".repeat(32)}`;
const TURN = 1_000;
const STALL = 60;
const GRACE = 30;
/** The last checkpoint was accepted then, s. */
const ACCEPTED = 1_000;

const header = (view: number): Header => ({
  ...bareBlock({ domain: DOMAIN, view, parentHash: ZERO_HASH, height: 100 + view }).header,
  stamp: 1_000 * view,
  reference: { number: 1, hash: ZERO_HASH },
});

function held(view: number, epoch = 7): Held {
  const body = { kind: "notarize", view, parentView: view - 1, blockHash: blockHash(header(view)) } as const;
  const certificate: Certificate = {
    ...body,
    epoch,
    domain: DOMAIN,
    bitmap: toBitmap([0, 1, 2], NAMES.length),
    signature: sign("a", voteRoot(DOMAIN, body)),
  };
  return { certificate, header: header(view) };
}

function restart(name: string, view: number, epoch = 7): RestartVote {
  const seat = NAMES.indexOf(name);
  const hash = blockHash(header(view));
  const signature = sign(name, restartRoot(DOMAIN, view, hash));
  return { epoch, domain: DOMAIN, view, blockHash: hash, seat, seatNext: seat, signature };
}

/** The contracts' side of a recovery of epoch 7, and the duty of validator `name`. */
function setUp(name: string, registryNext = registry) {
  const contracts = new FakeContracts();
  const state = {
    acceptedAt: ACCEPTED,
    open: false,
    graceEnd: 0,
    postedView: 0,
    heard: 0n,
    left: 0n,
    charged: 0n,
    supported: false,
    nextRoundAt: 1e9,
    mode: 1,
  };
  const words = (first: bigint) => [first, 0n, 0n, 0n];
  const views: Record<string, () => unknown> = {
    lastCheckpoint: () => ({ epoch: 7n, height: 100n, acceptedAt: state.acceptedAt }),
    recoveryCount: () => (state.open ? 1 : 0),
    isOpen: () => state.open,
    stalledAt: () => BigInt(state.acceptedAt + STALL),
    epochRecord: () => ({ mode: state.mode, incarnation: 0 }),
    recovery: () => ({ graceEnd: state.graceEnd, postedView: BigInt(state.postedView) }),
    attendance: () => ({
      heard: words(state.heard),
      heardNext: words(state.heard),
      left: words(state.left),
      charged: words(state.charged),
    }),
    nextRoundAt: () => BigInt(state.nextRoundAt),
    support: () => (state.supported ? [3n, 4n] : [2n, 4n]),
  };
  for (const [view, answer] of Object.entries(views)) contracts.views.set(view, answer);
  const notes: string[] = [];
  let now = 0;
  const desk = new Desk(
    { network: NETWORK, key: nativeBls.publicKey(secretOf(name)), turnMs: TURN, chargesAtOnce: 16 },
    {
      sender: contracts.sender,
      bls: nativeBls,
      clock: () => now,
      onTrouble: (sentence) => notes.push(sentence),
      onNote: (sentence) => notes.push(sentence),
    },
  );
  const duty = new RecoveryDuty(desk);
  const others: RestartVote[] = [];
  duty.source(() => ({ epoch: 7, registry, registryNext, restarts: others }));
  return {
    contracts,
    state,
    duty,
    others,
    notes,
    /** Lets both clocks go on, and the duty look after each second. */
    async pass(seconds: number): Promise<void> {
      for (let i = 0; i < seconds; i++) {
        now += 1_000;
        contracts.timestamp += 1n;
        await duty.run();
      }
    },
    open(): void {
      state.open = true;
      state.graceEnd = Number(contracts.timestamp) + GRACE;
    },
  };
}

test("a recovery is opened once nothing was accepted for the stall time, by the own watch too", async () => {
  const { contracts, state, pass } = setUp("a");
  // The network was off: the contracts call it stalled, this process has only begun to watch.
  contracts.timestamp = BigInt(ACCEPTED + 10 * STALL);
  await pass(STALL - 1);
  assert.deepEqual(contracts.names, []);
  state.acceptedAt = Number(contracts.timestamp);
  contracts.onSent = () => {
    state.open = true;
  };
  await pass(STALL - 1);
  assert.deepEqual(contracts.names, []);
  await pass(NAMES.length + 3);
  assert.deepEqual(contracts.names, ["open"]);
});

test("no recovery is opened that could only end without a quorum", async () => {
  const { contracts, notes, pass } = setUp("a", registryOf(NAMES, 2));
  contracts.timestamp = BigInt(ACCEPTED + 10 * STALL);
  await pass(2 * STALL);
  assert.deepEqual([contracts.names, notes], [[], []]);
});

test("somebody else's opening is no failure", async () => {
  const { contracts, pass, notes } = setUp("a");
  contracts.refusals.set("open", "HybridManagerAlreadyOpen");
  contracts.timestamp = BigInt(ACCEPTED);
  await pass(2 * STALL);
  assert.deepEqual(contracts.names, []);
  assert.deepEqual(notes, []);
});

test("within grace the highest certificate held is posted, unless as high a one is", async () => {
  const { contracts, state, duty, pass, open } = setUp("a");
  open();
  duty.certificate(held(5), registry);
  duty.certificate(held(4), registry);
  contracts.onSent = () => {
    state.postedView = 5;
  };
  await pass(8);
  assert.deepEqual(contracts.names, ["post"]);
  const [words] = contracts.sent[0]!.args as [{ viewNumber: bigint; isFinal: boolean; header: object }];
  assert.equal(words.viewNumber, 5n);
  assert.equal(words.isFinal, false);
  // Another epoch's is no use.
  duty.certificate(held(9, 6), registry);
  await pass(4);
  assert.deepEqual(contracts.names, ["post"]);
});

test("in a large rotation nobody waits beyond the middle of grace", async () => {
  const { contracts, duty, pass, open } = setUp("a");
  open();
  const many = { ...registry, entries: Array.from({ length: 900 }, (_, i) => registry.entries[i % 4]!) };
  duty.certificate(held(1), { ...many, entries: [...many.entries.slice(1), registry.entries[0]!] });
  await pass(GRACE / 2 + 1);
  assert.deepEqual(contracts.names, ["post"]);
});

test("RESTARTs leave after grace, added up by the one whose turn it is", async () => {
  const { contracts, state, duty, others, pass, open } = setUp("b");
  open();
  duty.restart(restart("b", 5), null);
  others.push(restart("c", 5), restart("d", 4));
  await pass(GRACE);
  assert.deepEqual(contracts.names, []);
  // Recovery 1: b is the first in the rotation, and waits one turn for the others' signatures.
  await pass(3);
  assert.deepEqual(contracts.names, ["restart", "restart"]);
  const [[view, , proof], [other]] = contracts.sent.map(({ args }) => args) as [
    [bigint, Hash, { seats: string; nextSeats: string; present: boolean }],
    [bigint],
  ];
  assert.deepEqual([view, other], [5n, 4n]);
  // Same key, same seat in both registries: named and added once.
  assert.deepEqual([proof.present, proof.seats, proof.nextSeats], [true, "0x00010002", "0x"]);
  state.heard = 0b1110n;
  await pass(10);
  assert.equal(contracts.sent.length, 2);
});

test("what somebody else posted is not posted again; an own RESTART that changed is", async () => {
  const { contracts, state, duty, pass, open } = setUp("b");
  open();
  duty.restart(restart("b", 5), null);
  state.heard = 0b0010n;
  await pass(GRACE + 10);
  assert.deepEqual(contracts.names, []);
  duty.restart(restart("b", 6), null);
  await pass(6);
  assert.deepEqual(
    contracts.sent.map(({ args }) => args![0]),
    [6n],
  );
});

test("what has the stake's support is activated; its certificate goes before if nobody posted it", async () => {
  const { contracts, state, duty, pass, open, notes } = setUp("b");
  open();
  duty.restart(restart("b", 5), held(5));
  await pass(GRACE + 6);
  assert.deepEqual(contracts.names, ["restart"]);
  state.heard = 0b1111n;
  state.supported = true;
  contracts.refusals.set("activate", "HybridManagerNotCertified");
  contracts.onSent = ({ functionName }) => {
    if (functionName === "post") contracts.refusals.delete("activate");
    if (functionName === "activate") state.open = false;
  };
  await pass(6);
  assert.deepEqual(contracts.names, ["restart", "post", "activate"]);
  assert.ok(notes.some((note) => note.includes("epoch 7 is recovered")));
});

test("a round of the leak is run in its time, and who it left out is charged", async () => {
  const { contracts, state, pass, open } = setUp("b");
  open();
  await pass(GRACE + 2);
  state.nextRoundAt = Number(contracts.timestamp);
  contracts.onSent = ({ functionName }) => {
    if (functionName === "leak") [state.left, state.nextRoundAt] = [0b1001n, 1e9];
    if (functionName === "charge") state.charged = state.left;
  };
  await pass(12);
  assert.deepEqual(contracts.names, ["leak", "charge"]);
  assert.deepEqual(contracts.sent[1]!.args, [1, [0, 3]]);
});

test("an authority that was left out comes back by its READY of the contracts' epoch", async () => {
  const { contracts, duty, pass, notes } = setUp("b");
  let silent = true;
  contracts.views.set("isSilent", () => silent);
  contracts.onSent = () => {
    silent = false;
  };
  const ready = (epoch: number) =>
    ({
      kind: "ready",
      day: 20_000,
      epoch,
      domain: DOMAIN,
      seat: 1,
      signature: sign("b", ZERO_HASH),
    }) as const;
  duty.ready(ready(7), registry);
  await pass(2);
  assert.deepEqual(contracts.names, []);
  const suspended = { ...registry, suspended: new Set([1]) };
  // The contracts are not there yet.
  duty.ready(ready(8), suspended);
  await pass(2);
  assert.deepEqual(contracts.names, []);
  duty.ready(ready(7), suspended);
  await pass(2);
  assert.deepEqual(contracts.names, ["comeBack"]);
  assert.deepEqual(contracts.sent[0]!.args!.slice(0, 2), [2n, 20_000]);
  assert.match(notes[0]!, /counts as an authority again/);
  duty.ready(ready(7), suspended);
  await pass(2);
  assert.equal(contracts.sent.length, 1);
});

test("a validator without a seat sends nothing", async () => {
  const { contracts, state, pass, open } = setUp("e");
  contracts.timestamp = BigInt(ACCEPTED);
  await pass(3 * STALL);
  open();
  state.supported = true;
  state.nextRoundAt = 0;
  await pass(GRACE + 10);
  assert.deepEqual(contracts.names, []);
});
