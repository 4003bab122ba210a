import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Certificate,
  electorate,
  hashBytes,
  type LateVote,
  type Seat,
  type VoteBody,
} from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { AggregatingNet, DOMAIN } from "../support/aggregating.ts";

const VOTERS = 26;
const members = electorate(
  registryOf({ authorities: [10n, 10n], stakers: Array.from({ length: VOTERS - 2 }, () => 10n) }),
  "secure",
);
const seats = Array.from({ length: VOTERS }, (_, seat) => seat);
const OWN = 20;
const others = seats.filter((seat) => seat !== OWN);
const body = (view: number): VoteBody => ({
  kind: "notarize",
  view,
  parentView: view - 1,
  blockHash: hashBytes(Uint8Array.of(view)),
});

/** A voter who is told of final blocks; the leader of term t is seat t mod 26. */
function setUp() {
  const net = new AggregatingNet(members, { voters: 8, aggregators: 3, collectors: 3 });
  const node = net.nodes[OWN]!;
  return {
    net,
    vote: (view: number) => net.cast(OWN, body(view)),
    /** Whom it sends something when a block of this view, with this in it, is final. */
    final: (
      view: number,
      certificates: readonly Certificate[],
      lateVotes: readonly LateVote[] = [],
    ): Seat[] => {
      net.flying.length = 0;
      const header = { domain: DOMAIN, view };
      net.act(OWN, node.final({ header, body: { certificates, lateVotes } }));
      return net.flying.map(({ to }) => to);
    },
  };
}

describe("a vote that what is carried lacks", () => {
  test("goes to the leaders of the next terms, to their replicas", () => {
    const { net, vote, final } = setUp();
    vote(1);
    assert.deepEqual(final(2, [net.partial(body(1), others)]), [3, 4, 5]);
    const message = { type: "vote" as const, vote: net.vote(OWN, body(1)) };
    net.nodes[3]!.settled(net.partial(body(1), others));
    net.deliver(0);
    assert.deepEqual(net.delivered, [{ at: 3, from: OWN, message }]);
  });

  test("is not sent if the certificate has it, or the block carries it beside", () => {
    const { net, vote, final } = setUp();
    vote(1);
    assert.deepEqual(final(2, [net.partial(body(1), seats)]), []);
    vote(2);
    assert.deepEqual(final(3, [net.partial(body(2), others)], [net.vote(OWN, body(2))]), []);
    assert.deepEqual(final(20, []), []);
  });

  test("is sent again until a block carries it, or none may any more", () => {
    const { net, vote, final } = setUp();
    vote(1);
    final(2, [net.partial(body(1), others)]);
    for (let view = 3; view < 10; view++) assert.deepEqual(final(view, []), []);
    assert.deepEqual(final(10, []), [11, 12, 13]);
    assert.deepEqual(final(18, []), [19, 21]);
    final(19, [], [net.vote(OWN, body(1))]);
    for (let view = 20; view < 64; view++) assert.deepEqual(final(view, []), []);
  });

  test("is not sent any more when the window is over", () => {
    const { net, vote, final } = setUp();
    vote(1);
    final(2, [net.partial(body(1), others)]);
    assert.deepEqual(final(65, []), []);
  });

  test("is sent when it is signed later", () => {
    const { net, vote, final } = setUp();
    assert.deepEqual(final(2, [net.partial(body(1), others)]), []);
    net.nodes[OWN]!.settled(net.partial(body(1), others));
    vote(1);
    assert.deepEqual(
      net.flying.map(({ to }) => to),
      [3, 4, 5],
    );
  });

  test("of another block of that view is of no use", () => {
    const { net, vote, final } = setUp();
    vote(1);
    const other = { ...body(1), blockHash: hashBytes(Uint8Array.of(99)) };
    assert.deepEqual(final(2, [net.partial(other, others)]), []);
  });
});
