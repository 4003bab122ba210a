import assert from "node:assert/strict";
import { test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  type Certificate,
  type Checkpoint,
  checkpointRoot,
  type Hash,
  restartRoot,
  type StatementEvidence,
  type Testimony,
  toBitmap,
  type VoteBody,
  type VoteEvidence,
  voteRoot,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { type SignedDomain, slashingManagerAbi } from "@aitbc-hybrid/sdk";
import { encodeAbiParameters, encodeEventTopics, getAbiItem } from "viem";
import { Desk } from "../../src/settlement/desk.ts";
import { EvidenceDuty } from "../../src/settlement/evidence.ts";
import { FakeContracts, NETWORK } from "../support/contracts.ts";
import { registryOf, secretOf, sign } from "../support/registry.ts";

const NAMES = ["a", "b", "c", "d"];
const registry = registryOf(NAMES);
const D7: Hash = `0x${"d7".repeat(32)}`;
const D8: Hash = `0x${"d8".repeat(32)}`;
const [A, B]: [Hash, Hash] = [`0x${"aa".repeat(32)}`, `0x${"bb".repeat(32)}`];
const GROUP: Hash = `0x${"99".repeat(32)}`;
const TURN = 1_000;

const domains = new Map<Hash, SignedDomain>([
  [D7, { epoch: 7, incarnation: 2, mode: "balanced", registryRoot: registry.root }],
  [D8, { epoch: 8, incarnation: 2, mode: "secure", registryRoot: B }],
]);
const domainOf = (domain: Hash): SignedDomain => domains.get(domain)!;

const body = (kind: VoteBody["kind"], view: number, blockHash: Hash): VoteBody =>
  kind === "nullify"
    ? { kind, view, parentView: 0, blockHash: ZERO_HASH }
    : { kind, view, parentView: view - 1, blockHash };

function vote(name: string, of: VoteBody, domain = D7, epoch = 7) {
  return { ...of, epoch, domain, seat: NAMES.indexOf(name), signature: sign(name, voteRoot(domain, of)) };
}

function certificate(names: readonly string[], of: VoteBody): Certificate {
  const signatures = names.map((name) => nativeBls.parseSignature(sign(name, voteRoot(D7, of))));
  return {
    ...of,
    epoch: 7,
    domain: D7,
    bitmap: toBitmap(
      names.map((name) => NAMES.indexOf(name)),
      NAMES.length,
    ),
    signature: nativeBls.aggregateSignatures(signatures),
  };
}

const checkpoint = (height: number, blockHash: Hash, previous: Hash = ZERO_HASH): Checkpoint => ({
  height,
  view: height,
  stamp: 1_000,
  blockHash,
  stateRoot: A,
  blocksRoot: A,
  previous,
  boundary: null,
});

function checkpointVote(name: string, of: Checkpoint): Testimony {
  const signature = sign(name, checkpointRoot(D7, of));
  return {
    type: "checkpointVote",
    vote: { epoch: 7, domain: D7, checkpoint: of, seat: NAMES.indexOf(name), signature },
  };
}

const pair: VoteEvidence = {
  what: "votes",
  epoch: 7,
  domain: D7,
  seat: 1,
  validatorId: 2,
  first: vote("b", body("nullify", 5, A)),
  second: vote("b", body("finalize", 5, A)),
};

function statements(
  what: StatementEvidence["what"],
  seats: readonly number[],
  first: Testimony,
  second: Testimony,
  chain: readonly Checkpoint[] = [],
): StatementEvidence {
  const validatorIds = seats.map((seat) => seat + 1);
  return { what, epoch: 7, domain: D7, seats, validatorIds, first, second, chain };
}

const group = statements(
  "certificates",
  [1, 2],
  { type: "certificate", certificate: certificate(["b", "c", "d"], body("finalize", 5, B)) },
  { type: "certificate", certificate: certificate(["a", "b", "c"], body("notarize", 5, A)) },
);

function setUp(name = "a") {
  const contracts = new FakeContracts();
  const notes: string[] = [];
  const troubles: string[] = [];
  let now = 0;
  const desk = new Desk(
    { network: NETWORK, key: nativeBls.publicKey(secretOf(name)), turnMs: TURN, chargesAtOnce: 16 },
    {
      sender: contracts.sender,
      bls: nativeBls,
      clock: () => now,
      onTrouble: (sentence) => troubles.push(sentence),
      onNote: (sentence) => notes.push(sentence),
    },
  );
  const duty = new EvidenceDuty(desk);
  return {
    contracts,
    duty,
    notes,
    troubles,
    async pass(ms: number): Promise<void> {
      for (const end = now + ms; now < end; ) {
        now += 500;
        await duty.run();
      }
    },
  };
}

/** What the contracts were given. */
const given = (contracts: FakeContracts, at = 0) =>
  contracts.sent[at]!.args![0] as {
    first: {
      kind?: number;
      epoch: bigint;
      mode: number;
      vote: { kind: number };
      signers: bigint[];
      registryRoot: Hash;
    };
    second: {
      kind?: number;
      epoch: bigint;
      mode: number;
      vote: { kind: number };
      signers: bigint[];
      nextRoot: Hash;
      nextSigners: bigint[];
      checkpoint: { height: bigint };
    };
    chain: { domain: Hash; checkpoint: { height: bigint } }[];
    moved: boolean;
    firstSeat: number;
    secondSeat: number;
    incarnation: number;
  };

test("two votes are posted once, ordered by kind, under the domain they were signed in", async () => {
  const { contracts, duty, pass, notes } = setUp("b");
  assert.equal(duty.add(pair, domainOf, registry), true);
  assert.equal(duty.add(pair, domainOf, registry), false);
  await pass(4 * TURN);
  assert.deepEqual(contracts.names, ["submitVotes"]);
  assert.deepEqual(
    [given(contracts).first, given(contracts).second].map(({ kind }) => kind),
    [3, 4],
  );
  assert.equal(given(contracts).incarnation, 2);
  assert.equal(notes.length, 1);
  assert.match(notes[0]!, /validator 2: nullify and finalize of epoch 7/);
});

test("everyone waits for their turn; what is on record by then is off the table", async () => {
  const { contracts, duty, pass, notes } = setUp("a");
  duty.add(pair, domainOf, registry);
  // View 5 of four: b, c and d come before a.
  await pass(2 * TURN);
  assert.deepEqual(contracts.names, []);
  contracts.refusals.set("submitVotes", "SlashingManagerAlreadyCharged");
  await pass(2 * TURN);
  assert.deepEqual(contracts.names, []);
  assert.match(notes[0]!, /on record already, or too old/);
  contracts.refusals.clear();
  await pass(8 * TURN);
  assert.deepEqual(contracts.names, []);
});

test("what cannot be sent is tried again, ever less often, and holds up nothing else", async () => {
  const { contracts, duty, pass, troubles } = setUp("b");
  contracts.unreachable.add("submitVotes");
  duty.add(pair, domainOf, registry);
  duty.add(statements("member", [1], ...memberSides()), domainOf, registry);
  await pass(20 * TURN);
  assert.deepEqual(contracts.names, ["submitContradiction"]);
  assert.equal(troubles.length, 4, "after 0, 2, 6 and 14 seconds");
  assert.match(troubles[0]!, /validator 2: nullify and finalize .* again in 2 s/);
  contracts.unreachable.clear();
  await pass(20 * TURN);
  assert.deepEqual(contracts.names, ["submitContradiction", "submitVotes"]);
});

function memberSides(): [Testimony, Testimony] {
  return [
    { type: "vote", vote: vote("b", body("nullify", 5, A)) },
    { type: "certificate", certificate: certificate(["b", "c", "d"], body("finalize", 5, A)) },
  ];
}

test("a vote and a certificate: the certificate's kind decides the order, everybody in it is named", async () => {
  const { contracts, duty, pass } = setUp("b");
  duty.add(statements("member", [1], ...memberSides()), domainOf, registry);
  await pass(TURN);
  const { first, second, moved, chain } = given(contracts);
  assert.deepEqual([first.vote.kind, second.vote.kind], [3, 4]);
  assert.deepEqual([first.signers[0], second.signers[0]], [0b1110n, 0b0010n]);
  assert.deepEqual([first.epoch, first.mode, first.registryRoot], [7n, 1, registry.root]);
  assert.equal(moved, false);
  assert.deepEqual(chain, []);
});

test("two certificates convict a group, whose members are charged page by page", async () => {
  const { contracts, duty, pass, notes } = setUp("b");
  let waiting = 0b110n | (((1n << 20n) - 1n) << 8n);
  contracts.views.set("group", () => ({ seats: [waiting, 0n, 0n, 0n] }));
  contracts.logs.set("submitContradiction", [groupConvicted()]);
  contracts.onSent = ({ functionName, args }) => {
    if (functionName !== "executeGroup") return;
    for (const seat of args![1] as number[]) waiting &= ~(1n << BigInt(seat));
  };
  duty.add(group, domainOf, registry);
  await pass(5 * TURN);
  assert.deepEqual(contracts.names, ["submitContradiction", "executeGroup", "executeGroup"]);
  assert.equal(waiting, 0n);
  const { first, second } = given(contracts);
  assert.deepEqual([first.vote.kind, second.vote.kind], [2, 3]);
  assert.deepEqual([first.signers[0], second.signers[0]], [0b0111n, 0b1110n]);
  assert.deepEqual(contracts.sent[1]!.args![0], GROUP);
  assert.ok(notes.some((note) => note.includes("16 of 22 validators")));
});

/** The event of a receipt that tells a group's number. */
function groupConvicted() {
  const event = getAbiItem({ abi: slashingManagerAbi, name: "GroupConvicted" });
  const words = [0n, 0n, 0n, 0n] as const;
  return {
    topics: encodeEventTopics({
      abi: slashingManagerAbi,
      eventName: "GroupConvicted",
      args: { id: GROUP, epoch: 7n },
    }) as [Hash, ...Hash[]],
    data: encodeAbiParameters(
      event.inputs.filter((input) => !("indexed" in input && input.indexed)),
      [NETWORK.addresses.registry, 2, 3, 5n, words, words, NETWORK.addresses.token],
    ),
  };
}

test("a group that somebody else convicted is charged too, if he does not", async () => {
  const { contracts, duty, pass } = setUp("b");
  let waiting = 0b110n;
  contracts.views.set("group", () => ({ seats: [waiting, 0n, 0n, 0n] }));
  contracts.events.set("GroupConvicted", [{ args: { id: GROUP } }]);
  contracts.refusals.set("submitContradiction", "SlashingManagerAlreadyCharged");
  contracts.onSent = () => {
    waiting = 0n;
  };
  duty.add(group, domainOf, registry);
  await pass(10 * TURN);
  assert.deepEqual(contracts.names, ["executeGroup"]);
});

test("checkpoints of two heights go with the chain between them, the higher one second", async () => {
  const { contracts, duty, pass } = setUp("b");
  const [lower, between] = [checkpoint(5, A), checkpoint(5, B)];
  const higher = checkpoint(10, B, checkpointRoot(D7, between));
  duty.add(
    statements("checkpoints", [1], checkpointVote("b", lower), checkpointVote("b", higher), [between]),
    domainOf,
    registry,
  );
  await pass(TURN);
  const { first, second, chain } = given(contracts);
  assert.deepEqual([first.vote.kind, second.vote.kind], [5, 5]);
  assert.equal(second.checkpoint.height, 10n);
  assert.deepEqual(
    chain.map((link) => [link.domain, link.checkpoint.height]),
    [[D7, 5n]],
  );
});

for (const [name, seat, second] of [
  [
    "by the seat in its own epoch",
    3,
    { secondSeat: 3, signers: 0b1000n, nextSigners: 0n, nextRoot: ZERO_HASH },
  ],
  [
    "by the seat in the next, if it had none",
    null,
    { secondSeat: 1_025, signers: 0n, nextSigners: 0b0010n, nextRoot: B },
  ],
] as const) {
  test(`a RESTART convicts what its signer signed in the next epoch: ${name}`, async () => {
    const { contracts, duty, pass } = setUp("b");
    const restart = {
      epoch: 7,
      domain: D7,
      view: 5,
      blockHash: A,
      seat,
      seatNext: 1,
      signature: sign("b", restartRoot(D7, 5, A)),
    };
    const evidence = statements(
      "restart",
      [1],
      { type: "restart", vote: restart },
      { type: "vote", vote: vote("b", body("notarize", 1, A), D8, 8) },
    );
    duty.add(evidence, domainOf, registry);
    await pass(TURN);
    const found = given(contracts);
    assert.deepEqual([found.first.vote.kind, found.second.vote.kind], [2, 6]);
    assert.deepEqual([found.first.epoch, found.second.epoch], [8n, 7n]);
    assert.deepEqual([found.moved, found.firstSeat, found.secondSeat], [true, 1, second.secondSeat]);
    assert.equal(found.second.signers[0], second.signers);
    assert.equal(found.second.nextSigners[0], second.nextSigners);
    assert.equal(found.second.nextRoot, second.nextRoot);
  });
}

test("a RESTART and a FINALIZE of its own epoch need no seats of their own", async () => {
  const { contracts, duty, pass } = setUp("b");
  const vote5 = { epoch: 7, domain: D7, view: 5, blockHash: A, seat: 1, seatNext: 1 };
  const restart = { ...vote5, signature: sign("b", restartRoot(D7, 5, A)) };
  const evidence = statements(
    "restart",
    [1],
    { type: "restart", vote: restart },
    { type: "vote", vote: vote("b", body("finalize", 9, A)) },
  );
  duty.add(evidence, domainOf, registry);
  await pass(TURN);
  const { first, second, moved } = given(contracts);
  assert.deepEqual([first.vote.kind, second.vote.kind, moved], [3, 6, false]);
  assert.deepEqual([first.signers[0], second.signers[0]], [0b0010n, 0b0010n]);
});
