import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import {
  type Certificate,
  decodeConsensus,
  type Hash,
  hashOf,
  initialReplica,
  type Message,
  type PartialMessage,
  type Proposal,
  type ReplicaConfig,
  Subnets,
  type Vote,
  type VoteBody,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { registryOf } from "@aitbc-hybrid/protocol/testing";
import { Aggregating } from "../../src/engine/aggregating.ts";
import type { Waiting } from "../../src/engine/types.ts";
import { bareBlock } from "../support/blocks.ts";

const VOTERS = 24;
const SIZES = { voters: 8, aggregators: 3, collectors: 3 };
const registry = registryOf({
  authorities: [1_000n, 1_000n],
  stakers: Array.from({ length: VOTERS - 2 }, () => 1_000n),
});
const seats = Array.from({ length: VOTERS }, (_, seat) => seat);
const OWN = 4;
const config: ReplicaConfig = {
  chainId: 9,
  genesis: {
    chainId: 9,
    settlementChainId: 1,
    addressesHash: ZERO_HASH,
    snapshotHash: registry.root,
    mode: "secure",
    stateRoot: ZERO_HASH,
    stamp: 1_000,
  },
  key: registry.entries[OWN]!.key,
  skipViews: 8,
  backoffCap: 6,
  aggregateAbove: 20,
  trace: false,
};
const { state } = initialReplica(config, registry, 1_000);
const { domain, leader, start } = state.epoch;
const subnets = new Subnets(state.epoch.electorate, start.seed, SIZES);
const STRANGER = "follower";
const peerOf = (seat: number): string => `p${seat}`;
const signature = new Uint8Array(96).fill(7);

const opened: Aggregating[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

/** The shell of the validator at seat 4, connected to all others and to a follower. */
function setUp({ above = 20, epoch = state.epoch, key = true } = {}) {
  const sent: { to: string; message: Message | PartialMessage }[] = [];
  const submitted: Waiting[] = [];
  const banned: [string, string][] = [];
  const refused: string[] = [];
  const world = { now: 1_000 };
  const aggregating = new Aggregating(
    { above, sizes: SIZES, silent: false },
    {
      links: {
        self: peerOf(OWN),
        send: (to, frame) => {
          sent.push({ to, message: decodeConsensus(frame) });
          return true;
        },
        broadcast: () => {},
        ban: (peer, reason) => banned.push([peer, reason]),
        connected: () => [...seats.filter((seat) => seat !== OWN).map(peerOf), STRANGER],
        validatorOf: (peer) => (peer.startsWith("p") ? Number(peer.slice(1)) + 1 : null),
        peerOf: (validator) => peerOf(validator - 1),
      },
      verify: () => {},
      listener: { evidence: () => {} },
      keep: () => {},
      metrics: {
        message: () => {},
        refused: (reason) => refused.push(reason),
        votes: () => {},
        aggregation: () => {},
      },
      clock: () => world.now,
      loop: {
        submit: (input) => submitted.push(input),
        background: () => {},
        halt: () => {},
        isClosed: () => false,
      },
    },
  );
  opened.push(aggregating);
  aggregating.begin({ ...state, epoch: key ? epoch : { ...epoch, voterSeat: null, backerSeat: null } });
  return { aggregating, sent, submitted, banned, refused, world, to: () => sent.map((each) => each.to) };
}

const body = (view: number, kind: VoteBody["kind"] = "notarize", block = 1): VoteBody =>
  kind === "nullify"
    ? { kind, view, parentView: 0, blockHash: ZERO_HASH }
    : { kind, view, parentView: view - 1, blockHash: `0x${`0${block}`.repeat(32)}` as Hash };
const vote = (seat: number, of: VoteBody): Vote => ({ ...of, epoch: 0, domain, seat, signature });
const told = (seat: number, of: VoteBody): Message => ({ type: "vote", vote: vote(seat, of) });
const certificate = (of: VoteBody): Certificate => ({
  ...of,
  epoch: 0,
  domain,
  bitmap: new Uint8Array(3).fill(255),
  signature,
});
const mesh = (view: number): string[] => [...subnets.neighbours(view, OWN).map(peerOf), STRANGER].sort();
const viewLedBy = (isOwn: boolean): number =>
  Array.from({ length: 500 }, (_, i) => i + 1).find((view) => (leader(view) === OWN) === isOwn)!;

test("with no more voters than the bound everybody is told everything", () => {
  const { aggregating, sent } = setUp({ above: VOTERS });
  assert.equal(aggregating.broadcast(told(OWN, body(1))), false);
  assert.equal(aggregating.broadcast({ type: "certificate", certificate: certificate(body(1)) }), false);
  const message = told(3, body(1));
  assert.equal(aggregating.receive(peerOf(3), message), message);
  assert.equal(aggregating.receive(peerOf(3), { type: "partial", partial: certificate(body(1)) }), null);
  assert.deepEqual(sent, []);
});

describe("votes", () => {
  test("the own one goes to the aggregators of its subnet, and to nobody else", () => {
    const { aggregating, sent, to } = setUp();
    assert.equal(aggregating.broadcast(told(OWN, body(1))), true);
    const aggregators = subnets.duties(1).aggregators[subnets.of(OWN)]!.filter((seat) => seat !== OWN);
    assert.deepEqual(to().sort(), aggregators.map(peerOf).sort());
    assert.deepEqual(sent[0]!.message, told(OWN, body(1)));
  });

  test("a leader's own NULLIFY goes to everybody too", () => {
    const { aggregating } = setUp();
    assert.equal(aggregating.broadcast(told(OWN, body(viewLedBy(true), "nullify"))), false);
    assert.equal(aggregating.broadcast(told(OWN, body(viewLedBy(false), "nullify"))), true);
  });

  test("others' are for the replica where this node does not aggregate them", () => {
    const { aggregating, submitted } = setUp();
    const isIdle = (view: number, seat: number): boolean =>
      [0, 1, 2, 3].every(
        (later) => !subnets.duties(view + later).aggregators[subnets.of(seat)]!.includes(OWN),
      );
    const seat = seats.find((each) => each !== OWN && isIdle(1, each))!;
    assert.equal(aggregating.receive(peerOf(seat), told(seat, body(1))), null);
    assert.deepEqual(submitted, [{ type: "message", from: peerOf(seat), message: told(seat, body(1)) }]);
  });

  test("of a peer that is no validator are for the replica, which answers them", () => {
    const { aggregating, submitted } = setUp();
    assert.equal(aggregating.receive(STRANGER, told(3, body(1))), null);
    assert.deepEqual(submitted, [{ type: "message", from: STRANGER, message: told(3, body(1)) }]);
    assert.equal(aggregating.receive(STRANGER, { type: "partial", partial: certificate(body(1)) }), null);
    assert.equal(submitted.length, 1);
  });

  test("in another's name cost the connection", () => {
    const { aggregating, banned, submitted } = setUp();
    aggregating.receive(peerOf(3), told(5, body(1)));
    assert.deepEqual(banned, [[peerOf(3), "vote of another"]]);
    assert.deepEqual(submitted, []);
  });

  test("beyond a peer's budget are dropped, and in the end cost the connection", () => {
    const { aggregating, banned, refused, submitted } = setUp();
    for (let at = 0; banned.length === 0 && at < 2_000; at++)
      aggregating.receive(peerOf(3), told(3, body(at + 1)));
    assert.deepEqual(banned, [[peerOf(3), "floods votes"]]);
    assert.ok(submitted.length < 300);
    assert.ok(refused.length > 0 && refused.every((reason) => reason === "over-budget"));
  });

  test("of the next epoch wait until it begins here, a few of each peer", () => {
    const { aggregating, submitted } = setUp();
    const early = (view: number): Message => ({
      type: "vote",
      vote: { ...vote(3, body(view)), epoch: 1, domain: `0x${"22".repeat(32)}` },
    });
    for (let view = 1; view <= 20; view++) aggregating.receive(peerOf(3), early(view));
    assert.equal(submitted.length, 0);
    const next = { ...state.epoch, start: { ...start, epoch: 1 }, domain: `0x${"22".repeat(32)}` as Hash };
    aggregating.begin({ ...state, epoch: next });
    // What it does not add up itself then, it has the replica look at.
    assert.ok(submitted.length > 0);
    assert.ok(submitted.length <= 8);
  });
});

test("what strangers say, or who speaks of later epochs, keeps nothing of the next one out", () => {
  const few = registryOf({ authorities: [1_000n, 1_000n], stakers: [1_000n, 1_000n, 1_000n] });
  const { epoch } = initialReplica({ ...config, key: few.entries[0]!.key }, few, 1_000).state;
  const { aggregating, banned } = setUp({ epoch });
  const partial = (number: number, view: number): PartialMessage => ({
    type: "partial",
    partial: { ...certificate(body(view)), epoch: number, bitmap: new Uint8Array(1) },
  });
  for (let peer = 0; peer < 600; peer++)
    for (let view = 1; view <= 8; view++) {
      aggregating.receive(`stranger ${peer}`, partial(1, view));
      aggregating.receive(peerOf(100 + peer), partial(7, view));
    }
  aggregating.receive(peerOf(3), partial(1, 1));
  aggregating.begin({ ...state, epoch: { ...state.epoch, start: { ...start, epoch: 1 } } });
  // That it was kept shows by what it costs.
  assert.deepEqual(banned, [[peerOf(3), "malformed aggregate"]]);
});

describe("what spreads", () => {
  test("a certificate goes to the neighbours in its view's mesh and to who does not vote; told again, over another", () => {
    const { aggregating, sent, to } = setUp();
    const message: Message = { type: "certificate", certificate: certificate(body(3)) };
    assert.equal(aggregating.broadcast(message), true);
    assert.deepEqual(to().sort(), mesh(3));
    sent.length = 0;
    aggregating.broadcast(message);
    assert.deepEqual(to().sort(), mesh(4));
  });

  test("a follower tells all of its peers", () => {
    const { aggregating, to } = setUp({ key: false });
    aggregating.broadcast({ type: "certificate", certificate: certificate(body(3)) });
    assert.equal(to().length, VOTERS);
  });

  const proposalOf = (signed: Uint8Array): Proposal => ({
    epoch: 0,
    domain,
    view: 2,
    parentView: 1,
    block: bareBlock({ domain, view: 2, parentHash: ZERO_HASH, height: 1 }),
    seat: leader(2),
    signature: signed,
  });
  const verified = (proposal: Proposal) => ({
    ...state,
    views: new Map([
      [
        2,
        {
          proposals: [
            {
              blockHash: hashOf(proposal.block),
              parentView: 1,
              from: null,
              signature: proposal.signature,
              invalid: false,
            },
          ],
        },
      ],
    ]),
  });

  test("a proposal is passed on once the own replica has verified it: that one, once, not where it came from", () => {
    const { aggregating, sent, to } = setUp();
    const [near, other] = subnets.neighbours(2, OWN) as [number, number];
    const forged = proposalOf(new Uint8Array(96).fill(1));
    const proposal = proposalOf(signature);
    for (const [from, each] of [
      [other, forged],
      [near, proposal],
    ] as const) {
      const message: Message = { type: "proposal", proposal: each };
      assert.equal(aggregating.receive(peerOf(from), message), message);
    }
    aggregating.passOn({ ...state, views: new Map() });
    assert.equal(sent.length, 0);
    aggregating.passOn(verified(proposal));
    assert.deepEqual(
      to().sort(),
      mesh(2).filter((peer) => peer !== peerOf(near)),
    );
    for (const each of sent)
      assert.ok(each.message.type === "proposal" && each.message.proposal.signature[0] === 7);
    sent.length = 0;
    aggregating.receive(peerOf(other), { type: "proposal", proposal });
    aggregating.passOn(verified(proposal));
    assert.equal(sent.length, 0);
  });

  test("whatever others send first, of whatever views and in whoever's place, a leader's proposal is passed on", () => {
    const { aggregating, sent, to } = setUp();
    const proposal = proposalOf(signature);
    const [near] = subnets.neighbours(2, OWN) as [number];
    const bogus = (view: number, seat: number): Proposal => ({
      ...proposal,
      view,
      parentView: view - 1,
      seat,
    });
    for (let peer = 0; peer < 200; peer++)
      for (const view of [2, 3]) {
        const message: Message = { type: "proposal", proposal: bogus(view, leader(view)) };
        aggregating.receive(`stranger ${peer}`, message);
      }
    for (let peer = 100; peer < 300; peer++) {
      aggregating.receive(peerOf(peer), { type: "proposal", proposal: bogus(900, leader(900)) });
      aggregating.receive(peerOf(peer), { type: "proposal", proposal: bogus(3, (leader(3) + 1) % VOTERS) });
    }
    for (let peer = 300; peer < 500; peer++) {
      const signed = new Uint8Array(96).fill(peer);
      const later = { ...bogus(3, 1), epoch: 1, signature: signed };
      aggregating.receive(peerOf(peer), { type: "proposal", proposal: later });
    }
    aggregating.receive(peerOf(near), { type: "proposal", proposal });
    aggregating.passOn(verified(proposal));
    assert.deepEqual(
      to().sort(),
      mesh(2).filter((peer) => peer !== peerOf(near)),
    );
    assert.ok(sent.every(({ message }) => message.type === "proposal"));
  });

  test("the own proposal spreads, and the vote in it goes to the aggregators", () => {
    const { aggregating, sent } = setUp();
    aggregating.broadcast({ type: "proposal", proposal: { ...proposalOf(signature), seat: OWN } });
    const by = (type: string): string[] =>
      sent.filter(({ message }) => message.type === type).map((each) => each.to);
    assert.deepEqual(by("proposal").sort(), mesh(2));
    const aggregators = subnets.duties(2).aggregators[subnets.of(OWN)]!.filter((seat) => seat !== OWN);
    assert.deepEqual(by("vote").sort(), aggregators.map(peerOf).sort());
  });
});
