import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  defaultEmbeddedOptions,
  EmbeddedEngine,
  type EmbeddedEngineOptions,
} from "../../src/embedded/index.ts";
import type { BlockSummary } from "../../src/engine.ts";
import {
  type Account,
  type Address,
  defaultPendingOptions,
  type Hash,
  keccak256,
  type RefusalReason,
  toHex,
} from "../../src/ledger/index.ts";
import { defaultSenderPoolOptions, SenderPool } from "../../src/senders/index.ts";
import { MemoryDatabase } from "../support/memory-database.ts";
import { blockHash, fixedAddress, parameters, type Wallet, wallet } from "../support/wallet.ts";

const coin = 10n ** 18n;
const wallets = [wallet(1), wallet(2), wallet(3)];
const [alice, bob] = wallets as [Wallet, Wallet];
const genesis = { hash: blockHash("genesis"), stamp: 1_000 };
const feeRecipient = fixedAddress(0xfee);

async function open(database = new MemoryDatabase(), options: Partial<EmbeddedEngineOptions> = {}) {
  return EmbeddedEngine.open(
    {
      ...defaultEmbeddedOptions,
      parameters,
      allocation: new Map(wallets.map(({ address }) => [address, coin])),
      genesis,
      pending: defaultPendingOptions,
      ...options,
    },
    { database, senders: new SenderPool({ ...defaultSenderPoolOptions, workers: 0 }) },
  );
}

function context(name: string, height: number, valueFrom: number | null = null) {
  return { hash: blockHash(name), height, stamp: 1_000 + 500 * height, feeRecipient, valueFrom };
}

/** Executes a chain of blocks with these names, each with its transactions. */
async function extend(
  engine: EmbeddedEngine,
  parent: Hash,
  height: number,
  blocks: readonly (readonly [string, readonly Uint8Array[]])[],
) {
  const results = [];
  let at = parent;
  for (const [i, [name, transactions]] of blocks.entries()) {
    results.push(await engine.execute(at, context(name, height + i), transactions));
    at = blockHash(name);
  }
  return results;
}

