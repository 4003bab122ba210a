import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openKeystoreFile, readPasswordFile } from "@aitbc-hybrid/crypto/keystore";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  type DevnetInfo,
  type DevnetOptions,
  type DevnetResult,
  type DevnetStatus,
  LEDGER_CHAIN_ID,
  runDevnet,
} from "@aitbc-hybrid/devnet";
import {
  catchUp,
  DEFAULT_LIGHT_OPTIONS,
  LightClient,
  parseNetwork,
  type ReceiptProof,
  readAnchor,
  readGenesisHash,
  rpcSource,
} from "@aitbc-hybrid/sdk";
import { createPublicClient, type Hash, http, type PublicClient, parseEther, toHex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";

const root = mkdtempSync(join(tmpdir(), "devnet network "));
after(() => rmSync(root, { recursive: true, force: true }));

const options: DevnetOptions = {
  authorities: 4,
  stakers: 3,
  mode: "balanced",
  forMs: null,
  folder: join(root, "data"),
  reset: false,
  portBase: null,
  rate: 80,
  misbehave: true,
  kill: true,
};

/** A devnet that did not get where it should by then has failed. */
const DEADLINE_MS = 600_000;

/** Runs a devnet until `reached` holds; once it is ready, `meanwhile` runs beside it. */
async function run(
  changed: Partial<DevnetOptions>,
  reached: (status: DevnetStatus, notes: readonly string[]) => boolean,
  meanwhile: (info: DevnetInfo) => Promise<void> = async () => {},
): Promise<DevnetResult> {
  let work: Promise<void> = Promise.resolve();
  let settled = true;
  const notes: string[] = [];
  const abort = new AbortController();
  const deadline = setTimeout(() => abort.abort(), DEADLINE_MS);
  try {
    const result = await runDevnet(
      { ...options, ...changed },
      {
        signal: abort.signal,
        onEvent: (event) => {
          if (event.type === "note") {
            notes.push(event.text);
            console.log(`# ${event.text}`);
          } else if (event.type === "ready") {
            settled = false;
            work = meanwhile(event.info);
            work.then(
              () => {
                settled = true;
              },
              () => abort.abort(),
            );
          } else if (event.type === "status" && settled && reached(event.status, notes)) {
            abort.abort();
          }
        },
      },
    );
    await work;
    return result;
  } finally {
    clearTimeout(deadline);
  }
}

async function account(info: DevnetInfo): Promise<PrivateKeyAccount> {
  const password = await readPasswordFile(join(info.folder, "password.txt"));
  return privateKeyToAccount(
    toHex(await openKeystoreFile(join(info.folder, "accounts", "test.json"), password, "secp256k1")),
  );
}

/** Every refusal of the issue, each with its reason, and nothing changed by any; the hash of what was not refused. */
async function refusals(client: PublicClient, sender: PrivateKeyAccount): Promise<Hash> {
  const to = "0x000000000000000000000000000000000000dEaD";
  const fees = { gas: 21_000n, maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 9n } as const;
  const transfer = { type: "eip1559", chainId: LEDGER_CHAIN_ID, to, value: 1n, ...fees } as const;
  const first = await sender.signTransaction({ ...transfer, nonce: 0 });
  const hash = await client.sendRawTransaction({ serializedTransaction: first });
  const receipt = await client.waitForTransactionReceipt({ hash, timeout: DEADLINE_MS });
  assert.equal(receipt.status, "success");
  const state = async () => [
    await client.getBalance({ address: sender.address, blockTag: "latest" }),
    await client.getTransactionCount({ address: sender.address, blockTag: "pending" }),
    await client.getBalance({ address: to, blockTag: "latest" }),
  ];
  const before = await state();
  assert.deepEqual([before[1], before[2]], [1, 1n]);

  const good = await sender.signTransaction({ ...transfer, nonce: 1 });
  // The last 32 bytes are s: beyond the group order it is no signature of anybody.
  const badSignature: `0x${string}` = `0x${good.slice(2, -64)}${"f".repeat(64)}`;
  const refused: readonly (readonly [`0x${string}`, RegExp])[] = [
    [badSignature, /signature/i],
    [first, /nonce/i],
    [await sender.signTransaction({ ...transfer, nonce: 1, value: parseEther("2000000") }), /funds|balance/i],
    [
      await sender.signTransaction({
        ...transfer,
        nonce: 1,
        gas: 5_000_000n,
        data: `0x${"00".repeat(5_000)}`,
      }),
      /data|size|large|oversized/i,
    ],
  ];
  for (const [serializedTransaction, reason] of refused) {
    await assert.rejects(
      client.request({ method: "eth_sendRawTransaction", params: [serializedTransaction] }),
      reason,
    );
  }
  assert.deepEqual(await state(), before);
  return hash;
}

const nextBlock = (client: PublicClient): Promise<void> =>
  new Promise((resolve) => {
    const stop = client.watchBlockNumber({
      onBlockNumber: (_, before) => {
        if (before === undefined) return;
        stop();
        resolve();
      },
    });
  });

/** A light client that starts from the contracts believes a validator's RPC what it can prove, and that is the transaction. */
async function proved(info: DevnetInfo, ledger: PublicClient, hash: Hash): Promise<void> {
  const network = parseNetwork(JSON.parse(readFileSync(join(info.folder, "network.json"), "utf8")));
  const contracts = createPublicClient({ transport: http(info.settlementUrl) }) as PublicClient;
  const light = new LightClient(
    { ...DEFAULT_LIGHT_OPTIONS, ...(await readGenesisHash(contracts, network)) },
    { bls: nativeBls, clock: Date.now },
    await readAnchor(contracts, network, "latest"),
  );
  const source = rpcSource({ url: info.validators[2]!.rpc });
  const begun = light.position.epoch;
  for (let proof: ReceiptProof | null = null; proof === null || light.position.epoch < begun + 2; ) {
    await nextBlock(ledger);
    await catchUp(light, source);
    const under = light.position.height;
    if (light.checkpointAt(under) === null) continue;
    proof = await source.receiptProof(hash, under);
    if (proof !== null) assert.ok(light.proveReceipt(proof).executedAt! > 0);
  }
  assert.equal(light.status, "live");
}

test("seven processes finalize, survive a SIGKILL and an equivocating authority, checkpoint, and refuse what is invalid", async () => {
  const result = await run(
    {},
    ({ handOvers, finalized, slashed, checkpoints, accruedEpochs, validators }, notes) =>
      handOvers > 0 &&
      finalized >= 1_000 &&
      slashed === 1 &&
      checkpoints > 0 &&
      accruedEpochs > 1 &&
      validators.every(({ up }) => up) &&
      notes.some((note) => note.includes("of rewards")) &&
      notes.some((note) => note.includes("restarted and caught up")),
    async (info) => {
      assert.equal(info.validators.length, 7);
      const client = createPublicClient({ transport: http(info.validators[1]!.rpc), pollingInterval: 50 });
      await proved(info, client, await refusals(client, await account(info)));
    },
  );
  assert.deepEqual(result.problems, []);
  assert.ok(result.finalizedTransactions >= 1_000, `${result.finalizedTransactions} finalized`);
  assert.equal(result.rejectedTransactions, 0);
  assert.equal(result.agreement, true);
  assert.equal(result.slashed, 1);
  assert.ok(result.checkpoints > 0);
  assert.ok(result.handOvers > 0);
  assert.ok(result.accruedEpochs > 1);
  const [paid, claimed] = [parseEther(result.rewardsPaid), parseEther(result.claimed)];
  assert.ok(claimed > 0n && claimed < paid, `${result.claimed} claimed of ${result.rewardsPaid}`);
  assert.equal(result.delegated, "100");
  // Shares are rounded down twice.
  const kept = parseEther("40") - parseEther(result.undelegated);
  assert.ok(kept >= 0n && kept <= 2n, `${result.undelegated} undelegated`);
  // A tenth of the bond of 10,000 is taken, and of that a tenth is who reported's.
  assert.equal(result.evidencePaid, "100");

  // The same folder goes on where it stopped: same chain, higher.
  const further = ({ height, finalized, checkpoints }: DevnetStatus, notes: readonly string[]): boolean =>
    height > result.height &&
    finalized > 0 &&
    checkpoints > 0 &&
    notes.some((note) => note.includes("of rewards"));
  // Asked to misbehave again, it says that the authority was convicted before and goes on.
  const resumed = await run({ kill: false }, further, async (info) => {
    assert.equal(info.resumed, true);
    // The convicted authority follows: what it cannot spread it does not take.
    const follower = createPublicClient({ transport: http(info.validators[3]!.rpc) });
    await assert.rejects(
      follower.request({ method: "eth_sendRawTransaction", params: ["0x02"] }),
      /follows the chain without a key/,
    );
  });
  assert.deepEqual(resumed.problems, []);
  assert.equal(resumed.slashed, 0);
  assert.equal(resumed.evidencePaid, "0");
  assert.ok(resumed.accruedEpochs > 0);
  assert.ok(parseEther(resumed.claimed) > 0n);
  assert.ok(resumed.height > result.height, `${resumed.height} after ${result.height}`);
  // Every account's transfers go on: one that the wallet has wrong nonces of would be refused or wait for ever.
  assert.equal(resumed.rejectedTransactions, 0);
  assert.equal(resumed.unresolvedTransactions, 0);
});

test("another shape than the folder's is refused, and the folder is left alone", async () => {
  const manifest = readFileSync(join(options.folder, "devnet.json"), "utf8");
  await assert.rejects(
    run({ stakers: 5 }, () => true),
    /3 stakers.*--reset/s,
  );
  assert.equal(readFileSync(join(options.folder, "devnet.json"), "utf8"), manifest);
});
