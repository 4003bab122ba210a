import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Message } from "@aitbc-hybrid/protocol";
import fc from "fast-check";
import { EventQueue, Network } from "../../src/events/index.ts";
import { Random } from "../../src/random.ts";
import { distances, type LineOptions, WanLinks } from "../../src/wan/links.ts";
import { PRESETS, regionOf, roundTrip } from "../../src/wan/regions.ts";

interface Parcel {
  readonly bytes: number;
}

/** Two senders and a receiver, `way` ms apart, and when what arrived. */
function net(line: LineOptions, way: number) {
  const queue = new EventQueue(0);
  const random = new Random("links");
  const links = new WanLinks<Parcel>(line, {
    queue,
    random,
    distance: () => way,
    sizeOf: ({ bytes }) => bytes,
  });
  const network = new Network<Parcel>(
    { stabilization: 0, loss: 0, duplication: 0, delay: [0, 0], slowShare: 0, slowest: 0, syncDelay: 0 },
    { queue, random, links },
  );
  const arrivals: number[] = [];
  for (const peer of ["a", "b", "c"])
    network.attach({
      peer,
      up: true,
      boot: 0,
      receive: () => void arrivals.push(queue.now),
      connected: () => {},
    });
  const drain = (): readonly number[] => {
    while (queue.next());
    return arrivals;
  };
  return { network, drain };
}

/** 8 Mbit/s: a byte takes a microsecond. */
const line: LineOptions = { bandwidth: 8e6, loss: 0, jitter: 0 };

describe("a line", () => {
  test("sends one message after another: the i-th is there after i times its own time and the way", () => {
    const { network, drain } = net(line, 40);
    for (let i = 0; i < 4; i++) network.send("a", "c", { bytes: 5_000 });
    assert.deepEqual(drain(), [45, 50, 55, 60]);
  });

  test("sends to different nodes one after another as well", () => {
    const { network, drain } = net(line, 40);
    network.send("a", "b", { bytes: 5_000 });
    network.send("a", "c", { bytes: 5_000 });
    assert.deepEqual(drain(), [45, 50]);
  });

  test("makes what two senders send at once arrive one after the other", () => {
    const { network, drain } = net(line, 40);
    network.send("a", "c", { bytes: 5_000 });
    network.send("b", "c", { bytes: 5_000 });
    assert.deepEqual(drain(), [45, 50]);
  });

  test("does not let what is still far away hold up what is near", () => {
    const queue = new EventQueue(0);
    const links = new WanLinks<Parcel>(line, {
      queue,
      random: new Random("far"),
      distance: (from) => (from === "far" ? 200 : 10),
      sizeOf: ({ bytes }) => bytes,
    });
    const parcel = { bytes: 1_000 };
    assert.equal(links.transit("far", "c", parcel), 201);
    assert.equal(links.transit("near", "c", parcel), 11);
    assert.equal(links.admit("c", parcel), 0);
  });
});

test("a lost packet costs a round trip and 25 ms, one in p of them: on average close to p times that", () => {
  const links = new WanLinks<Parcel>(
    { bandwidth: Number.POSITIVE_INFINITY, loss: 0.01, jitter: 0 },
    {
      queue: new EventQueue(0),
      random: new Random("loss"),
      distance: () => 100,
      sizeOf: ({ bytes }) => bytes,
    },
  );
  const samples = Array.from({ length: 100_000 }, () => links.transit("a", "b", { bytes: 300 }) - 100);
  const mean = samples.reduce((sum, each) => sum + each) / samples.length;
  // Each further loss doubles the wait: 225 · p · (1 - p) / (1 - 2p) ≈ 2.30, standard error 0.07.
  assert.ok(Math.abs(mean - 2.3) < 0.3, `${mean}`);
  assert.deepEqual([...new Set(samples)].sort((a, b) => a - b).slice(0, 3), [0, 225, 675]);
});

test("jitter adds its share of the way on average", () => {
  const links = new WanLinks<Parcel>(
    { bandwidth: Number.POSITIVE_INFINITY, loss: 0, jitter: 0.05 },
    {
      queue: new EventQueue(0),
      random: new Random("jitter"),
      distance: () => 80,
      sizeOf: ({ bytes }) => bytes,
    },
  );
  let sum = 0;
  for (let i = 0; i < 50_000; i++) sum += links.transit("a", "b", { bytes: 1 }) - 80;
  assert.ok(Math.abs(sum / 50_000 - 4) < 0.1);
});

test("messages between the same two nodes never arrive before the way's delay, whatever their sizes", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 30 }), (sizes) => {
      const { network, drain } = net({ ...line, jitter: 0.1, loss: 0.05 }, 30);
      for (const bytes of sizes) network.send("a", "c", { bytes });
      const arrivals = drain();
      assert.equal(arrivals.length, sizes.length);
      assert.ok(arrivals.every((at) => at >= 30));
      const serialized = sizes.reduce((sum, bytes) => sum + bytes / 1_000, 0);
      assert.ok(Math.max(...arrivals) >= 30 + serialized - 1e-6);
    }),
  );
});

describe("the table of regions", () => {
  test("gives each preset's regions a way to each other, both ways within 15 % or 8 ms", () => {
    for (const regions of Object.values(PRESETS)) {
      for (const from of regions) {
        for (const to of regions) {
          const [there, back] = [roundTrip(from, to), roundTrip(to, from)];
          assert.ok(there > 0 && Math.abs(there - back) <= Math.max(8, 0.15 * there), `${from} ${to}`);
        }
      }
    }
  });

  test("has one-way distances of half the round trip", () => {
    const distance = distances(
      new Map([
        ["a", regionOf("global", 0)],
        ["b", regionOf("global", 2)],
      ]),
    );
    assert.equal(distance("a", "b"), 229 / 2);
  });
});

test("a network without such links is as it was", () => {
  const queue = new EventQueue(0);
  const network = new Network<Message>(
    { stabilization: 0, loss: 0, duplication: 0, delay: [5, 5], slowShare: 0, slowest: 0, syncDelay: 5 },
    { queue, random: new Random("plain") },
  );
  const arrivals: number[] = [];
  const endpoint = { up: true, boot: 0, receive: () => void arrivals.push(queue.now), connected: () => {} };
  network.attach({ peer: "a", ...endpoint });
  network.attach({ peer: "b", ...endpoint });
  network.send("a", "b", { type: "request", request: { what: "finalized", from: 1, count: 1 } });
  while (queue.next());
  assert.deepEqual(arrivals, [5]);
});
