import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Peer } from "@aitbc-hybrid/protocol";
import { silentLog } from "../../src/log.ts";
import {
  type Channel,
  createNetwork,
  type Network,
  type PeerEntry,
  peerIdOf,
} from "../../src/network/index.ts";
import { freePorts } from "../support/ports.ts";

const metrics = { peers() {}, sent() {}, received() {}, dropped() {}, banned() {} };
const running: Network[] = [];
after(async () => {
  for (const network of running) await network.close();
});

type Event =
  | { kind: "connected" | "disconnected"; peer: Peer }
  | { kind: "frame"; peer: Peer; channel: Channel; text: string };

class Recorder {
  readonly events: Event[] = [];
  #waiting: { match: (event: Event) => boolean; done: () => void }[] = [];

  #add(event: Event): void {
    this.events.push(event);
    this.#waiting = this.#waiting.filter((each) => {
      if (!each.match(event)) return true;
      each.done();
      return false;
    });
  }

  connected(peer: Peer): void {
    this.#add({ kind: "connected", peer });
  }
  disconnected(peer: Peer): void {
    this.#add({ kind: "disconnected", peer });
  }
  frame(peer: Peer, channel: Channel, frame: Uint8Array): void {
    this.#add({ kind: "frame", peer, channel, text: Buffer.from(frame).toString() });
  }
  next(match: (event: Event) => boolean): Promise<void> {
    return new Promise((done) => this.#waiting.push({ match, done }));
  }
}

const seedOf = (index: number): Uint8Array => new Uint8Array(32).fill(index + 1);

async function network(seed: number, listen: number, peers: PeerEntry[], followers = 0): Promise<Network> {
  const made = await createNetwork(
    {
      seed: seedOf(seed),
      listen: [`/ip4/127.0.0.1/tcp/${listen}`],
      peers,
      followers,
      maxFrameBytes: 1 << 20,
      maxQueueBytes: 4 << 20,
      banMs: 60_000,
      backoffMs: { first: 20, last: 200 },
    },
    { log: silentLog, metrics },
  );
  running.push(made);
  return made;
}

async function entries(ports: readonly number[]): Promise<PeerEntry[]> {
  const peers: PeerEntry[] = [];
  for (const [index, port] of ports.entries()) {
    peers.push({
      peerId: await peerIdOf(seedOf(index)),
      addresses: [`/ip4/127.0.0.1/tcp/${port}`],
      validatorId: index + 1,
    });
  }
  return peers;
}

test("peers find each other, frames arrive in order on their channel, a restarted peer is found again", async () => {
  const ports = await freePorts(2);
  const peers = await entries(ports);
  const [left, right] = [new Recorder(), new Recorder()];
  const a = await network(0, ports[0]!, peers);
  const b = await network(1, ports[1]!, peers);
  const both = Promise.all([
    left.next((event) => event.kind === "connected" && event.peer === b.self),
    right.next((event) => event.kind === "connected" && event.peer === a.self),
  ]);
  await a.start(left);
  await b.start(right);
  await both;
  assert.equal(a.validatorOf(b.self), 2);
  assert.equal(a.peerOf(2), b.self);

  const last = right.next((event) => event.kind === "frame" && event.text === "last");
  for (let i = 0; i < 200; i++) assert.ok(a.send(b.self, "consensus", Buffer.from(`vote ${i}`)));
  assert.ok(a.send(b.self, "data", new Uint8Array(900_000).fill(65)));
  a.broadcast("consensus", Buffer.from("last"));
  await last;
  const votes = right.events.filter((event) => event.kind === "frame" && event.text.startsWith("vote"));
  assert.deepEqual(
    votes.map((event) => (event.kind === "frame" ? event.text : "")),
    Array.from({ length: 200 }, (_, i) => `vote ${i}`),
  );
  assert.ok(votes.every((event) => event.kind === "frame" && event.channel === "consensus"));

  const gone = left.next((event) => event.kind === "disconnected");
  await b.close();
  await gone;
  assert.equal(a.send(b.self, "consensus", Buffer.from("nobody")), false);

  const back = left.next((event) => event.kind === "connected");
  const again = await network(1, ports[1]!, peers);
  const third = new Recorder();
  const first = third.next((event) => event.kind === "frame" && event.text === "welcome back");
  await again.start(third);
  await back;
  a.broadcast("consensus", Buffer.from("welcome back"));
  await first;
});

test("a stranger is admitted as a follower while there is room; a banned peer makes room and stays away", async () => {
  const ports = await freePorts(3);
  const peers = await entries(ports.slice(0, 1));
  const recorder = new Recorder();
  const host = await network(0, ports[0]!, peers, 1);
  await host.start(recorder);
  const [first, second] = [new Recorder(), new Recorder()];
  const admitted = Promise.all(
    [recorder, first].map((each) => each.next((event) => event.kind === "connected")),
  );
  const follower = await network(1, ports[1]!, peers);
  await follower.start(first);
  await admitted;
  assert.equal(host.validatorOf(follower.self), null);

  const stranger = await network(2, ports[2]!, peers);
  const dropped = first.next((event) => event.kind === "disconnected");
  host.ban(follower.self, "bad vote");
  await dropped;
  const welcomed = second.next((event) => event.kind === "connected");
  await stranger.start(second);
  await welcomed;
  assert.deepEqual(host.connected(), [stranger.self]);
});

test("a port in use gives a sentence with the remedy", async () => {
  const ports = await freePorts(1);
  const peers = await entries(ports);
  const a = await network(0, ports[0]!, peers);
  await a.start(new Recorder());
  const b = await network(1, ports[0]!, peers);
  await assert.rejects(b.start(new Recorder()), (error: Error & { code?: string }) => {
    assert.equal(error.code, "PORT_IN_USE");
    assert.match(error.message, /network\.listen/);
    return true;
  });
});
