import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockToExecute, ExecutionEngine } from "@aitbc-hybrid/execution";
import { DEVNET_PARAMS, type Hash, hashOf, type Registry, ZERO_HASH } from "@aitbc-hybrid/protocol";
import { registryOf } from "@aitbc-hybrid/protocol/testing";
import type { ChainStore, FinalBlock } from "../src/chain/index.ts";
import type { DataPath } from "../src/data/index.ts";
import { silentLog } from "../src/log.ts";
import { catchUpLedger } from "../src/restoring.ts";
import { bareBlock } from "./support/blocks.ts";

/** Epochs of three blocks. */
const LENGTH = 3;

function chainOf(top: number): FinalBlock[] {
  const blocks: FinalBlock[] = [];
  let parentHash: Hash = ZERO_HASH;
  for (let height = 1; height <= top; height++) {
    const block = bareBlock({ domain: ZERO_HASH, view: height, parentHash, height });
    parentHash = hashOf(block);
    const epoch = (height - 1 - ((height - 1) % LENGTH)) / LENGTH;
    const roots = { height, stateRoot: ZERO_HASH, receiptsRoot: ZERO_HASH };
    blocks.push({ epoch, hash: parentHash, block, certificate: null, roots });
  }
  return blocks;
}

/** From where on value at stake is counted in the blocks that a ledger executes which is `behind` the chain. */
async function counted(
  top: number,
  behind: number,
  limitOf: (epoch: number) => number,
): Promise<(number | null)[]> {
  const blocks = chainOf(top);
  const asked: (number | null)[] = [];
  const begun = blocks[top - behind - 1];
  const execution = {
    finalized: { height: begun?.block.header.height ?? 0, hash: begun?.hash ?? ZERO_HASH },
    execute: async (_parent: Hash, { valueFrom }: BlockToExecute) => {
      asked.push(valueFrom);
      return { stateRoot: ZERO_HASH };
    },
    finalize: async () => {},
    rewind: async () => {},
  };
  const chain = {
    height: top,
    at: async (height: number) => blocks[height - 1] ?? null,
    lastOfEpoch: async (epoch: number) => blocks[LENGTH * (epoch + 1) - 1] ?? null,
  };
  const registry = async (epoch: number): Promise<Registry> =>
    registryOf({ authorities: [1n], stakers: [], params: { ...DEVNET_PARAMS, valueLimit: limitOf(epoch) } });
  await catchUpLedger(
    execution as unknown as ExecutionEngine,
    chain as unknown as ChainStore,
    { transactions: async () => [] } as unknown as DataPath,
    registry,
    silentLog,
  );
  return asked;
}

test("blocks executed again count value at stake from where their epoch began, if it looks at it", async () => {
  const always = () => 50_000;
  assert.deepEqual(await counted(7, 7, always), [1, 1, 1, 4, 4, 4, 7]);
  // In the middle of an epoch, too.
  assert.deepEqual(await counted(6, 2, always), [4, 4]);
  assert.deepEqual(await counted(7, 7, () => 0), Array(7).fill(null));
  assert.deepEqual(await counted(7, 5, (epoch) => (epoch === 1 ? 1 : 0)), [null, 4, 4, 4, null]);
});
