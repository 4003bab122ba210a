import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Collector } from "../../src/aggregation/collector.ts";
import { Contradictions } from "../../src/aggregation/contradictions.ts";
import { Gatherer } from "../../src/aggregation/gatherer.ts";
import { sharedOf } from "../../src/aggregation/shared.ts";
import {
  type AggregationEffect,
  type Checkpoint,
  type CheckpointVote,
  checkpointRootOf,
  type Evidence,
  electorate,
  hashBytes,
  type Seat,
  toBitmap,
  type VoteBody,
} from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { AggregatingNet, DOMAIN, TIMES } from "../support/aggregating.ts";

/* What one voter, or a third of them, can make an honest node keep, compute and believe. */

const SIZES = { voters: 8, aggregators: 3, collectors: 3 };
const VOTERS = 26;
const members = electorate(
  registryOf({ authorities: [10n, 10n], stakers: Array.from({ length: VOTERS - 2 }, () => 10n) }),
  "secure",
);
const seats = Array.from({ length: VOTERS }, (_, seat) => seat);
const hash = (n: number) => hashBytes(Uint8Array.of(n >> 8, n & 255));
const notarize = (view: number, block = 1): VoteBody => ({
  kind: "notarize",
  view,
  parentView: view - 1,
  blockHash: hash(block),
});
const checkpoint = (height: number, view: number, block = 1): Checkpoint => ({
  height,
  view,
  stamp: 1,
  blockHash: hash(block),
  stateRoot: hash(2),
  blocksRoot: hash(3),
  previous: hash(4),
  boundary: null,
});
const FORGED = new Uint8Array(96).fill(1);

const backing = (net: AggregatingNet, seat: Seat, of: Checkpoint): CheckpointVote => ({
  epoch: 0,
  domain: DOMAIN,
  checkpoint: of,
  seat,
  signature: net.sign(seat, checkpointRootOf(DOMAIN, of)),
});

const seatsOf = (evidence: Evidence): readonly Seat[] =>
  evidence.what === "votes" ? [evidence.seat] : evidence.seats;

describe("of one voter an aggregator takes in no more than honest voters send", () => {
  test("one checkpoint of a view, whatever heights it names", () => {
    const net = new AggregatingNet(members, SIZES);
    const from = 5;
    const at = net.subnets.duties(1).aggregators[net.subnets.of(from)]!.find((seat) => seat !== from)!;
    for (let height = 1; height <= 50; height++) {
      const vote = backing(net, from, checkpoint(height, 1));
      net.act(at, net.nodes[at]!.receive(0, from, { type: "checkpointVote", vote }));
    }
    // The others are for the replica, as whatever is not aggregated here.
    assert.equal(net.delivered.length, 49);
    assert.equal(net.banned.size, 0);
  });

  test("nothing is begun for what exceeds its share", () => {
    const net = new AggregatingNet(members, SIZES);
    const from = 5;
    const at = net.subnets.duties(1).aggregators[net.subnets.of(from)]!.find((seat) => seat !== from)!;
    const shared = sharedOf({
      subnets: net.subnets,
      electorate: members,
      epoch: 0,
      domain: DOMAIN,
      seat: at,
      termViews: 1,
      times: TIMES,
      leader: () => 0,
      voteWindow: 64,
    });
    const gatherer = new Gatherer(shared, new Collector(shared));
    const begun = Array.from({ length: 40 }, (_, block) => {
      const message = { type: "vote" as const, vote: net.vote(from, notarize(1, block)) };
      gatherer.receive(0, from, message);
      return shared.topics.known(message) !== null;
    });
    assert.deepEqual(begun, [...Array(6).fill(true), ...Array(34).fill(false)]);
    // Of too few to be added up: they wait for others, and cost nothing until these come.
    assert.equal(shared.topics.stirred().length, 6);
    for (const topic of shared.topics.stirred()) gatherer.tick(TIMES.gather, topic);
    assert.equal(shared.topics.due, null);
    assert.deepEqual(shared.topics.stirred(), []);
  });

  test("nobody has it draw who aggregates in views that are far", () => {
    const net = new AggregatingNet(members, SIZES);
    const drawn: number[] = [];
    const { subnets } = net;
    const duties = subnets.duties.bind(subnets);
    subnets.duties = (view) => {
      drawn.push(view);
      return duties(view);
    };
    net.nodes[4]!.forget(1_000);
    for (const view of [1, 700, 5_000, 2 ** 40]) {
      const vote = net.vote(5, notarize(view));
      const partial = net.partial(notarize(view), subnets.voters[0]!);
      net.act(4, net.nodes[4]!.receive(0, 5, { type: "vote", vote }));
      net.act(4, net.nodes[4]!.receive(0, 5, { type: "partial", partial }));
    }
    assert.deepEqual(drawn, []);
    assert.equal(net.banned.size, 0);
  });
});

