import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type Certificate,
  type Checkpoint,
  checkpointRootOf,
  electorate,
  fromBitmap,
  hashBytes,
  rootOf,
  toBitmap,
  type VoteBody,
  ZERO_HASH,
} from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { AggregatingNet, DOMAIN } from "../support/aggregating.ts";

const SIZES = { voters: 8, aggregators: 3, collectors: 3 };
const VOTERS = 26;
const members = electorate(
  registryOf({ authorities: [10n, 10n], stakers: Array.from({ length: VOTERS - 2 }, () => 10n) }),
  "secure",
);
const seats = Array.from({ length: VOTERS }, (_, seat) => seat);
const hash = (n: number) => hashBytes(Uint8Array.of(n));
const notarize = (view: number, block = 1): VoteBody => ({
  kind: "notarize",
  view,
  parentView: view - 1,
  blockHash: hash(block),
});
const first = () => 0;
const made = (net: AggregatingNet): Certificate => net.certificates[0] as Certificate;

describe("votes of everybody", () => {
  test("become one certificate of everybody, before any time passes", () => {
    const net = new AggregatingNet(members, SIZES);
    for (const seat of seats) net.cast(seat, notarize(1));
    net.run(first);
    assert.ok(net.holds(made(net)));
    assert.deepEqual(fromBitmap(made(net).bitmap), seats);
    assert.deepEqual([net.now, net.banned.size], [0, 0]);
  });

  test("become one in whatever order messages arrive and whichever third aggregates nothing", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(seats, { minLength: 8, maxLength: 8 }),
        fc.infiniteStream(fc.nat(1_000_000)),
        fc.constantFrom(1, 5, 99),
        (silent, order, view) => {
          const net = new AggregatingNet(members, SIZES);
          for (const seat of silent) net.silent.add(seat);
          for (const seat of seats) net.cast(seat, notarize(view));
          net.run((count) => order.next().value % count);
          assert.ok(net.certificates.length > 0 && net.holds(made(net)), `after ${net.now}`);
          assert.equal(net.banned.size, 0);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test("a quorum is enough, after a wait for the rest", () => {
  const net = new AggregatingNet(members, SIZES);
  for (const seat of seats.slice(0, 18)) net.cast(seat, notarize(1));
  net.run(first);
  assert.ok(net.holds(made(net)));
  assert.ok(net.now >= 10 && net.now <= 60, `${net.now}`);
});

test("two thirds are none", () => {
  const net = new AggregatingNet(members, SIZES);
  for (const seat of seats.slice(0, 17)) net.cast(seat, notarize(1));
  net.run(first);
  assert.deepEqual(net.certificates, []);
});

test("a subnet whose aggregators are all silent is heard through the next views', after t_agg", () => {
  const net = new AggregatingNet(members, SIZES);
  for (const seat of net.subnets.duties(1).aggregators[0]!) net.silent.add(seat);
  // Everybody is needed: those who are silent vote.
  const needed = net.subnets.voters[0]!;
  const others = seats.filter((seat) => !needed.includes(seat)).slice(0, 18 - needed.length);
  for (const seat of [...needed, ...others]) net.cast(seat, notarize(1));
  net.run(first);
  assert.ok(net.holds(made(net)));
  assert.ok(net.now >= 100, `${net.now}`);
});

describe("what is forged", () => {
  test("never gets into a certificate, and costs only who sent it", () => {
    fc.assert(
      fc.property(
        // An authority remains: Secure cannot do without.
        fc.shuffledSubarray(seats.slice(1), { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat(1_000_000)),
        (forgers, order) => {
          const net = new AggregatingNet(members, SIZES);
          const root = rootOf(DOMAIN, notarize(1));
          const bad = new Uint8Array(96).fill(1);
          for (const seat of seats) if (!forgers.includes(seat)) net.cast(seat, notarize(1));
          for (const seat of forgers) {
            const vote = { ...net.vote(seat, notarize(1)), signature: bad };
            // A vote of its own to all its aggregators, an aggregate of its subnet to all collectors.
            const subnet = net.subnets.of(seat);
            for (const to of net.subnets.duties(1).aggregators[subnet]!)
              net.flying.push({ from: seat, to, message: { type: "vote", vote } });
            const bitmap = toBitmap(net.subnets.voters[subnet]!, VOTERS);
            const partial = { ...notarize(1), epoch: 0, domain: DOMAIN, bitmap, signature: bad };
            for (const to of net.subnets.duties(1).collectors)
              net.flying.push({ from: seat, to, message: { type: "partial", partial } });
          }
          net.run((count) => order.next().value % count);
          assert.ok(net.certificates.length > 0 && net.holds(made(net)));
          assert.ok(net.isValid(root, made(net).bitmap, made(net).signature));
          for (const seat of net.banned.keys()) assert.ok(forgers.includes(seat));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("is found among a subnet's votes: its sender is named, and later aggregates are free of it", () => {
    const net = new AggregatingNet(members, SIZES);
    const [to] = net.subnets.duties(1).aggregators[0]!;
    const [forger, ...others] = net.subnets.voters[0]!.filter((seat) => seat !== to);
    const node = net.nodes[to!]!;
    const told = (seat: number, signature?: Uint8Array) => {
      const vote = net.vote(seat, notarize(1));
      const message = { type: "vote" as const, vote: { ...vote, signature: signature ?? vote.signature } };
      net.act(to!, node.receive(net.now, seat, message));
    };
    told(forger!, new Uint8Array(96).fill(1));
    for (const seat of others.slice(0, 3)) told(seat);
    net.act(to!, node.tick(10));
    assert.deepEqual([...net.banned], [[forger, "forged vote"]]);
    net.banned.clear();
    net.flying.length = 0;
    told(others[3]!);
    net.act(to!, node.tick(30));
    const sent = net.flying.map(({ message }) => message);
    assert.ok(sent.length > 0);
    for (const message of sent)
      assert.ok(message.type === "partial" && fromBitmap(message.partial.bitmap).length === 4);
    assert.equal(net.banned.size, 0);
  });

  test("is found among the subnets' aggregates: its sender is named, and the certificate is made of the others", () => {
    const net = new AggregatingNet(members, SIZES);
    const { aggregators, collectors } = net.subnets.duties(1);
    const at = collectors[0]!;
    const node = net.nodes[at]!;
    for (const [subnet, voters] of net.subnets.voters.entries()) {
      const [one, other] = aggregators[subnet]!.filter((seat) => seat !== at);
      const whole = net.partial(notarize(1), voters);
      const forged = { ...whole, signature: new Uint8Array(96).fill(1) };
      if (subnet === 0) {
        net.act(at, node.receive(0, one!, { type: "partial", partial: forged }));
        const part = net.partial(notarize(1), voters.slice(1));
        net.act(at, node.receive(0, other!, { type: "partial", partial: part }));
      } else net.act(at, node.receive(0, one!, { type: "partial", partial: whole }));
    }
    net.act(at, node.tick(100));
    net.act(at, node.tick(200));
    const [forger] = aggregators[0]!.filter((seat) => seat !== at);
    assert.deepEqual([...net.banned], [[forger, "forged aggregate"]]);
    assert.ok(net.holds(made(net)));
    assert.deepEqual(
      seats.filter((seat) => !fromBitmap(made(net).bitmap).includes(seat)),
      net.subnets.voters[0]!.slice(0, 1),
    );
  });

  test("aggregates over two subnets, of nobody, or too short are refused", () => {
    const net = new AggregatingNet(members, SIZES);
    const [collector] = net.subnets.duties(1).collectors;
    const [sender] = net.subnets.duties(1).aggregators[0]!;
    const [one, two] = net.subnets.voters;
    for (const bitmap of [
      toBitmap([one![0]!, two![0]!], VOTERS),
      new Uint8Array(4),
      new Uint8Array(1).fill(1),
      Uint8Array.of(0, 0, 0, 128),
    ]) {
      net.banned.clear();
      const partial = { ...notarize(1), epoch: 0, domain: DOMAIN, bitmap, signature: new Uint8Array(96) };
      net.flying.push({ from: sender!, to: collector!, message: { type: "partial", partial } });
      net.deliver(0);
      assert.deepEqual([...net.banned], [[sender, "malformed aggregate"]]);
    }
  });

  test("a vote of a seat that does not vote costs its sender the connection", () => {
    const net = new AggregatingNet(members, SIZES);
    const vote = { ...net.vote(3, notarize(1)), seat: 900 };
    net.flying.push({ from: 3, to: 4, message: { type: "vote", vote } });
    net.deliver(0);
    assert.deepEqual([...net.banned], [[3, "vote of no voter"]]);
  });
});

describe("when no aggregator answers", () => {
  test("a vote is told to everybody after the next views' aggregators were asked, and not before", () => {
    const net = new AggregatingNet(members, SIZES);
    const node = net.nodes[0]!;
    net.cast(0, notarize(1));
    for (const now of [100, 200, 300]) {
      net.act(0, node.tick(now));
      assert.deepEqual(net.broadcasts, []);
    }
    net.act(0, node.tick(400));
    assert.deepEqual(net.broadcasts, [
      { from: 0, message: { type: "vote", vote: net.vote(0, notarize(1)) } },
    ]);
    assert.equal(node.due, null);
    net.act(0, node.tick(5_000));
    assert.equal(net.broadcasts.length, 1);
  });

  test("who repeats a vote goes on from where he was", () => {
    const net = new AggregatingNet(members, SIZES);
    for (let time = 0; time < 5; time++) net.cast(0, notarize(1));
    assert.equal(net.broadcasts.length, 1);
    net.flying.length = 0;
    net.cast(0, notarize(1));
    const { aggregators } = net.subnets.duties(1);
    assert.deepEqual(
      net.flying.map(({ to }) => to),
      aggregators[net.subnets.of(0)]!.filter((seat) => seat !== 0),
    );
  });
});

describe("a vote that is not for this node to aggregate goes to its replica", () => {
  const idle = (net: AggregatingNet, view: number, from: number): number =>
    seats.find((seat) =>
      [0, 1, 2, 3].every(
        (later) => !net.subnets.duties(view + later).aggregators[net.subnets.of(from)]!.includes(seat),
      ),
    )!;

  for (const [what, prepare] of [
    ["told to everybody", () => {}],
    ["of a view that is final", (net: AggregatingNet, at: number) => net.nodes[at]!.forget(9)],
    [
      "of what is certified",
      (net: AggregatingNet, at: number) => net.nodes[at]!.settled(net.partial(notarize(1), [0])),
    ],
  ] as const)
    test(what, () => {
      const net = new AggregatingNet(members, SIZES);
      const at =
        what === "told to everybody"
          ? idle(net, 1, 5)
          : net.subnets.duties(1).aggregators[net.subnets.of(5)]![0]!;
      prepare(net, at);
      const message = { type: "vote" as const, vote: net.vote(5, notarize(1)) };
      net.act(at, net.nodes[at]!.receive(0, 5, message));
      assert.deepEqual(net.delivered, [{ at, from: 5, message }]);
      assert.equal(net.nodes[at]!.due, null);
    });

  test("of another epoch", () => {
    const net = new AggregatingNet(members, SIZES);
    const vote = { ...net.vote(5, notarize(1)), domain: hash(9) };
    net.act(3, net.nodes[3]!.receive(0, 5, { type: "vote", vote }));
    assert.deepEqual(net.delivered, [{ at: 3, from: 5, message: { type: "vote", vote } }]);
  });
});

test("who sends another's vote pays for it", () => {
  const net = new AggregatingNet(members, SIZES);
  const vote = net.vote(5, notarize(1));
  net.act(4, net.nodes[4]!.receive(0, 6, { type: "vote", vote }));
  assert.deepEqual([...net.banned], [[6, "vote of another"]]);
  assert.deepEqual(net.delivered, []);
});

test("two votes of one key that contradict each other are handed over once", () => {
  const net = new AggregatingNet(members, SIZES);
  const [to] = net.subnets.duties(1).aggregators[net.subnets.of(5)]!;
  for (const block of [1, 2, 2]) {
    const vote = net.vote(5, notarize(1, block));
    net.flying.push({ from: 5, to: to!, message: { type: "vote", vote } });
    net.deliver(0);
  }
  assert.deepEqual(
    net.conflicts.map(({ first: a, second: b }) => [a.blockHash, b.blockHash]),
    [[hash(1), hash(2)]],
  );
});

test("NULLIFY is aggregated like the others", () => {
  const net = new AggregatingNet(members, SIZES);
  for (const seat of seats) net.cast(seat, { kind: "nullify", view: 3, parentView: 0, blockHash: ZERO_HASH });
  net.run(first);
  assert.equal(made(net).kind, "nullify");
  assert.ok(net.holds(made(net)));
});

test("checkpoints become backed ones, although their view is final", () => {
  const net = new AggregatingNet(members, SIZES);
  const checkpoint: Checkpoint = {
    height: 30,
    view: 30,
    stamp: 1,
    blockHash: hash(1),
    stateRoot: hash(2),
    blocksRoot: hash(3),
    previous: hash(4),
    boundary: null,
  };
  const root = checkpointRootOf(DOMAIN, checkpoint);
  for (const seat of seats) {
    net.nodes[seat]!.forget(32);
    const vote = { epoch: 0, domain: DOMAIN, checkpoint, seat, signature: net.sign(seat, root) };
    net.act(seat, net.nodes[seat]!.cast(0, { type: "checkpointVote", vote }));
  }
  net.run(first);
  const certificate = net.certificates[0]!;
  assert.ok("checkpoint" in certificate && certificate.checkpoint === checkpoint);
  assert.ok(net.isValid(root, certificate.bitmap, certificate.signature));
});

describe("what is over", () => {
  test("a settled vote is neither sent again nor taken in", () => {
    const net = new AggregatingNet(members, SIZES);
    const root = rootOf(DOMAIN, notarize(1));
    net.cast(0, notarize(1));
    assert.notEqual(net.nodes[0]!.due, null);
    assert.equal(net.nodes[0]!.isSettled(root), false);
    net.nodes[0]!.settled(net.partial(notarize(1), seats));
    assert.equal(net.nodes[0]!.isSettled(root), true);
    assert.equal(net.nodes[0]!.due, null);
    net.cast(0, notarize(1));
    assert.equal(net.nodes[0]!.due, null);
  });

  test("votes below the final view are forgotten and refused", () => {
    const net = new AggregatingNet(members, SIZES);
    net.cast(0, notarize(4));
    net.nodes[0]!.forget(9);
    assert.equal(net.nodes[0]!.due, null);
    const sent = net.flying.length;
    net.cast(0, notarize(8));
    assert.equal(net.flying.length, sent);
  });

  test("nobody makes a node keep many statements of a view, or of views far ahead", () => {
    const net = new AggregatingNet(members, SIZES);
    const node = net.nodes[0]!;
    const sender = 5;
    for (let block = 0; block < 100; block++) {
      const vote = net.vote(sender, notarize(1, block));
      net.act(0, node.receive(0, sender, { type: "vote", vote }));
    }
    const far = net.vote(sender, notarize(500));
    net.act(0, node.receive(0, sender, { type: "vote", vote: far }));
    let asked = 0;
    for (const effect of node.tick(1_000)) if (effect.type === "verify") asked++;
    assert.ok(asked <= 6, `${asked}`);
  });

  test("nobody keeps others' votes out by many statements of his own", () => {
    const net = new AggregatingNet(members, SIZES);
    const { aggregators, collectors } = net.subnets.duties(1);
    for (let block = 2; block < 60; block++) {
      for (const seat of seats.slice(18)) {
        const vote = net.vote(seat, notarize(1, block));
        for (const to of aggregators[net.subnets.of(seat)]!)
          net.act(to, net.nodes[to]!.receive(0, seat, { type: "vote", vote }));
      }
      for (const [subnet, [sender]] of aggregators.entries()) {
        const partial = net.partial(notarize(1, block), net.subnets.voters[subnet]!);
        for (const to of collectors)
          net.act(to, net.nodes[to]!.receive(0, sender!, { type: "partial", partial }));
      }
    }
    net.certificates.length = 0;
    net.flying.length = 0;
    for (const seat of seats.slice(0, 18)) net.cast(seat, notarize(1));
    net.run(first);
    assert.ok(net.holds(made(net)));
    assert.deepEqual(made(net).blockHash, hash(1));
  });

  test("aggregates of those who do not aggregate, or of next to nobody, are not looked at", () => {
    const net = new AggregatingNet(members, SIZES);
    const { aggregators, collectors } = net.subnets.duties(1);
    const to = collectors[0]!;
    const voters = net.subnets.voters[0]!;
    const stranger = seats.find((seat) =>
      [1, 2, 3, 4].every((view) => !net.subnets.duties(view).aggregators[0]!.includes(seat)),
    )!;
    const sent = (from: number, signers: readonly number[], body: VoteBody): void =>
      net.act(to, net.nodes[to]!.receive(0, from, { type: "partial", partial: net.partial(body, signers) }));
    // Whoever is in both would be convicted.
    sent(aggregators[0]![0]!, voters, notarize(1, 1));
    sent(stranger, voters, notarize(1, 2));
    sent(aggregators[0]![0]!, voters.slice(0, 1), notarize(1, 3));
    assert.deepEqual([net.evidence, net.banned.size], [[], 0]);
  });

  test("an aggregate of few of a subnet is not made, until more come", () => {
    const net = new AggregatingNet(members, { ...SIZES, voters: 26 });
    const [to] = net.subnets.duties(1).aggregators[0]!;
    const node = net.nodes[to!]!;
    const others = seats.filter((seat) => seat !== to);
    const votes = (seat: number) =>
      net.act(to!, node.receive(net.now, seat, { type: "vote", vote: net.vote(seat, notarize(1)) }));
    for (const seat of others.slice(0, 3)) votes(seat);
    net.act(to!, node.tick(10));
    assert.deepEqual([node.due, net.flying.length], [null, 0]);
    votes(others[3]!);
    net.act(to!, node.tick(20));
    assert.ok(net.flying.length > 0);
  });

  test("what belongs to another domain is not looked at", () => {
    const net = new AggregatingNet(members, SIZES);
    const vote = { ...net.vote(5, notarize(1)), domain: hash(9) };
    for (const seat of seats) net.act(seat, net.nodes[seat]!.receive(0, 5, { type: "vote", vote }));
    assert.ok(net.nodes.every((node) => node.due === null));
  });
});
