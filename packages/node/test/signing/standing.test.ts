import assert from "node:assert/strict";
import { test } from "node:test";
import { type Log, silentLog } from "../../src/log.ts";
import type { Standing } from "../../src/settlement/index.ts";
import { type Silence, StandingWatch } from "../../src/signing/index.ts";

const key = new Uint8Array(48);

/** A settlement chain whose next blocks show these standings; an error where there is none. */
function watch(...standings: (Standing | null)[]) {
  const changes: (Silence | null)[] = [];
  const alarms: string[] = [];
  let onFinal: () => void = () => {};
  const log: Log = {
    ...silentLog,
    fatal: (...said: unknown[]) => {
      alarms.push(String(said[1]));
    },
  };
  const stop = new StandingWatch(key, {
    settlement: {
      standing: async () => {
        const next = standings.shift();
        if (next == null) throw new Error("the settlement chain does not answer");
        return next;
      },
      onFinal: (listener) => {
        onFinal = () => listener({ number: 1, hash: `0x${"00".repeat(32)}`, stamp: 0 });
        return () => {
          onFinal = () => {};
        };
      },
    },
    log,
    onChange: (silence) => changes.push(silence),
  }).start();
  return {
    changes,
    alarms,
    stop,
    async block(): Promise<void> {
      onFinal();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test("a slashed validator is silenced at once, with an alarm, and for good", async () => {
  const { changes, alarms, block } = watch("active", "slashed", "slashed", "active");
  await block();
  assert.equal(changes.length, 0);
  await block();
  assert.equal(changes.length, 1);
  assert.equal(changes[0]?.restarts, false);
  assert.match(alarms[0]!, /slashed this validator/);
  await block();
  await block();
  assert.equal(changes.length, 1);
});

test("a jailed one signs RESTART alone until it is released", async () => {
  const { changes, alarms, block } = watch("jailed", "jailed", "active");
  await block();
  assert.equal(changes[0]?.restarts, true);
  assert.match(alarms[0]!, /jailed this validator/);
  await block();
  assert.equal(changes.length, 1);
  await block();
  assert.deepEqual(changes.slice(1), [null]);
});

test("a settlement chain that does not answer changes nothing; the next block asks again", async () => {
  const { changes, block, stop } = watch(null, "slashed");
  await block();
  assert.deepEqual(changes, []);
  await block();
  assert.equal(changes.length, 1);
  stop();
  await block();
});
