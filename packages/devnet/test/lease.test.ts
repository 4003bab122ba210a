import assert from "node:assert/strict";
import { test } from "node:test";
import { DevnetError } from "@aitbc-hybrid/devnet";
import type { Network } from "@aitbc-hybrid/sdk";
import type { PublicClient } from "viem";
import { checkLease } from "../src/lease.ts";

const HOUR = 3_600_000;
const modes = { fast: 1n, balanced: 1n, secure: 1n };

/** A settlement chain whose last checkpoint was accepted `ago` ms ago, under a lease of two days. */
function chain(ago: number): PublicClient {
  const answers: Readonly<Record<string, unknown>> = {
    lastAcceptedAt: BigInt(Date.now() - ago),
    number: 1,
    consensusAt: {
      ...{ epochLength: modes, checkpointInterval: modes, blockTime: modes, delta: modes },
      settleLease: BigInt(48 * HOUR),
    },
  };
  return {
    readContract: async ({ functionName }: { functionName: string }) => answers[functionName],
  } as unknown as PublicClient;
}

const network = { addresses: {} } as Network;

test("a devnet paused for longer than its settlement lease is refused with the remedy", async () => {
  await checkLease(chain(47 * HOUR), network);
  await assert.rejects(
    checkLease(chain(49 * HOUR), network),
    (error) =>
      error instanceof DevnetError &&
      error.code === "LEASE_PASSED" &&
      /49\.0 h.*48\.0 h/.test(error.message) &&
      error.message.includes("--reset"),
  );
});
