import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hash } from "@aitbc-hybrid/protocol";
import { type ChainStore, type PastWatch, type RegistryStore, SettledWatch } from "../../src/chain/index.ts";
import { type Log, silentLog } from "../../src/log.ts";
import type { SettledCheckpoint } from "../../src/settlement/index.ts";
import { registryOf } from "../support/registry.ts";

const [A, B]: [Hash, Hash] = [`0x${"aa".repeat(32)}`, `0x${"bb".repeat(32)}`];
const DOMAIN: Hash = `0x${"d7".repeat(32)}`;
const registry = registryOf(["a", "b"]);

function setUp() {
  const state = { settled: null as SettledCheckpoint | null, own: 0, readable: true };
  const alarms: string[] = [];
  const looked: unknown[] = [];
  const log: Log = {
    ...silentLog,
    fatal: (...said: unknown[]) => {
      alarms.push(String(said[1]));
    },
  };
  const watch = new SettledWatch({
    chain: {
      at: async (height: number) =>
        height <= state.own ? { hash: A, block: { header: { domain: DOMAIN } } } : null,
    } as unknown as ChainStore,
    registries: {
      domain: async () => ({ epoch: 7, incarnation: 0, mode: "balanced", registryRoot: registry.root }),
      get: async () => registry,
    } as unknown as RegistryStore,
    settlement: {
      settled: () => state.settled,
      accepted: async (height, { epoch, domain, mode }) => {
        if (!state.readable) throw new Error("the settlement chain does not answer");
        assert.deepEqual([height, epoch, domain, mode], [20, 7, DOMAIN, "balanced"]);
        return { height } as never;
      },
    },
    past: { look: (from: unknown, past: unknown) => looked.push([from, past]) } as unknown as PastWatch,
    log,
  });
  return { state, watch, alarms, looked };
}

test("an accepted checkpoint of another chain raises an alarm and is looked into, once this chain is that high", async () => {
  const { state, watch, alarms, looked } = setUp();
  await watch.look();
  state.settled = { height: 20, blockHash: B };
  await watch.look();
  assert.equal(watch.conflict, null);
  state.own = 20;
  await watch.look();
  await watch.look();
  assert.equal(watch.conflict, 20);
  assert.equal(alarms.length, 1);
  assert.deepEqual(looked, [[null, { type: "checkpointCertificate", certificate: { height: 20 } }]]);
  // A recovery mended it.
  state.own = 30;
  state.settled = { height: 25, blockHash: A };
  await watch.look();
  assert.equal(watch.conflict, null);
});

test("the alarm stands where the transaction cannot be read", async () => {
  const { state, watch, alarms, looked } = setUp();
  [state.own, state.settled, state.readable] = [20, { height: 20, blockHash: B }, false];
  await watch.look();
  assert.equal(watch.conflict, 20);
  assert.deepEqual([alarms.length, looked.length], [1, 0]);
});