describe("contradictions", () => {
  const ballot = (net: AggregatingNet, seat: Seat, of: Checkpoint, signature?: Uint8Array) => {
    const vote = backing(net, seat, of);
    return { type: "checkpointVote" as const, vote: { ...vote, signature: signature ?? vote.signature } };
  };

  test("of a signer two checkpoints of a view are kept, and what contradicts a kept one convicts it", () => {
    const net = new AggregatingNet(members, SIZES);
    const told = new Contradictions(1);
    const note = (height: number, view: number, block = 1): boolean =>
      told.note({ testimony: ballot(net, 5, checkpoint(height, view, block)), from: 5 });
    assert.deepEqual([note(1, 7), note(2, 7), note(3, 7), note(4, 7)], [true, true, false, false]);
    assert.equal(note(1, 8, 2), true);
    // They are forgotten with their views.
    told.forget(9, 9);
    assert.deepEqual([note(3, 7), note(4, 7), note(5, 7)], [true, true, false]);
  });

  test("aggregates of so many different statements are kept, and verified ones always", () => {
    const net = new AggregatingNet(members, SIZES);
    const told = new Contradictions(1);
    const note = (block: number, from: Seat | null): boolean => {
      const certificate = net.partial(notarize(1, block), [1]);
      return told.note({ testimony: { type: "certificate", certificate }, from });
    };
    const kept = Array.from({ length: 300 }, (_, block) => note(block, 5)).filter((each) => each).length;
    assert.equal(kept, 256);
    assert.equal(note(400, null), true);
  });

  test("who forges the first of two checkpoint votes is found out by the second and a third", () => {
    const net = new AggregatingNet(members, SIZES);
    const [at, from] = [4, 5];
    const told = (of: Checkpoint, signature?: Uint8Array) =>
      net.act(at, net.nodes[at]!.receive(0, from, ballot(net, from, of, signature)));
    told(checkpoint(9, 1, 1), FORGED);
    told(checkpoint(9, 1, 2));
    assert.deepEqual([...net.banned], [[from, "forged vote"]]);
    assert.deepEqual(net.evidence, []);
    told(checkpoint(9, 2, 3));
    assert.deepEqual(net.evidence.map(seatsOf), [[from]]);
  });

  test("what comes while as many as may be are under verification is looked at afterwards", () => {
    const net = new AggregatingNet(members, SIZES);
    const { aggregators, collectors } = net.subnets.duties(1);
    const at = collectors[0]!;
    const [one, other] = aggregators[0]!.filter((seat) => seat !== at) as [Seat, Seat];
    const voters = net.subnets.voters[0]!;
    const node = net.nodes[at]!;
    const effects: AggregationEffect[] = [];
    const send = (from: Seat, block: number, signers: readonly Seat[]): void => {
      const partial = net.partial(notarize(1, block), signers);
      effects.push(...node.receive(0, from, { type: "partial", partial }));
    };
    const asked = (): number => effects.filter(({ type }) => type === "verify").length;
    send(one, 0, voters);
    for (let block = 1; block <= 40; block++) send(other, block, voters.slice(0, 2));
    const most = asked();
    assert.ok(most > 0 && most < 40);
    send(other, 41, voters.slice(2, 4));
    assert.equal(asked(), most);
    // Only now the verifier answers.
    net.act(at, effects);
    const convicted = new Set(net.evidence.flatMap(seatsOf));
    assert.deepEqual([...convicted].sort(), voters.slice(0, 4).toSorted());
    assert.equal(net.banned.size, 0);
  });

  test("whoever signs many statements is convicted once in a term", () => {
    const net = new AggregatingNet(members, SIZES);
    const { aggregators, collectors } = net.subnets.duties(1);
    const at = collectors[0]!;
    const [from] = aggregators[0]!.filter((seat) => seat !== at) as [Seat];
    const voters = net.subnets.voters[0]!;
    for (let block = 0; block < 20; block++) {
      const partial = net.partial(notarize(1, block), voters.slice(0, 2));
      net.act(at, net.nodes[at]!.receive(0, from, { type: "partial", partial }));
    }
    assert.deepEqual(net.evidence.map(seatsOf), [voters.slice(0, 2)]);
  });
});

