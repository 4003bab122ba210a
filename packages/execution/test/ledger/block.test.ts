import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  type Account,
  type Address,
  accountKey,
  BlockExecution,
  baseFeeAfter,
  decodeTransaction,
  emptyAccount,
  emptyAccountTrie,
  genesisLedger,
  type LedgerState,
  nextBaseFee,
  receiptHash,
  receiptsRoot,
  toHex,
} from "../../src/ledger/index.ts";
import { keccak256 } from "../../src/ledger/keccak.ts";
import { merkleRoot } from "../../src/ledger/merkle.ts";
import { fixedAddress, parameters, type Wallet, type Wishes, wallet } from "../support/wallet.ts";

const coin = 10n ** 18n;
const proposer = fixedAddress(0xfee);
const wallets = [wallet(1), wallet(2), wallet(3)];
const [alice, bob] = wallets as [Wallet, Wallet];

function genesis(balance = coin): LedgerState {
  return genesisLedger(new Map(wallets.map(({ address }) => [address, balance])), parameters).state;
}

function run(state: LedgerState, sends: readonly (readonly [Wallet, Wishes])[]) {
  const execution = new BlockExecution(parameters, state, proposer);
  const outcomes = sends.map(([from, wishes]) => {
    return execution.apply(decodeTransaction(from.sign(wishes), parameters), from.address);
  });
  return { outcomes, ...execution.seal() };
}

function accountIn(state: LedgerState, address: Address): Account {
  return state.accounts.get(accountKey(address)) ?? emptyAccount;
}

function sum(state: LedgerState): bigint {
  let total = 0n;
  for (const { balance } of state.accounts.values()) total += balance;
  return total;
}

