import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { toBitmap } from "@aitbc-hybrid/protocol";
import { invalidEntriesLater } from "../../src/batch.ts";
import { certificateCheck, decideLater, pureBls } from "../../src/index.ts";
import { nativeBls, VerificationPool } from "../../src/native/index.ts";
import { type BlsFixture, fixture, hex, root, secret } from "../support/fixtures.ts";

const known = fixture<BlsFixture>("bls");
const keys = [1, 2, 3, 4].map((n) => nativeBls.publicKey(secret(n)));
const entry = (n: number, byte = 7) => ({
  key: keys[n - 1]!,
  signature: nativeBls.sign(secret(n), root(byte)),
});

describe("verification pool", () => {
  let pool: VerificationPool;
  before(() => {
    pool = new VerificationPool({ workers: 2, queueLimit: 1000 });
  });
  after(() => pool.close());

  it("answers as the known answers do", async () => {
    for (const { name, key, message, signature, valid } of known.verify) {
      assert.equal(await pool.verify(hex(key), hex(message), hex(signature)), valid, name);
    }
    for (const { name, keys: list, message, signature, valid } of known.aggregateVerify) {
      const table = nativeBls.keyTable(list.map(hex));
      const answer = pool.aggregateVerify(table, [...list.keys()], hex(message), hex(signature));
      assert.equal(await answer, valid, name);
    }
  });

  it("refuses what cannot be parsed", async () => {
    const { key, signature } = entry(1);
    for (const { bytes } of known.badSignatures) {
      assert.equal(await pool.verify(key, root(7), hex(bytes)), false);
    }
    for (const { bytes } of known.badKeys) {
      assert.equal(await pool.verify(hex(bytes), root(7), signature), false);
    }
    assert.equal(await pool.aggregateVerify(nativeBls.keyTable([key]), [], root(7), signature), false);
    assert.equal(await pool.verifyMany(root(7), []), false);
    await assert.rejects(pool.verify(key, new Uint8Array(31), signature), { code: "MESSAGE_LENGTH" });
  });

  it("refuses keys that cancel out", async () => {
    const negated = keys[0]!.map((byte, index) => (index === 0 ? byte ^ 0x20 : byte));
    const table = nativeBls.keyTable([keys[0]!, negated]);
    assert.equal(await pool.aggregateVerify(table, [0, 1], root(7), entry(1).signature), false);
  });

  it("verifies batches and names the bad ones", async () => {
    const entries = [entry(1), entry(2, 8), entry(3), entry(4)];
    assert.equal(await pool.verifyMany(root(7), [entry(1), entry(2), entry(3)]), true);
    assert.equal(await pool.verifyMany(root(7), entries), false);
    assert.deepEqual(await invalidEntriesLater(pool, root(7), entries), [1]);
  });

  it("leaves the caller's bytes in place", async () => {
    const { key, signature } = entry(1);
    const message = root(7);
    assert.equal(await pool.verify(key, message, signature), true);
    assert.deepEqual(message, root(7));
    assert.equal(signature.length, 96);
    assert.equal(await pool.verify(key, message, signature), true);
  });

  it("answers many at once, each its own", async () => {
    const answers = Array.from({ length: 40 }, (_, i) =>
      pool.verify(keys[i % 4]!, root(7), entry((i % 4) + 1, i % 3 === 0 ? 8 : 7).signature),
    );
    assert.deepEqual(
      await Promise.all(answers),
      answers.map((_, i) => i % 3 !== 0),
    );
    assert.equal(pool.pending, 0);
  });

  it("decides checks, also on tables of the other implementation", async () => {
    const signature = nativeBls.aggregateSignatures([entry(1).signature, entry(3).signature]);
    const certificate = { root: root(7), bitmap: toBitmap([0, 2], 4), signature };
    for (const bls of [nativeBls, pureBls]) {
      const check = certificateCheck(bls.keyTable(keys), certificate);
      assert.deepEqual(await decideLater(pool, check), { valid: true, seats: [0, 2] });
    }
  });
});

describe("verification pool under stress", () => {
  it("refuses more than its queue holds, and works on", async () => {
    const pool = new VerificationPool({ workers: 1, queueLimit: 3 });
    const { key, signature } = entry(1);
    // Two are in the thread, three wait.
    const accepted = Array.from({ length: 5 }, () => pool.verify(key, root(7), signature));
    await assert.rejects(pool.verify(key, root(7), signature), { code: "POOL_BUSY" });
    assert.equal(pool.pending, 5);
    assert.deepEqual(await Promise.all(accepted), [true, true, true, true, true]);
    assert.equal(await pool.verify(key, root(7), signature), true);
    await pool.close();
  });

  it("rejects what is open when it is closed, and everything later", async () => {
    const pool = new VerificationPool({ workers: 1, queueLimit: 10 });
    const { key, signature } = entry(1);
    const open = Array.from({ length: 4 }, () =>
      assert.rejects(pool.verify(key, root(7), signature), { code: "POOL_CLOSED" }),
    );
    await pool.close();
    await Promise.all(open);
    await assert.rejects(pool.verify(key, root(7), signature), { code: "POOL_CLOSED" });
    await pool.close();
  });

  it("replaces a thread that dies and rejects only its jobs", async () => {
    let started = 0;
    const startWorker = () => {
      started++;
      if (started === 1) {
        const source = `require("node:worker_threads").parentPort.once("message", () => process.exit(3))`;
        return new Worker(source, { eval: true });
      }
      return new Worker(new URL("../../src/native/worker.ts", import.meta.url));
    };
    const pool = new VerificationPool({ workers: 1, queueLimit: 10 }, { startWorker });
    const { key, signature } = entry(1);
    const answers = await Promise.allSettled(
      Array.from({ length: 4 }, () => pool.verify(key, root(7), signature)),
    );
    assert.deepEqual(
      answers.map((answer) => (answer.status === "fulfilled" ? answer.value : answer.reason.code)),
      ["POOL_WORKER", "POOL_WORKER", true, true],
    );
    assert.equal(started, 2);
    await pool.close();
  });

  it("gives up on threads that never work", async () => {
    let started = 0;
    const startWorker = () => {
      started++;
      return new Worker("process.exit(1)", { eval: true });
    };
    const pool = new VerificationPool({ workers: 1, queueLimit: 10 }, { startWorker });
    const { key, signature } = entry(1);
    const answers = Array.from({ length: 8 }, () =>
      assert.rejects(pool.verify(key, root(7), signature), { code: "POOL_WORKER" }),
    );
    await Promise.all(answers);
    await assert.rejects(pool.verify(key, root(7), signature), { code: "POOL_WORKER" });
    assert.equal(started, 3);
    await pool.close();
  });

  it("needs a worker", () => {
    assert.throws(() => new VerificationPool({ workers: 0, queueLimit: 1 }), RangeError);
  });
});