describe("the embedded ledger", () => {
  it("opens at genesis, and again at the last final block with the same state", async () => {
    const database = new MemoryDatabase();
    const engine = await open(database);
    assert.equal(engine.finalized.height, 0);
    const [, two] = await extend(engine, genesis.hash, 1, [
      ["1", [alice.sign()]],
      ["2", [alice.sign({ nonce: 1, to: bob.address, value: 7n })]],
    ]);
    await engine.finalize(blockHash("2"));
    await engine.close();

    const again = await open(database);
    assert.equal(again.finalized.height, 2);
    assert.equal(again.finalized.stateRoot, two?.stateRoot);
    assert.equal(await (await again.stateAt("latest")).nonce(alice.address), 2);
    assert.equal(await (await again.stateAt("finalized")).balance(bob.address), coin + 7n);
    assert.equal((await again.block({ height: 1 }))?.hash, blockHash("1"));
    assert.equal((await again.block({ hash: blockHash("1") }))?.height, 1);
  });

  it("refuses a store of another genesis, and one whose accounts were changed", async () => {
    const database = new MemoryDatabase();
    await open(database);
    await assert.rejects(open(database.copy(), { allocation: new Map([[alice.address, 1n]]) }), {
      code: "GENESIS_MISMATCH",
    });
    await assert.rejects(open(database.copy(), { genesis: { ...genesis, hash: blockHash("other") } }), {
      code: "GENESIS_MISMATCH",
    });
    const account = [...database.entries.keys()].find((key) => key.startsWith("11"))!;
    database.entries.get(account)![7]!++;
    await assert.rejects(open(database), { code: "CORRUPT_STATE" });
  });

  it("executes two children of one parent and keeps the one that becomes final", async () => {
    const engine = await open();
    const [parent] = await extend(engine, genesis.hash, 1, [["1", [alice.sign()]]]);
    const left = await engine.execute(blockHash("1"), context("left", 2), [
      alice.sign({ nonce: 1, value: 5n }),
    ]);
    const right = await engine.execute(blockHash("1"), context("right", 2), [bob.sign({ value: 6n })]);
    const below = await engine.execute(blockHash("left"), context("below", 3), []);
    assert.notEqual(left.stateRoot, right.stateRoot);
    assert.equal(engine.latest.hash, below.hash);
    assert.deepEqual(await engine.rootsAt(blockHash("below"), 1), {
      stateRoot: parent?.stateRoot,
      receiptsRoot: parent?.receiptsRoot,
    });
    assert.equal((await engine.rootsAt(blockHash("right"), 2)).stateRoot, right.stateRoot);

    const held = await engine.stateAt({ hash: blockHash("left") });
    await engine.finalize(blockHash("right"));
    assert.equal(engine.finalized.hash, right.hash);
    assert.equal(engine.latest.hash, right.hash);
    assert.equal(await (await engine.stateAt("latest")).nonce(alice.address), 1);
    assert.equal(await (await engine.stateAt("latest")).nonce(bob.address), 1);
    assert.equal(await held.nonce(alice.address), 2, "a view outlives its block");
    await assert.rejects(engine.stateAt({ hash: blockHash("left") }), { code: "UNKNOWN_BLOCK" });
    await assert.rejects(engine.execute(blockHash("left"), context("x", 3), []), { code: "UNKNOWN_PARENT" });
    await assert.rejects(engine.finalize(blockHash("below")), { code: "UNKNOWN_BLOCK" });
    assert.equal(
      (await engine.rootsAt(blockHash("right"), 0)).stateRoot,
      (await engine.block({ height: 0 }))?.stateRoot,
    );
  });

  it("does nothing when a block is executed or made final once more", async () => {
    const database = new MemoryDatabase();
    const engine = await open(database);
    const first = await engine.execute(genesis.hash, context("1", 1), [alice.sign()]);
    assert.equal(await engine.execute(genesis.hash, context("1", 1), [alice.sign()]), first);
    await engine.execute(blockHash("1"), context("2", 2), []);
    await engine.finalize(blockHash("2"));
    const again = await engine.execute(genesis.hash, context("1", 1), [alice.sign()]);
    assert.equal(again.stateRoot, first.stateRoot);
    assert.equal(again.receiptsRoot, first.receiptsRoot);
    assert.deepEqual(
      again.receipts.map(({ transactionHash }) => transactionHash),
      first.receipts.map(({ transactionHash }) => transactionHash),
    );
    await assert.rejects(engine.execute(blockHash("?"), context("1", 1), []), { code: "CONFLICTING_FINAL" });
    const { batches } = database;
    await engine.finalize(blockHash("2"));
    await engine.finalize(blockHash("1"));
    assert.equal(database.batches, batches);
  });

  for (const restarted of [false, true]) {
    it(`goes back to a final block and on from there along another branch${restarted ? ", also after a restart" : ""}`, async () => {
      const database = new MemoryDatabase();
      const first = await open(database);
      const [one] = await extend(first, genesis.hash, 1, [
        ["1", [alice.sign({ to: bob.address, value: 5n })]],
      ]);
      const newcomer = fixedAddress(0xabc);
      await extend(first, blockHash("1"), 2, [
        ["2", [alice.sign({ nonce: 1, to: newcomer, value: 9n })]],
        ["3", [bob.sign({ to: newcomer, value: 1n }), alice.sign({ nonce: 2 })]],
      ]);
      await first.finalize(blockHash("3"));
      const lost = alice.sign({ nonce: 1, to: newcomer, value: 9n });
      const engine = restarted ? await open(database) : first;

      // The branch is executed while the other one is final still.
      const [two] = await extend(engine, blockHash("1"), 2, [["2b", [bob.sign({ value: 3n })]]]);
      await assert.rejects(engine.finalize(blockHash("2b")), { code: "CONFLICTING_FINAL" });
      await engine.rewind(blockHash("1"));
      assert.equal(engine.finalized.hash, blockHash("1"));
      assert.equal(engine.finalized.stateRoot, one?.stateRoot);
      assert.equal(await engine.block({ hash: blockHash("3") }), undefined);
      assert.equal(await engine.block({ height: 2 }), undefined);
      assert.equal(await engine.receipt(toHex(keccak256(lost))), undefined);
      await engine.finalize(blockHash("2b"));
      assert.equal(engine.finalized.stateRoot, two?.stateRoot);

      const again = await open(database);
      assert.equal(again.finalized.hash, blockHash("2b"));
      assert.equal(await (await again.stateAt("finalized")).balance(newcomer), 0n);
      assert.equal(await (await again.stateAt("finalized")).nonce(alice.address), 1);
      assert.deepEqual(
        (await again.execute(blockHash("2b"), context("3b", 3), [lost])).receipts.length,
        1,
        "what was given up can be executed anew",
      );
    });
  }

  it("goes back only as far as it kept what led beyond, and to nothing that is not final", async () => {
    const engine = await open(new MemoryDatabase(), { undoKept: 2, statesKept: 1 });
    const blocks = ["1", "2", "3", "4"].map((name, i) => [name, [alice.sign({ nonce: i })]] as const);
    await extend(engine, genesis.hash, 1, blocks);
    for (const [name] of blocks) await engine.finalize(blockHash(name));
    await engine.execute(blockHash("4"), context("5", 5), []);
    await assert.rejects(engine.rewind(blockHash("5")), { code: "UNKNOWN_BLOCK" });
    await assert.rejects(engine.rewind(blockHash("1")), { code: "STATE_UNAVAILABLE" });
    assert.equal(engine.finalized.height, 4);
    await engine.rewind(blockHash("4"));
    assert.equal(engine.latest.height, 5);
    await engine.rewind(blockHash("2"));
    assert.equal(engine.finalized.height, 2);
    assert.equal(engine.latest.height, 2);
  });

  it("refuses blocks that fit nowhere", async () => {
    const engine = await open();
    await assert.rejects(engine.execute(blockHash("?"), context("1", 1), []), { code: "UNKNOWN_PARENT" });
    await assert.rejects(engine.execute(genesis.hash, context("1", 2), []), { code: "BAD_HEIGHT" });
    await engine.execute(genesis.hash, context("1", 1), []);
    await engine.execute(genesis.hash, context("1b", 1), []);
    await assert.rejects(engine.execute(blockHash("1b"), context("1", 1), []), { code: "CONFLICTING_BLOCK" });
    await assert.rejects(engine.finalize(blockHash("?")), { code: "UNKNOWN_BLOCK" });
    await assert.rejects(engine.rootsAt(blockHash("1"), 2), { code: "UNKNOWN_BLOCK" });
    await assert.rejects(engine.stateAt({ height: 1 }), { code: "UNKNOWN_BLOCK" });
  });

  it("proves accounts against the block's state root", async () => {
    const engine = await open();
    const view = await engine.stateAt("latest");
    const [root] = await view.proof(alice.address);
    assert.equal(toHex(keccak256(root!)), view.block.stateRoot);
  });

  it("keeps the states of so many final heights", async () => {
    const engine = await open(undefined, { statesKept: 2 });
    await extend(engine, genesis.hash, 1, [
      ["1", [alice.sign()]],
      ["2", []],
      ["3", []],
    ]);
    await engine.finalize(blockHash("3"));
    assert.equal(await (await engine.stateAt({ height: 2 })).nonce(alice.address), 1);
    await assert.rejects(engine.stateAt({ height: 1 }), { code: "STATE_UNAVAILABLE" });
    await assert.rejects(engine.stateAt({ hash: genesis.hash }), { code: "STATE_UNAVAILABLE" });
    assert.equal((await engine.block({ height: 1 }))?.executed, 1, "its summary stays");
  });

  it("gives the state after a block, from which another store begins and goes on alike", async () => {
    const engine = await open();
    await extend(engine, genesis.hash, 1, [["1", [alice.sign({ to: bob.address, value: 7n })]]]);
    await engine.finalize(blockHash("1"));
    const snapshot = await engine.snapshot(blockHash("1"));
    const next = [alice.sign({ nonce: 1, to: fixedAddress(5), value: 1n })];
    const [two] = await extend(engine, blockHash("1"), 2, [["2", next]]);
    await engine.finalize(blockHash("2"));
    const accounts: (readonly [Address, Account])[] = [];
    for await (const each of snapshot.accounts()) accounts.push(each);
    // The account that block 2 made is not in it.
    assert.ok(!accounts.some(([address]) => address === fixedAddress(5)));
    const after = accounts[1]![0];
    const rest = [];
    for await (const [address] of snapshot.accounts(after)) rest.push(address);
    assert.deepEqual(
      rest,
      accounts.slice(1).map(([address]) => address),
    );

    const options = {
      parameters,
      allocation: new Map(wallets.map(({ address }) => [address, coin])),
      genesis,
    };
    const restore = (database: MemoryDatabase, block: BlockSummary, given = accounts) =>
      EmbeddedEngine.restore(options, database, block, async function* () {
        yield given.slice(0, 2);
        yield given.slice(2);
      });
    const database = new MemoryDatabase();
    await restore(database, snapshot.block);
    const joined = await open(database);
    assert.equal(joined.finalized.hash, blockHash("1"));
    const [again] = await extend(joined, blockHash("1"), 2, [["2", next]]);
    assert.deepEqual(again, two);
    await joined.finalize(blockHash("2"));
    await (await open(database.copy())).close();

    const refused = { name: "ExecutionError", code: "BAD_SNAPSHOT" };
    for (const wrong of [
      accounts.slice(1),
      accounts.map(([address, account]) => [address, { ...account, nonce: account.nonce + 1 }] as const),
    ]) {
      const empty = new MemoryDatabase();
      await assert.rejects(restore(empty, snapshot.block, wrong), refused);
      assert.equal(empty.entries.size, 0);
    }
    const { block } = snapshot;
    await assert.rejects(restore(new MemoryDatabase(), { ...block, burnt: block.burnt + 1n }), refused);
    await assert.rejects(engine.snapshot(blockHash("unknown")), { code: "UNKNOWN_BLOCK" });
  });

  it("gives a receipt only once its block is final", async () => {
    const engine = await open();
    const transactions = [alice.sign(), alice.sign(), bob.sign({ to: alice.address })];
    const result = await engine.execute(genesis.hash, context("1", 1), transactions);
    assert.deepEqual(result.skippedTransactions, [{ position: 1, reason: "STALE_NONCE" }]);
    const hash = result.receipts[1]!.transactionHash;
    assert.equal(await engine.receipt(hash), undefined);
    assert.equal(await engine.receiptsOf(1), undefined);
    const hashes = result.receipts.map(({ transactionHash }) => transactionHash);
    assert.deepEqual(await engine.executed(blockHash("1")), hashes, "what a block executed is known before");
    await engine.finalize(blockHash("1"));
    assert.deepEqual(await engine.receipt(hash), {
      ...result.receipts[1],
      blockHash: blockHash("1"),
      height: 1,
    });
    assert.deepEqual(
      (await engine.receiptsOf(1))?.map(({ transactionHash }) => transactionHash),
      hashes,
    );
  });

  it("knows no transactions of blocks it does not know", async () => {
    const engine = await open();
    assert.deepEqual(await engine.executed(genesis.hash), []);
    assert.equal(await engine.executed(blockHash("?")), undefined);
  });

  it("skips in a block what can never be executed, with its reason", async () => {
    const engine = await open();
    const foreign = alice.sign({ chainId: 1n });
    const forged = alice.sign().fill(0, -32, -1).fill(1, -1);
    const transactions = [foreign, Uint8Array.of(1, 2, 3), bob.sign()];
    assert.deepEqual(await engine.verify(transactions), ["WRONG_CHAIN_ID", "MALFORMED", null]);
    const result = await engine.execute(genesis.hash, context("1", 1), transactions);
    assert.deepEqual(
      result.skippedTransactions.map(({ position, reason }) => [position, reason]),
      [
        [0, "WRONG_CHAIN_ID"],
        [1, "MALFORMED"],
      ],
    );
    assert.equal(result.executed, 1);
    assert.notEqual((await engine.verify([forged]))[0], null);
  });

  describe("judges a client's transaction", () => {
    const judged = async (engine: EmbeddedEngine, bytes: Uint8Array): Promise<RefusalReason | null> => {
      const result = await engine.check(bytes);
      return result.accepted ? null : result.reason;
    };

    it("and a refused one changes nothing", async () => {
      const engine = await open();
      const before = engine.latest.stateRoot;
      assert.equal(await judged(engine, alice.sign({ value: 2n * coin })), "INSUFFICIENT_BALANCE");
      assert.equal(await judged(engine, alice.sign({ nonce: 1_000 })), "NONCE_GAP");
      assert.equal(
        await judged(engine, alice.sign({ data: new Uint8Array(5_000), gasLimit: 1e6 })),
        "OVERSIZED_DATA",
      );
      assert.equal(await judged(engine, Uint8Array.of(0xc0)), "MALFORMED");
      const tampered = alice.sign();
      tampered[tampered.length - 1]! ^= 1;
      // A changed signature recovers to an account that owns nothing, or to none.
      assert.match((await judged(engine, tampered)) ?? "", /INSUFFICIENT_BALANCE|BAD_SIGNATURE/);
      assert.deepEqual(engine.takeExecutable(), []);
      assert.equal(engine.latest.stateRoot, before);
    });

    it("against the latest state and what waits", async () => {
      const engine = await open();
      assert.equal(await judged(engine, alice.sign({ nonce: 0 })), null);
      assert.equal(await judged(engine, alice.sign({ nonce: 1 })), null);
      assert.equal(await (await engine.stateAt("pending")).nonce(alice.address), 2);
      assert.equal(await (await engine.stateAt("latest")).nonce(alice.address), 0);
      const batch = engine.takeExecutable();
      assert.equal(batch.length, 2);
      await engine.execute(genesis.hash, context("1", 1), batch);
      assert.equal(await judged(engine, alice.sign({ nonce: 1 })), "STALE_NONCE");
    });

    it("and gives out again what a final block skipped for a gap", async () => {
      const engine = await open();
      await engine.check(alice.sign({ nonce: 0 }));
      await engine.check(alice.sign({ nonce: 1 }));
      const [zero, one] = engine.takeExecutable();
      await engine.execute(genesis.hash, context("1", 1), [one!]);
      await engine.execute(blockHash("1"), context("2", 2), [zero!]);
      await engine.finalize(blockHash("2"));
      assert.deepEqual(engine.takeExecutable(), [one]);
    });

    it("and frees the nonce of one that a final block skipped for good", async () => {
      const engine = await open();
      const spend = alice.sign({ nonce: 0, value: coin / 2n });
      await engine.check(spend);
      await engine.check(alice.sign({ nonce: 1 }));
      // Another validator's batch empties the account first.
      await engine.execute(genesis.hash, context("1", 1), [
        alice.sign({ nonce: 0, value: (coin * 9n) / 10n }),
        spend,
      ]);
      await engine.finalize(blockHash("1"));
      assert.equal(await judged(engine, alice.sign({ nonce: 2 })), null);
    });
  });

  describe("after a crash", () => {
    const blocks: readonly (readonly [string, readonly Uint8Array[]])[] = [
      ["1", [alice.sign(), bob.sign()]],
      ["2", [alice.sign({ nonce: 1 }), alice.sign({ nonce: 1 })]],
      ["3", [bob.sign({ nonce: 1, to: alice.address, value: 9n })]],
    ];

    for (const fault of ["lost", "written"] as const) {
      it(`of which a finalization's batch was ${fault}, re-executing gives the same`, async () => {
        const database = new MemoryDatabase();
        const engine = await open(database);
        const results = await extend(engine, genesis.hash, 1, blocks);
        await engine.finalize(blockHash("1"));
        database.fault = fault;
        await assert.rejects(engine.finalize(blockHash("3")));

        const restarted = await open(database.copy());
        const height = fault === "lost" ? 1 : 3;
        assert.equal(restarted.finalized.height, height);
        assert.equal(restarted.finalized.stateRoot, results[height - 1]?.stateRoot);
        const again = await extend(restarted, restarted.finalized.hash, height + 1, blocks.slice(height));
        assert.deepEqual(again, results.slice(height));
      });
    }

    it("of the store only, the finalization can be tried again", async () => {
      const database = new MemoryDatabase();
      const engine = await open(database);
      await extend(engine, genesis.hash, 1, blocks);
      database.fault = "lost";
      await assert.rejects(engine.finalize(blockHash("2")), /disk full/);
      assert.equal(engine.finalized.height, 0);
      await engine.finalize(blockHash("2"));
      assert.equal(engine.finalized.height, 2);
      assert.equal((await open(database.copy())).finalized.height, 2);
    });
  });

  it("gives one outcome for a chain however it was finalized, forked and restarted", async () => {
    const send = fc.record({
      from: fc.nat(2),
      to: fc.nat(2),
      nonce: fc.nat(4),
      value: fc.bigInt(0n, coin / 4n),
    });
    const block = fc.record({
      sends: fc.array(send, { maxLength: 5 }),
      fork: fc.boolean(),
      finalize: fc.boolean(),
      restart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 6 }), async (chain) => {
        const straight = await open();
        let database = new MemoryDatabase();
        let winding = await open(database, { slice: 2 });
        let parent = genesis.hash;
        let kept: Parameters<EmbeddedEngine["execute"]>[] = [];
        for (const [i, { sends, fork, finalize, restart }] of chain.entries()) {
          const transactions = sends.map(({ from, to, ...wishes }) =>
            wallets[from]!.sign({ ...wishes, to: wallets[to]!.address }),
          );
          const call = [parent, context(`${i}`, i + 1), transactions] as const;
          if (fork) await winding.execute(parent, context(`fork ${i}`, i + 1), transactions.slice(1));
          if (restart) {
            database = database.copy();
            winding = await open(database, { slice: 3 });
            for (const earlier of kept) await winding.execute(...earlier);
          }
          const result = await winding.execute(...call);
          assert.deepEqual(result, await straight.execute(...call));
          parent = call[1].hash;
          kept.push([...call]);
          if (finalize) {
            await winding.finalize(parent);
            kept = [];
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("value at stake", () => {
  /** A wallet that counts its transfers. */
  const payer = (seed: number) => {
    const own = wallet(seed);
    let nonce = 0;
    return {
      ...own,
      pay: ({ address: to }: { address: Address }, value: bigint) => own.sign({ to, value, nonce: nonce++ }),
    };
  };

  /** Of the supply of three coins, in millionths. */
  const third = 333_333;

  /** Blocks from a height on, each with its transactions, of an epoch that began at `first`; the value after each. */
  async function values(
    engine: EmbeddedEngine,
    parent: Hash,
    first: number | null,
    height: number,
    blocks: readonly (readonly [string, readonly Uint8Array[]])[],
  ): Promise<number[]> {
    const found: number[] = [];
    let at = parent;
    for (const [i, [name, transactions]] of blocks.entries()) {
      const { value } = await engine.execute(at, context(name, height + i, first), transactions);
      found.push(value);
      at = blockHash(name);
    }
    return found;
  }

  it("what goes round counts once for each who held it, oneself not at all, and the next epoch begins anew", async () => {
    const engine = await open();
    const [alice, bob] = [payer(1), payer(2)];
    const round = [
      ["1", [alice.pay(bob, coin / 2n)]],
      // Half of what bob sends came from alice: he held one coin.
      ["2", [bob.pay(alice, (coin * 5n) / 4n)]],
      ["3", [alice.pay(alice, coin / 2n)]],
      ["4", [alice.pay(bob, coin)]],
    ] as const;
    const [half, more, same, most] = await values(engine, genesis.hash, 1, 1, round);
    // What was burnt left the supply.
    const near = (value: number | undefined, expected: number) =>
      assert.ok(Math.abs(value! - expected) < 200, `${value}, not ${expected}`);
    near(half, third / 2);
    near(more, third * 1.5);
    near(same, third * 1.5);
    near(most, 2 * third);
    const [anew] = await values(engine, blockHash("4"), 5, 5, [["5", [bob.pay(alice, coin / 10n)]]]);
    near(anew, third / 10);
    assert.deepEqual(await values(engine, blockHash("5"), null, 6, [["6", []]]), [0], "not looked at");
  });

  it("branches count on their own", async () => {
    const engine = await open();
    const [alice, bob] = [payer(1), payer(2)];
    await values(engine, genesis.hash, 1, 1, [["1", []]]);
    const [left] = await values(engine, blockHash("1"), 1, 2, [["left", [alice.pay(bob, coin / 2n)]]]);
    const [right] = await values(engine, blockHash("1"), 1, 2, [["right", []]]);
    assert.ok(left! > 0);
    assert.equal(right, 0);
  });

  it("a ledger that is opened again, goes back or is asked again for a final block counts the same", async () => {
    const database = new MemoryDatabase();
    const [alice, bob] = [payer(1), payer(2)];
    const early = [["1", [bob.pay(alice, coin / 5n)]]] as const;
    const transfers = ["2", "3", "4"].map((name) => [name, [alice.pay(bob, coin / 4n)]] as const);
    const whole = await open(database);
    await values(whole, genesis.hash, null, 1, early);
    const expected = await values(whole, blockHash("1"), 2, 2, transfers);
    await whole.finalize(blockHash("3"));
    await whole.close();

    const again = await open(database);
    assert.deepEqual(await values(again, blockHash("3"), 2, 4, transfers.slice(2)), expected.slice(2));
    assert.deepEqual(await values(again, blockHash("1"), 2, 2, transfers.slice(0, 2)), expected.slice(0, 2));
    await again.finalize(blockHash("4"));
    await again.rewind(blockHash("2"));
    assert.deepEqual(await values(again, blockHash("2"), 2, 3, transfers.slice(1)), expected.slice(1));
    // Nobody counted in the epoch that began with block 1.
    await assert.rejects(values(again, blockHash("4"), 1, 5, [["5", []]]), { code: "STATE_UNAVAILABLE" });
  });
});
