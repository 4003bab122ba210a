import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Certificate,
  type Evidence,
  electorate,
  hashBytes,
  type Seat,
  type VoteBody,
  ZERO_HASH,
} from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { AggregatingNet } from "../support/aggregating.ts";

const SIZES = { voters: 8, aggregators: 3, collectors: 3 };
const VOTERS = 26;
const members = electorate(
  registryOf({ authorities: [10n, 10n], stakers: Array.from({ length: VOTERS - 2 }, () => 10n) }),
  "secure",
);
const hash = (n: number) => hashBytes(Uint8Array.of(n));
const notarize = (block: number): VoteBody => ({
  kind: "notarize",
  view: 1,
  parentView: 0,
  blockHash: hash(block),
});
const finalize = (block: number): VoteBody => ({ ...notarize(block), kind: "finalize" });
const nullify: VoteBody = { kind: "nullify", view: 1, parentView: 0, blockHash: ZERO_HASH };

/** A collector of view 1 with an aggregator of a subnet that is not the collector itself. */
function setUp(): { net: AggregatingNet; at: Seat; sender: Seat; other: Seat; voters: readonly Seat[] } {
  const net = new AggregatingNet(members, SIZES);
  const { aggregators, collectors } = net.subnets.duties(1);
  const at = collectors[0]!;
  const [sender, other] = aggregators[0]!.filter((seat) => seat !== at) as [Seat, Seat];
  return { net, at, sender, other, voters: net.subnets.voters[0]!.filter((seat) => seat !== at) };
}

const send = (net: AggregatingNet, at: Seat, from: Seat, partial: Certificate): void =>
  net.act(at, net.nodes[at]!.receive(0, from, { type: "partial", partial }));

const seatsOf = (evidence: Evidence | undefined): readonly Seat[] =>
  evidence === undefined || evidence.what === "votes" ? [] : evidence.seats;

describe("aggregates that contradict each other convict who is in both", () => {
  for (const [what, first, second] of [
    ["NOTARIZE of two blocks", notarize(1), notarize(2)],
    ["NOTARIZE and FINALIZE", notarize(1), finalize(2)],
    ["NULLIFY and FINALIZE", nullify, finalize(1)],
  ] as const)
    test(what, () => {
      const { net, at, sender, other, voters } = setUp();
      send(net, at, sender, net.partial(first, voters.slice(0, 4)));
      assert.equal(net.evidence.length, 0);
      send(net, at, other, net.partial(second, voters.slice(2, 6)));
      assert.equal(net.evidence.length, 1);
      const [evidence] = net.evidence;
      assert.equal(evidence?.what, "certificates");
      assert.deepEqual(seatsOf(evidence), voters.slice(2, 4));
      assert.deepEqual(net.banned.size, 0);
    });

  test("each of them once, whoever sends what again", () => {
    const { net, at, sender, other, voters } = setUp();
    send(net, at, sender, net.partial(notarize(1), voters.slice(0, 4)));
    send(net, at, other, net.partial(notarize(2), voters.slice(2, 4)));
    send(net, at, other, net.partial(notarize(2), voters.slice(2, 6)));
    send(net, at, sender, net.partial(notarize(2), voters.slice(1, 6)));
    assert.deepEqual(net.evidence.map(seatsOf), [voters.slice(2, 4), voters.slice(1, 2)]);
  });

  test("an aggregate and a certificate", () => {
    const { net, at, sender, voters } = setUp();
    net.act(at, net.nodes[at]!.settled(net.partial(notarize(1), voters.slice(0, 4))));
    send(net, at, sender, net.partial(notarize(2), voters.slice(3, 5)));
    assert.deepEqual(net.evidence.map(seatsOf), [voters.slice(3, 4)]);
  });

  test("an aggregate and a single vote", () => {
    const { net, at, sender, voters } = setUp();
    const seat = voters[0]!;
    net.act(at, net.nodes[at]!.receive(0, seat, { type: "vote", vote: net.vote(seat, notarize(2)) }));
    send(net, at, sender, net.partial(notarize(1), voters.slice(0, 4)));
    const [evidence] = net.evidence;
    assert.ok(evidence?.what === "member" && evidence.first.type === "vote");
    assert.deepEqual(evidence.seats, [seat]);
  });

  test("two checkpoints of one height", () => {
    const { net, at, sender, other, voters } = setUp();
    const checkpoint = (block: number) => ({
      height: 1,
      view: 1,
      stamp: 1,
      blockHash: hash(block),
      stateRoot: hash(2),
      blocksRoot: hash(3),
      previous: hash(4),
      boundary: null,
    });
    for (const [from, block] of [
      [sender, 1],
      [other, 2],
    ] as const) {
      const partial = net.backing(checkpoint(block), voters.slice(0, 2));
      net.act(at, net.nodes[at]!.receive(0, from, { type: "checkpointPartial", partial }));
    }
    assert.deepEqual(
      net.evidence.map(({ what }) => what),
      ["checkpoints"],
    );
    assert.deepEqual(seatsOf(net.evidence[0]), voters.slice(0, 2));
  });
});

describe("what contradicts nothing, or is forged, convicts nobody", () => {
  test("NOTARIZE and FINALIZE of one block, NOTARIZE and NULLIFY", () => {
    const { net, at, sender, voters } = setUp();
    for (const body of [notarize(1), finalize(1)]) send(net, at, sender, net.partial(body, voters));
    const { net: again } = setUp();
    for (const body of [notarize(1), nullify]) send(again, at, sender, again.partial(body, voters));
    assert.deepEqual([net.evidence, again.evidence], [[], []]);
  });

  test("aggregates of different seats", () => {
    const { net, at, sender, voters } = setUp();
    send(net, at, sender, net.partial(notarize(1), voters.slice(0, 3)));
    send(net, at, sender, net.partial(notarize(2), voters.slice(3, 6)));
    assert.deepEqual(net.evidence, []);
  });

  test("a forged aggregate costs its sender the connection, and hides nothing", () => {
    const { net, at, sender, other, voters } = setUp();
    const forged = { ...net.partial(notarize(2), voters), signature: new Uint8Array(96) };
    send(net, at, sender, net.partial(notarize(1), voters.slice(0, 4)));
    send(net, at, other, forged);
    assert.deepEqual(net.evidence, []);
    assert.deepEqual([...net.banned], [[other, "forged aggregate"]]);
    send(net, at, sender, net.partial(notarize(2), voters.slice(0, 2)));
    assert.deepEqual(net.evidence.map(seatsOf), [voters.slice(0, 2)]);
  });

  test("a forged vote of one's own hides nothing", () => {
    const { net, at, sender, other, voters } = setUp();
    const seat = voters[0]!;
    const vote = { ...net.vote(seat, notarize(2)), signature: new Uint8Array(96) };
    net.act(at, net.nodes[at]!.receive(0, seat, { type: "vote", vote }));
    send(net, at, sender, net.partial(notarize(1), voters.slice(0, 4)));
    assert.deepEqual([...net.banned], [[seat, "forged vote"]]);
    send(net, at, other, net.partial(notarize(2), voters.slice(0, 2)));
    assert.deepEqual(net.evidence.map(seatsOf), [voters.slice(0, 2)]);
  });

  test("views that are final are not looked at any more", () => {
    const { net, at, sender, other, voters } = setUp();
    send(net, at, sender, net.partial(notarize(1), voters));
    net.nodes[at]!.forget(2);
    send(net, at, other, net.partial(notarize(2), voters));
    assert.deepEqual(net.evidence, []);
  });
});