describe("executing a block", () => {
  it("moves the value, burns the base fee and pays the tip to the proposer", () => {
    const before = genesis();
    const tip = 10n ** 9n;
    const { state, receipts, burnt } = {
      ...run(before, [[alice, { to: bob.address, value: 5n, maxPriorityFeePerGas: tip }]]),
      burnt: 0n,
    };
    const base = parameters.initialBaseFee;
    assert.deepEqual(accountIn(state, alice.address), {
      nonce: 1,
      balance: coin - 5n - 21_000n * (base + tip),
    });
    assert.deepEqual(accountIn(state, bob.address), { nonce: 0, balance: coin + 5n });
    assert.equal(accountIn(state, proposer).balance, 21_000n * tip);
    assert.equal(state.burnt - burnt, 21_000n * base);
    assert.equal(receipts.length, 1);
    assert.equal(receipts[0]?.effectiveGasPrice, base + tip);
    assert.equal(receipts[0]?.fee, 21_000n * (base + tip));
    assert.equal(receipts[0]?.gasUsed, 21_000);
  });

  it("pays no more than the fee cap: the tip is what the base fee leaves of it", () => {
    const cap = parameters.initialBaseFee + 7n;
    const { receipts, state } = run(genesis(), [[alice, { maxFeePerGas: cap, maxPriorityFeePerGas: cap }]]);
    assert.equal(receipts[0]?.effectiveGasPrice, cap);
    assert.equal(accountIn(state, proposer).balance, 21_000n * 7n);
  });

  it("skips without effect what became invalid, and says why", () => {
    const before = genesis();
    const first: [Wallet, Wishes] = [alice, { nonce: 0 }];
    const { outcomes, state, receipts } = run(before, [
      first,
      first,
      [alice, { nonce: 2 }],
      [bob, { nonce: 0, value: 2n * coin }],
      [bob, { nonce: 0, maxFeePerGas: parameters.initialBaseFee - 1n, maxPriorityFeePerGas: 0n }],
    ]);
    assert.deepEqual(outcomes.slice(1), [
      "STALE_NONCE",
      "NONCE_GAP",
      "INSUFFICIENT_BALANCE",
      "FEE_CAP_BELOW_BASE_FEE",
    ]);
    assert.equal(receipts.length, 1);
    assert.deepEqual(accountIn(state, bob.address), accountIn(before, bob.address));
    assert.equal(toHex(state.accounts.rootHash()), run(before, [first]).stateRoot);
  });

  it("takes a balance that covers value and gas limit at the cap to the wei, and not one wei less", () => {
    const cap = 10n ** 10n;
    const wishes = { value: coin - 21_000n * cap, maxFeePerGas: cap };
    assert.notEqual(run(genesis(coin), [[alice, wishes]]).outcomes[0], "INSUFFICIENT_BALANCE");
    assert.equal(run(genesis(coin - 1n), [[alice, wishes]]).outcomes[0], "INSUFFICIENT_BALANCE");
  });

  it("lets later transactions spend what earlier ones brought", () => {
    const rich = genesisLedger(new Map([[alice.address, coin]]), parameters).state;
    const { outcomes } = run(rich, [
      [alice, { to: bob.address, value: coin / 2n }],
      [bob, { to: alice.address, value: coin / 4n }],
    ]);
    assert.ok(outcomes.every((outcome) => typeof outcome === "object"));
  });

  it("makes no account of a transfer of nothing to nobody", () => {
    const nobody = fixedAddress(0xdead);
    const { state, changes } = run(genesis(), [[alice, { to: nobody, value: 0n }]]);
    assert.equal(changes.has(nobody), false);
    assert.equal(state.accounts.get(accountKey(nobody)), undefined);
  });

  it("keeps the supply: balances and what was burnt add up to the allocation", () => {
    const step = fc.record({
      from: fc.nat(2),
      to: fc.oneof(
        fc.nat(2).map((i) => wallets[i]!.address),
        fc.constant(proposer),
        fc.nat(3).map(fixedAddress),
      ),
      value: fc.bigInt({ min: 0n, max: coin }),
      tip: fc.bigInt({ min: 0n, max: 10n ** 10n }),
      skew: fc.constantFrom(0, 0, 0, 1, -1),
    });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 4 }), (blocks) => {
        let state = genesis();
        const supply = sum(state);
        const plain = new Map<Address, Account>(
          wallets.map(({ address }) => [address, { nonce: 0, balance: coin }]),
        );
        for (const block of blocks) {
          const execution = new BlockExecution(parameters, state, proposer);
          const nonces = new Map<Address, number>();
          for (const { from, to, value, tip, skew } of block) {
            const sender = wallets[from]!;
            const nonce = nonces.get(sender.address) ?? accountIn(state, sender.address).nonce;
            if (nonce + skew < 0) continue;
            const wishes = { nonce: nonce + skew, to, value, maxPriorityFeePerGas: tip };
            const outcome = execution.apply(
              decodeTransaction(sender.sign(wishes), parameters),
              sender.address,
            );
            if (typeof outcome !== "string") nonces.set(sender.address, nonce + 1);
          }
          const outcome = execution.seal();
          for (const [address, account] of outcome.changes) plain.set(address, account);
          state = outcome.state;
          assert.equal(sum(state) + state.burnt, supply);
          // The incremental root against one built from the bare accounts.
          const anew = emptyAccountTrie().with(
            [...plain].map(([address, account]) => [accountKey(address), account]),
          );
          assert.equal(outcome.stateRoot, toHex(anew.rootHash()));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("the base fee", () => {
  const { gasTarget } = parameters;
  const at = (baseFee: bigint, gasUsed: number) => nextBaseFee({ baseFee, gasUsed }, parameters);

  it("moves as EIP-1559 says", () => {
    const fee = 10n ** 12n;
    assert.equal(at(fee, gasTarget), fee);
    assert.equal(at(fee, 2 * gasTarget), fee + fee / 8n);
    assert.equal(at(fee, gasTarget + gasTarget / 2), fee + fee / 16n);
    assert.equal(at(fee, 0), fee - fee / 8n);
    assert.equal(at(fee, gasTarget + 1), fee + fee / BigInt(gasTarget) / 8n);
  });

  it("rises by one wei at least, by an eighth at most, and stays above its minimum", () => {
    const tiny = { ...parameters, minimumBaseFee: 0n };
    assert.equal(nextBaseFee({ baseFee: 1n, gasUsed: gasTarget + 1 }, tiny), 2n);
    assert.equal(at(10n ** 12n, 50 * gasTarget), at(10n ** 12n, 2 * gasTarget));
    assert.equal(at(parameters.minimumBaseFee, 0), parameters.minimumBaseFee);
  });

  it("of block 1 is the initial one", () => {
    assert.equal(baseFeeAfter(genesis(), parameters), parameters.initialBaseFee);
  });
});

describe("receipts", () => {
  it("are committed in order by a Merkle tree padded with zeros", () => {
    const { receipts, receiptsRoot: root } = run(genesis(), [
      [alice, { nonce: 0 }],
      [alice, { nonce: 1 }],
      [bob, {}],
    ]);
    const node = (left: Uint8Array, right: Uint8Array) => keccak256(Uint8Array.of(...left, ...right));
    const [a, b, c] = receipts.map(receiptHash) as [Uint8Array, Uint8Array, Uint8Array];
    assert.equal(root, toHex(node(node(a, b), node(c, new Uint8Array(32)))));
    assert.notEqual(root, receiptsRoot([receipts[1]!, receipts[0]!, receipts[2]!]));
    assert.equal(receiptsRoot([receipts[0]!]), toHex(a));
    assert.equal(receiptsRoot([]), toHex(new Uint8Array(32)));
  });

  it("have a root that materialized padding gives too", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (count) => {
        const leaves = Array.from({ length: count }, (_, i) => keccak256(Uint8Array.of(i)));
        let level = [...leaves];
        while ((level.length & (level.length - 1)) !== 0) level.push(new Uint8Array(32));
        while (level.length > 1) {
          level = level.flatMap((left, i) =>
            i % 2 ? [] : [keccak256(Uint8Array.of(...left, ...level[i + 1]!))],
          );
        }
        assert.equal(merkleRoot(leaves), toHex(level[0]!));
      }),
    );
  });
});