test("a third that forges, floods and contradicts itself has nobody else banned or convicted", () => {
  const kinds = fc.constantFrom("vote", "partial", "checkpointVote", "checkpointPartial");
  const lie = fc.record({
    kind: kinds,
    view: fc.constantFrom(1, 2, 3, 18, 400),
    block: fc.nat(4),
    height: fc.nat(5),
    true: fc.boolean(),
    own: fc.boolean(),
    to: fc.nat(VOTERS - 1),
  });
  fc.assert(
    fc.property(
      fc.shuffledSubarray(seats.slice(2), { minLength: 8, maxLength: 8 }),
      fc.array(fc.tuple(fc.nat(7), lie), { minLength: 40, maxLength: 120 }),
      fc.infiniteStream(fc.nat(1_000_000)),
      (liars, lies, order) => {
        const net = new AggregatingNet(members, SIZES);
        for (const seat of seats) if (!liars.includes(seat)) net.cast(seat, notarize(1));
        for (const [who, { kind, view, block, height, true: isTrue, own, to }] of lies) {
          const from = liars[who]!;
          const body = notarize(view, block);
          const of = checkpoint(height, view, block);
          // Of its own subnet's voters: with all of them it puts votes into honest voters' mouths, which it cannot sign.
          const subnet = net.subnets.voters[net.subnets.of(from)]!;
          const signers = own ? subnet.filter((seat) => liars.includes(seat)) : subnet;
          const signed = isTrue && own ? {} : { signature: FORGED };
          const bitmap = toBitmap(signers, VOTERS);
          if (kind === "vote")
            net.flying.push({
              from,
              to,
              message: { type: kind, vote: { ...net.vote(from, body), ...(isTrue ? {} : signed) } },
            });
          else if (kind === "checkpointVote")
            net.flying.push({
              from,
              to,
              message: { type: kind, vote: { ...backing(net, from, of), ...(isTrue ? {} : signed) } },
            });
          else if (kind === "partial")
            net.flying.push({
              from,
              to,
              message: { type: kind, partial: { ...net.partial(body, signers), bitmap, ...signed } },
            });
          else
            net.flying.push({
              from,
              to,
              message: { type: kind, partial: { ...net.backing(of, signers), bitmap, ...signed } },
            });
        }
        net.run((count) => order.next().value % count);
        assert.ok(net.certificates.some((each) => "blockHash" in each && net.holds(each)));
        for (const seat of net.banned.keys()) assert.ok(liars.includes(seat), `${seat} banned`);
        for (const evidence of net.evidence)
          for (const seat of seatsOf(evidence)) assert.ok(liars.includes(seat), `${seat} convicted`);
        for (const { first } of net.conflicts) assert.ok(liars.includes(first.seat));
      },
    ),
    { numRuns: 40 },
  );
});
