import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeTransaction } from "../../src/ledger/index.ts";
import {
  bestRecover,
  defaultSenderPoolOptions,
  nativeRecover,
  pureRecover,
  SenderPool,
  type SignedHash,
} from "../../src/senders/index.ts";
import { parameters, wallet } from "../support/wallet.ts";

const wallets = Array.from({ length: 10 }, (_, i) => wallet(i));
const signed = Array.from({ length: 100 }, (_, i) =>
  decodeTransaction(wallets[i % 10]!.sign({ nonce: i }), parameters),
);
const senders = signed.map((_, i) => wallets[i % 10]!.address);
/** r = 5 is on no point of the curve. */
const nobody: SignedHash = {
  ...signed[0]!,
  signature: new Uint8Array(64).fill(1).fill(0, 0, 31).with(31, 5),
};

describe("recovering senders", () => {
  it("gives the same from libsecp256k1 and in plain JavaScript", () => {
    const native = nativeRecover();
    const pure = pureRecover();
    assert.ok(native, "this platform has a binary");
    for (const { signingHash, signature, parity } of [...signed.slice(0, 20), nobody]) {
      assert.deepEqual(native(signingHash, signature, parity), pure(signingHash, signature, parity));
    }
  });

  for (const workers of [0, 1, 2]) {
    it(`answers in order with ${workers} workers`, async () => {
      const pool = new SenderPool({ ...defaultSenderPoolOptions, workers, chunk: 7 });
      try {
        assert.deepEqual(await pool.recover([...signed, nobody]), [...senders, null]);
        assert.deepEqual(await pool.recover([]), []);
        assert.equal(pool.queued, 0);
      } finally {
        await pool.close();
      }
    });
  }

  it("does what a dead worker left undone", async () => {
    const pool = new SenderPool({ ...defaultSenderPoolOptions, workers: 2, chunk: 10 });
    const answers = pool.recover(signed);
    const closed = pool.close();
    assert.deepEqual(await answers, senders);
    await closed;
    assert.equal(pool.workers, 0);
  });

  it("refuses work above its bound and after it was closed", async () => {
    const pool = new SenderPool({ ...defaultSenderPoolOptions, workers: 1, maximumQueued: 150 });
    const first = pool.recover(signed);
    await assert.rejects(pool.recover(signed), { code: "BUSY" });
    assert.deepEqual(await pool.recover(signed, true), senders, "a block's are never refused");
    assert.deepEqual(await first, senders);
    assert.deepEqual(await pool.recover(signed), senders, "there is room again");
    await pool.close();
    await assert.rejects(pool.recover(signed), { code: "CLOSED" });
  });

  it("recovers small batches at once in the calling thread", async () => {
    let inline = 0;
    const best = bestRecover();
    const recover = (...args: Parameters<typeof best>) => {
      inline++;
      return best(...args);
    };
    const pool = new SenderPool({ ...defaultSenderPoolOptions, workers: 1, inline: 3 }, { recover });
    await pool.recover(signed.slice(0, 3));
    assert.equal(inline, 3);
    await pool.recover(signed.slice(0, 4));
    assert.equal(inline, 3);
    await pool.close();
  });
});
