import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { consensusParametersAbi, hybridManagerAbi, isLeftOut } from "@aitbc-hybrid/sdk";
import { createTestClient, createWalletClient, http } from "viem";
import { compareChains, finalHeight } from "../src/agreement.ts";
import { Cluster } from "../src/cluster.ts";
import { rpc } from "../src/rpc.ts";

const root = mkdtempSync(join(tmpdir(), "devnet recovery "));
after(() => rmSync(root, { recursive: true, force: true }));

/** Seconds: long enough for a checkpoint every few blocks, short enough for a test. */
const STALL = 20;
const GRACE = 12;
const DEADLINE_MS = 170_000;

interface Status {
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: string;
}

/** The times of a recovery, set as governance would: by the timelock. */
async function shortenRecovery(cluster: Cluster, url: string): Promise<void> {
  const { timelock, parameters } = cluster.network.addresses;
  const chain = createTestClient({ mode: "anvil", transport: http(url) });
  await chain.impersonateAccount({ address: timelock });
  await chain.setBalance({ address: timelock, value: 10n ** 18n });
  const rules = await cluster.client.readContract({
    address: parameters,
    abi: consensusParametersAbi,
    functionName: "recovery",
  });
  const hash = await createWalletClient({ transport: http(url) }).writeContract({
    account: timelock,
    chain: null,
    address: parameters,
    abi: consensusParametersAbi,
    functionName: "setRecovery",
    args: [{ ...rules, stall: BigInt(STALL), grace: BigInt(GRACE) }],
  });
  const { status } = await cluster.client.waitForTransactionReceipt({ hash });
  assert.equal(status, "success");
}

test("all authorities are gone: the stake restarts the chain without them, whoever is killed on the way", {
  timeout: DEADLINE_MS + 30_000,
}, async () => {
  const abort = new AbortController();
  let url = "";
  const cluster = new Cluster(
    {
      authorities: 1,
      stakers: 3,
      mode: "balanced",
      forMs: null,
      folder: join(root, "data"),
      reset: false,
      portBase: null,
      rate: 5,
      misbehave: false,
      kill: false,
    },
    {
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === "ready") url = event.info.settlementUrl;
        if (event.type === "note") console.log(`# ${event.text}`);
      },
    },
    () => {},
  );
  const until = Date.now() + DEADLINE_MS;
  const reaches = async (what: string, reached: () => Promise<boolean>): Promise<void> => {
    for (;;) {
      if (await reached().catch(() => false)) break;
      assert.ok(Date.now() < until, `${what}: not in time`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    console.log(`# ${what}`);
  };
  const hybrid = () => ({ address: cluster.network.addresses.hybrid, abi: hybridManagerAbi }) as const;
  try {
    await cluster.begin();
    await shortenRecovery(cluster, url);
    const [authority, ...stakers] = cluster.validators;
    const statusOf = async (validator: { rpc: string }) =>
      (await rpc(validator.rpc, "hybrid_status")) as Status;
    await reaches("the second epoch begins", async () => (await statusOf(stakers[0]!)).epoch >= 1);

    await authority!.crash();
    await cluster.endWallet();
    const before = await statusOf(stakers[0]!);
    const height = Math.max(...(await Promise.all(stakers.map(({ rpc }) => finalHeight(rpc)))));
    assert.equal(before.incarnation, 0);

    await reaches("recovery is open", () =>
      cluster.client.readContract({ ...hybrid(), functionName: "isOpen" }),
    );
    // Without it two thirds are not together: it signs after its return.
    await stakers[2]!.crash();
    await reaches("grace is over", async () => {
      const { graceEnd } = await cluster.client.readContract({
        ...hybrid(),
        functionName: "recovery",
        args: [1],
      });
      return (await cluster.client.getBlock()).timestamp > graceEnd + 2;
    });
    await stakers[1]!.crash();
    await stakers[1]!.start();
    await stakers[2]!.start();

    await reaches("the new incarnation begins", async () => (await statusOf(stakers[0]!)).incarnation === 1);
    const recovered = await statusOf(stakers[0]!);
    assert.equal(recovered.mode, "secure");
    assert.ok(recovered.epoch > before.epoch);
    await stakers[1]!.crash();
    await stakers[1]!.start();
    await reaches("blocks become final in the new incarnation, nothing final before is lost", async () => {
      const heights = await Promise.all(stakers.map(({ rpc }) => finalHeight(rpc)));
      return heights.every((each) => each >= height + 3);
    });
    // The authority, which knows of nothing, follows, and asks to count again.
    const leftOut = () => isLeftOut(cluster.client, cluster.network, authority!.number);
    assert.equal(await leftOut(), true);
    await authority!.start();
    await reaches("the authority follows", async () => {
      const status = await statusOf(authority!);
      return status.incarnation === 1 && (await finalHeight(authority!.rpc)) > height;
    });
    await reaches("the authority counts again", async () => !(await leftOut()));
    const target = await finalHeight(authority!.rpc);
    const agreement = await compareChains(
      cluster.validators.map((validator) => validator.rpc),
      target,
      Date.now() + 10_000,
    );
    assert.equal(agreement.agreed, true, agreement.problem ?? "");
  } finally {
    abort.abort();
    await cluster.end();
  }
});
