import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Message } from "@aitbc-hybrid/protocol";
import { Clock, Disk, EventQueue, Network } from "../../src/events/index.ts";
import { Random } from "../../src/random.ts";

const message = { type: "request", request: { what: "finalized", from: 1, count: 1 } } as const;

describe("queue", () => {
  it("runs events by time, equal times in the order in which they were scheduled", () => {
    const queue = new EventQueue(100);
    const random = new Random("queue");
    const ran: { at: number; order: number }[] = [];
    for (let order = 0; order < 500; order++) {
      const at = 100 + random.whole(0, 20);
      queue.at(at, () => ran.push({ at, order }));
    }
    while (queue.next());
    assert.equal(ran.length, 500);
    const sorted = [...ran].sort((a, b) => a.at - b.at || a.order - b.order);
    assert.deepEqual(ran, sorted);
  });

  it("never runs time backwards", () => {
    const queue = new EventQueue(100);
    let seen = 0;
    queue.at(150, () => queue.at(10, () => (seen = queue.now)));
    while (queue.next());
    assert.equal(seen, 150);
  });
});

describe("clock", () => {
  it("shows the time asked for at the instant it names, and not before", () => {
    for (const rate of [-1e-4, 0, 1e-4, 3e-3]) {
      const clock = new Clock({ origin: 1000, offset: -37, rate });
      for (const shown of [1000, 1234, 987_654]) {
        const instant = clock.instant(shown);
        assert.ok(clock.read(instant) >= shown);
        assert.ok(clock.read(instant - 1.1) < shown);
      }
    }
  });
});

describe("disk", () => {
  const setUp = () => {
    const queue = new EventQueue(0);
    const acknowledged: number[] = [];
    const disk = new Disk<number>(
      { latency: () => 10, acknowledged: (count) => acknowledged.push(count) },
      { queue },
    );
    return { queue, acknowledged, disk };
  };

  it("acknowledges in groups: what comes during a flush waits for the next", () => {
    const { queue, acknowledged, disk } = setUp();
    disk.append(1);
    disk.append(2);
    disk.commit();
    queue.at(5, () => {
      disk.append(3);
      disk.commit();
    });
    while (queue.next());
    assert.deepEqual(acknowledged, [2, 3]);
    assert.deepEqual(disk.read(), [1, 2, 3]);
  });

  it("keeps every acknowledged record in a crash, and of the others a prefix", () => {
    const random = new Random("disk");
    const kept = new Set<number>();
    for (let run = 0; run < 200; run++) {
      const { queue, disk } = setUp();
      disk.append(0);
      disk.commit();
      while (queue.next());
      for (let i = 1; i <= 4; i++) disk.append(i);
      disk.commit();
      disk.crash(random);
      while (queue.next());
      const records = disk.read();
      assert.deepEqual(records, [0, 1, 2, 3, 4].slice(0, records.length));
      assert.ok(records.length >= 1);
      kept.add(records.length);
    }
    assert.deepEqual([...kept].sort(), [1, 2, 3, 4, 5]);
  });
});

describe("network", () => {
  const setUp = (loss: number, duplication = 0) => {
    const queue = new EventQueue(0);
    const network = new Network(
      {
        stabilization: 1000,
        loss,
        duplication,
        delay: [1, 5],
        slowShare: 0.2,
        slowest: 300,
        syncDelay: 7,
      },
      { queue, random: new Random("network") },
    );
    const got: { at: number; to: string; message: Message }[] = [];
    const endpoints = ["a", "b", "c"].map((peer) => ({
      peer,
      up: true,
      boot: 0,
      receive: (_from: string, each: Message) => got.push({ at: queue.now, to: peer, message: each }),
      connected: () => {},
    }));
    for (const endpoint of endpoints) network.attach(endpoint);
    return { queue, network, got, endpoints };
  };

  it("loses for good before stabilization only, and keeps to its bound afterwards", () => {
    const { queue, network, got } = setUp(0.4);
    for (let i = 0; i < 1000; i++) network.send("a", "b", message);
    while (queue.next());
    assert.ok(got.length > 500 && got.length < 700, `${got.length} of 1000 arrived`);
    assert.ok(got.some((each) => each.at > 100));
    got.length = 0;
    queue.at(1000, () => {
      for (let i = 0; i < 100; i++) network.send("a", "b", message);
    });
    while (queue.next());
    assert.equal(got.length, 100);
    assert.ok(got.every((each) => each.at <= 1007));
  });

  it("delivers twice when it duplicates", () => {
    const { queue, network, got } = setUp(0, 1);
    network.send("a", "b", message);
    while (queue.next());
    assert.equal(got.length, 2);
  });

  it("cuts partitions and joins them again", () => {
    const { queue, network, got } = setUp(0);
    network.partition([["a", "b"], ["c"]]);
    network.send("a", "b", message);
    network.send("a", "c", message);
    while (queue.next());
    assert.deepEqual(
      got.map((each) => each.to),
      ["b"],
    );
    network.heal(false);
    network.send("a", "c", message);
    while (queue.next());
    assert.deepEqual(
      got.map((each) => each.to),
      ["b", "c"],
    );
  });

  it("loses what was on its way to a process that died", () => {
    const { queue, network, got, endpoints } = setUp(0);
    network.send("a", "b", message);
    endpoints[1]!.boot++;
    while (queue.next());
    assert.deepEqual(got, []);
  });
});
