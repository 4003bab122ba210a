import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { SyncMessage, SyncServer } from "../../src/sync/index.ts";
import { decodeSync, encodeSync } from "../../src/sync/messages.ts";
import { CHUNK, StateWorld } from "../support/state.ts";

let world: StateWorld;
before(async () => {
  world = await StateWorld.make(5 * CHUNK);
});

/** A server whose waits end when a test says so. */
function setUp(limits: { answersPerSecond: number; answersBurst: number }) {
  const answers: { to: string; message: SyncMessage }[] = [];
  const waits: { ms: number; end: () => void }[] = [];
  const counted: string[] = [];
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const server = world.server(
    {
      send: (to, frame) => {
        answers.push({ to, message: decodeSync(frame) });
        changed();
        return true;
      },
      ban: () => assert.fail("an honest question was taken for a bad one"),
    },
    world.start,
    limits,
    {
      wait: (ms, signal) =>
        new Promise((resolve) => {
          waits.push({ ms, end: resolve });
          signal.addEventListener("abort", () => resolve());
          changed();
        }),
      metrics: { answered: (what) => counted.push(what), limited: (outcome) => counted.push(outcome) },
    },
  );
  const ask = (from: string, index: number): void =>
    server.receive(from, encodeSync({ type: "askChunk", epoch: 1, index }));
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
    });
  return { server, answers, waits, counted, ask, until };
}

const indexOf = ({ message }: { message: SyncMessage }): number | null =>
  message.type === "chunk" ? message.index : null;

test("a peer gets its burst at once; what it asks beyond waits, others do not", async () => {
  const { answers, waits, counted, ask, until } = setUp({ answersPerSecond: 10, answersBurst: 2 });
  for (const index of [0, 1, 2, 3]) ask("a", index);
  await until(() => answers.length === 2 && waits.length === 2);
  assert.deepEqual(
    waits.map(({ ms }) => ms),
    [100, 200],
  );
  ask("b", 4);
  await until(() => answers.length === 3);
  assert.deepEqual(indexOf(answers[2]!), 4);
  for (const { end } of waits) end();
  await until(() => answers.length === 5);
  assert.deepEqual(new Set(answers.filter(({ to }) => to === "a").map(indexOf)), new Set([0, 1, 2, 3]));
  assert.deepEqual(counted.sort(), ["chunk", "chunk", "chunk", "chunk", "chunk", "delayed", "delayed"]);
});

test("a peer that asks without waiting for answers is not answered more than four times at once", async () => {
  const { answers, counted, ask, until } = setUp({ answersPerSecond: 0, answersBurst: 1 });
  for (const index of [0, 1, 2, 3, 4]) ask("a", index);
  await until(() => answers.length === 4);
  assert.deepEqual(
    counted.filter((what) => what !== "chunk"),
    ["dropped"],
  );
});

test("what waits when the node ends is not answered", async () => {
  const { server, answers, waits, ask, until } = setUp({ answersPerSecond: 1, answersBurst: 1 });
  ask("a", 0);
  ask("a", 1);
  await until(() => answers.length === 1 && waits.length === 1);
  server.close();
  for (const { end } of waits) end();
  ask("b", 2);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(answers.length, 1);
});

/** What a server offers of epoch 1. */
async function offered(server: SyncServer, answers: readonly SyncMessage[]): Promise<boolean> {
  const before = answers.length;
  server.receive("a", encodeSync({ type: "askOffer", epoch: 1 }));
  while (answers.length === before) await new Promise((resolve) => setImmediate(resolve));
  const answer = answers[before]!;
  return answer.type === "offer" && answer.offer !== null;
}

test("nothing is offered before it is final here, nor what a recovery gave up", async () => {
  const answers: SyncMessage[] = [];
  const links = {
    send: (_: string, frame: Uint8Array) => answers.push(decodeSync(frame)) > 0,
    ban: () => assert.fail("an honest question was taken for a bad one"),
  };
  let final = world.start.parent.height - 1;
  const server = world.server(links, world.start, {}, { finalHeight: () => final });
  assert.equal(await offered(server, answers), false);
  final++;
  assert.equal(await offered(server, answers), true);
  // The epoch begins once more, from a block that no checkpoint ends.
  server.begun({ ...world.start, incarnation: 1, boundary: null });
  assert.equal(await offered(server, answers), false);
});
