import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Account, accountKey, emptyAccountTrie, type Sent } from "../../src/ledger/index.ts";
import { movedOn, movedShare, nothingMoved } from "../../src/ledger/moved.ts";
import { fixedAddress } from "../support/wallet.ts";

const base = (balances: readonly bigint[]) =>
  emptyAccountTrie().with(
    balances.map((balance, at): [Uint8Array, Account] => [
      accountKey(fixedAddress(at + 1)),
      { nonce: 0, balance },
    ]),
  );

const arbBalance = fc.bigInt({ min: 1n, max: 1_000n });
const arbSent = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.bigInt({ min: 1n, max: 600n })), { maxLength: 5 })
  .map((list): Sent => new Map(list.map(([who, amount]) => [fixedAddress(who), amount])));

describe("value moved in an epoch", () => {
  test("each account's, at most what it held when the epoch began", () => {
    fc.assert(
      fc.property(fc.array(arbBalance, { maxLength: 4 }), fc.array(arbSent), (balances, blocks) => {
        const moved = blocks.reduce(movedOn, nothingMoved(1, base(balances)));
        let expected = 0n;
        for (let who = 1; who <= 5; who++) {
          const sent = blocks.reduce((sum, block) => sum + (block.get(fixedAddress(who)) ?? 0n), 0n);
          const held = balances[who - 1] ?? 0n;
          expected += sent < held ? sent : held;
        }
        assert.equal(moved.total, expected);
        const supply = balances.reduce((sum, balance) => sum + balance, 0n);
        const share = movedShare(moved, supply);
        assert.ok(share >= 0 && share <= 1_000_000, "never more than there is");
        if (supply > 0n) assert.equal(share, Number((expected * 1_000_000n) / supply));
      }),
    );
  });

  test("the order of blocks, and how they are put together, do not matter; older counts stay what they were", () => {
    fc.assert(
      fc.property(fc.array(arbBalance, { maxLength: 4 }), fc.array(arbSent), (balances, blocks) => {
        const none = nothingMoved(1, base(balances));
        const forward = blocks.reduce(movedOn, none);
        assert.equal(blocks.toReversed().reduce(movedOn, none).total, forward.total);
        const together = new Map<`0x${string}`, bigint>();
        for (const block of blocks)
          for (const [who, amount] of block) together.set(who, (together.get(who) ?? 0n) + amount);
        assert.equal(movedOn(none, together).total, forward.total);
        assert.equal(none.total, 0n);
      }),
    );
  });

  test("nothing of nothing", () => {
    assert.equal(movedShare(nothingMoved(1, emptyAccountTrie()), 0n), 0);
  });
});
