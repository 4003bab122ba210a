import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeTransaction, defaultPendingOptions, PendingQueue } from "../../src/ledger/index.ts";
import { parameters, type Wishes, wallet } from "../support/wallet.ts";

const alice = wallet(1);
const bob = wallet(2);
const rich = { nonce: 0, balance: 10n ** 20n };
const baseFee = parameters.initialBaseFee;

function queue(options: Partial<typeof defaultPendingOptions> = {}) {
  const pending = new PendingQueue({ ...defaultPendingOptions, ...options });
  const add = (wishes: Wishes, account = rich, from = alice) => {
    const bytes = from.sign(wishes);
    return pending.add(decodeTransaction(bytes, parameters), bytes, from.address, account, baseFee);
  };
  const taken = () => pending.take().map((bytes) => decodeTransaction(bytes, parameters).nonce);
  const drop = (wishes: Wishes) => {
    const { nonce, hash } = decodeTransaction(alice.sign(wishes), parameters);
    pending.drop(alice.address, nonce, hash);
  };
  return { pending, add, taken, drop };
}

describe("the pending queue", () => {
  it("hands transactions out once, each after its predecessors", () => {
    const { add, taken } = queue();
    assert.equal(add({ nonce: 1 }), null);
    assert.deepEqual(taken(), []);
    assert.equal(add({ nonce: 0 }), null);
    assert.equal(add({ nonce: 2 }), null);
    assert.deepEqual(taken(), [0, 1, 2]);
    assert.deepEqual(taken(), []);
  });

  it("hands out what waited for transactions that came by another way", () => {
    const { pending, add, taken } = queue();
    add({ nonce: 3 });
    pending.advance(alice.address, 3);
    assert.deepEqual(taken(), [3]);
    pending.advance(alice.address, 4);
    assert.equal(pending.size, 0);
  });

  it("refuses with the reason", () => {
    const { add } = queue();
    assert.equal(add({ nonce: 4 }), null);
    assert.equal(add({ nonce: 4 }), "ALREADY_KNOWN");
    assert.equal(add({ nonce: 4, value: 2n }), "REPLACEMENT_UNDERPRICED");
    assert.equal(add({ nonce: 4 }, { ...rich, nonce: 5 }), "STALE_NONCE");
    assert.equal(add({ nonce: 100 }), "NONCE_GAP");
    assert.equal(
      add({ nonce: 0, maxFeePerGas: 1n, maxPriorityFeePerGas: 0n }, rich, bob),
      "FEE_CAP_BELOW_BASE_FEE",
    );
    assert.equal(add({ nonce: 0, value: rich.balance }, rich, bob), "INSUFFICIENT_BALANCE");
  });

  it("counts what waits against the balance", () => {
    const { add } = queue();
    const account = { nonce: 0, balance: 3n * 10n ** 18n };
    assert.equal(add({ nonce: 0, value: 2n * 10n ** 18n }, account), null);
    assert.equal(add({ nonce: 1, value: 2n * 10n ** 18n }, account), "INSUFFICIENT_BALANCE");
    assert.equal(add({ nonce: 1, value: 10n ** 17n }, account), null);
  });

  it("knows the nonce that comes after all that waits without a gap", () => {
    const { pending, add } = queue();
    assert.equal(pending.nonce(alice.address, 7), 7);
    add({ nonce: 0 });
    add({ nonce: 1 });
    add({ nonce: 5 });
    assert.equal(pending.nonce(alice.address, 0), 2);
  });

  it("bounds what a sender and all together may leave waiting", () => {
    const bySender = queue({ maximumPerSender: 2 });
    assert.equal(bySender.add({ nonce: 0 }), null);
    assert.equal(bySender.add({ nonce: 1 }), null);
    assert.equal(bySender.add({ nonce: 2 }), "QUEUE_FULL");
    const together = queue({ maximumTotal: 1 });
    assert.equal(together.add({ nonce: 0 }), null);
    assert.equal(together.add({ nonce: 0 }, rich, bob), "QUEUE_FULL");
  });

  it("forgets a skipped transaction, so that another with its nonce can be sent", () => {
    const { pending, add, taken, drop } = queue();
    add({ nonce: 0 });
    taken();
    drop({ nonce: 0, value: 99n });
    assert.equal(pending.size, 1, "another transaction with that nonce is not this one");
    drop({ nonce: 0 });
    assert.equal(pending.size, 0);
    assert.equal(add({ nonce: 0, value: 2n }), null);
    assert.deepEqual(taken(), [0]);
  });

  it("hands out again what a block skipped because predecessors came later", () => {
    const { pending, add, taken } = queue();
    add({ nonce: 0 });
    add({ nonce: 1 });
    assert.deepEqual(taken(), [0, 1]);
    pending.again(alice.address, 1, 1);
    assert.deepEqual(taken(), [1]);
    pending.again(alice.address, 2, 1);
    assert.deepEqual(taken(), [], "the account is past it");
  });
});
