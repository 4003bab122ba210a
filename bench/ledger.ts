import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  type Address,
  defaultEmbeddedOptions,
  defaultLedgerParameters,
  defaultPendingOptions,
  defaultSenderPoolOptions,
  EmbeddedEngine,
  type Hash,
  type LedgerDatabase,
  SenderPool,
} from "@aitbc-hybrid/execution";
import { defineBuckets, LevelStore } from "@aitbc-hybrid/storage";
import { hexToBytes, keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

export const description =
  "embedded ledger on LevelDB: transfers between --accounts (100,000) in blocks of --transfers (5,000), --blocks (4)";

const chainId = 31_337;
const senders = 500;
const genesis: { hash: Hash; stamp: number } = { hash: keccak256("0x00"), stamp: 0 };

export async function run(argv: readonly string[]): Promise<Record<string, { value: number; unit: string }>> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      accounts: { type: "string", default: "100000" },
      transfers: { type: "string", default: "5000" },
      blocks: { type: "string", default: "4" },
    },
  });
  const [accounts, transfers, blocks] = [values.accounts, values.transfers, values.blocks].map(Number) as [
    number,
    number,
    number,
  ];
  const directory = await mkdtemp(join(tmpdir(), "bench-ledger-"));
  try {
    return await measure(directory, accounts, transfers, blocks);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function measure(directory: string, accounts: number, transfers: number, blocks: number) {
  const wallets = Array.from({ length: senders }, (_, i) => privateKeyToAccount(keccak256(toHex(i + 1))));
  const others = Array.from(
    { length: accounts },
    (_, i): Address => `0x${(i + 1).toString(16).padStart(40, "0")}`,
  );
  const owners = [...wallets.map(({ address }) => address.toLowerCase() as Address), ...others];
  const allocation = new Map(owners.map((address) => [address, 10n ** 24n]));
  const chain: Uint8Array[][] = [];
  for (let block = 0; block < blocks; block++) {
    const signed = Array.from({ length: transfers }, (_, i) => {
      const at = block * transfers + i;
      return wallets[at % senders]!.signTransaction({
        type: "eip1559",
        chainId,
        nonce: Math.floor(at / senders),
        // A step coprime to the number of accounts visits them all.
        to: others[(at * 7919) % accounts]!,
        value: 1n,
        gas: 21_000n,
        maxFeePerGas: 10n ** 12n,
        maxPriorityFeePerGas: 10n ** 9n,
      });
    });
    chain.push((await Promise.all(signed)).map((raw) => hexToBytes(raw)));
  }

  const buckets = defineBuckets({ ledger: 1 });
  const workers = availableParallelism();
  const openStore = async () => {
    const store = await LevelStore.open({ directory, buckets });
    const bucket = store.bucket("ledger");
    const database: LedgerDatabase = {
      get: (key) => bucket.get(key),
      batch: (changes) =>
        store.batch(
          changes.map((change) => ({
            bucket: "ledger",
            key: change.key,
            value: change.type === "put" ? change.value : null,
          })),
          { sync: true },
        ),
      iterate: (range) => bucket.iterate(range),
    };
    const engine = await EmbeddedEngine.open(
      {
        ...defaultEmbeddedOptions,
        parameters: defaultLedgerParameters(chainId),
        allocation,
        genesis,
        pending: defaultPendingOptions,
      },
      { database, senders: new SenderPool({ ...defaultSenderPoolOptions, workers }) },
    );
    return { engine, store };
  };

  let { engine, store } = await openStore();
  // Workers start up outside the measurement.
  await engine.verify(chain[0]!.slice(0, 1_000));
  let verified = 0;
  const spent = { verify: 0, execute: 0, finalize: 0 };
  for (const [i, transactions] of chain.entries()) {
    const fresh = i === 0 ? transactions.slice(1_000) : transactions;
    spent.verify += await timed(() => engine.verify(fresh));
    verified += fresh.length;
    const height = i + 1;
    const context = {
      hash: keccak256(toHex(height)),
      height,
      stamp: 500 * height,
      feeRecipient: others[0]!,
      valueFrom: null,
    };
    spent.execute += await timed(async () => {
      const { executed } = await engine.execute(engine.finalized.hash, context, transactions);
      if (executed !== transactions.length) throw new Error(`only ${executed} transfers were executed`);
    });
    spent.finalize += await timed(() => engine.finalize(context.hash));
  }
  await engine.close();
  await store.close();
  const reopen = await timed(async () => {
    ({ engine, store } = await openStore());
  });
  await engine.close();
  await store.close();
  const total = blocks * transfers;
  return {
    verifiedPerSecond: { value: verified / spent.verify, unit: "1/s" },
    recoveryWorkers: { value: workers, unit: "threads" },
    executedPerSecond: { value: total / spent.execute, unit: "1/s" },
    executeBlock: { value: (1_000 * spent.execute) / blocks, unit: "ms" },
    finalizeBlock: { value: (1_000 * spent.finalize) / blocks, unit: "ms" },
    reopen: { value: reopen, unit: "s" },
  };
}

/** Seconds that it takes. */
async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1_000;
}
