import { setImmediate as nextTurn } from "node:timers/promises";
import type { BlockSummary } from "../engine.ts";
import { ExecutionError } from "../errors.ts";
import {
  type Account,
  type Address,
  accountKey,
  emptyAccountTrie,
  genesisLedger,
  type Hash,
  toHex,
} from "../ledger/index.ts";
import { type Layer, layerOf } from "./layer.ts";
import { loadState } from "./load.ts";
import type { EmbeddedEngineOptions } from "./options.ts";
import { type LedgerDatabase, LedgerStore } from "./store.ts";

type NetworkOptions = Pick<EmbeddedEngineOptions, "parameters" | "allocation" | "genesis">;

const noAddress: Address = `0x${"0".repeat(40)}`;
const noHash: Hash = `0x${"0".repeat(64)}`;

/**
 * The last final block in a store, or genesis, which is written if the store is empty, and the wei allocated at genesis.
 * @throws {ExecutionError} BAD_GENESIS; GENESIS_MISMATCH; CORRUPT_STATE
 */
export async function openStore(
  options: NetworkOptions,
  store: LedgerStore,
): Promise<{ readonly final: Layer; readonly allocated: bigint }> {
  const genesis = genesisLedger(options.allocation, options.parameters);
  const zero = genesisSummary(options, genesis.stateRoot);
  const stored = await store.finalBlock();
  if (stored === undefined) {
    await store.writeGenesis(zero, genesis.accounts);
    return { final: layerOf(zero, genesis.state), allocated: genesis.supply };
  }
  const first = await store.blockAt(0);
  if (first?.hash !== zero.hash || first.stateRoot !== zero.stateRoot) {
    throw new ExecutionError(
      "GENESIS_MISMATCH",
      `the store holds the ledger of genesis ${first?.hash} with state root ${first?.stateRoot}, ` +
        `not ${zero.hash} with ${zero.stateRoot}`,
    );
  }
  return { final: layerOf(stored, await loadState(store, stored)), allocated: genesis.supply };
}

/** Fills an empty store, or writes nothing, as `EmbeddedEngine.restore` says. */
export async function restore(
  options: NetworkOptions,
  database: LedgerDatabase,
  block: BlockSummary,
  accounts: () => AsyncIterable<readonly (readonly [Address, Account])[]>,
): Promise<void> {
  const genesis = genesisLedger(options.allocation, options.parameters);
  let trie = emptyAccountTrie();
  let balances = 0n;
  for await (const some of accounts()) {
    trie = trie.with(some.map(([address, account]) => [accountKey(address), account]));
    for (const [, { balance }] of some) balances += balance;
    await nextTurn();
  }
  const root = toHex(trie.rootHash());
  if (root !== block.stateRoot || balances + block.burnt !== genesis.supply) {
    throw new ExecutionError(
      "BAD_SNAPSHOT",
      `the accounts have root ${root} and hold ${balances} wei, block ${block.height} has ${block.stateRoot} and ${genesis.supply - block.burnt}`,
    );
  }
  const store = new LedgerStore(database, 0);
  for await (const some of accounts()) await store.writeAccounts(some);
  await store.writeSnapshot(genesisSummary(options, genesis.stateRoot), block);
}

function genesisSummary(
  options: Pick<EmbeddedEngineOptions, "genesis" | "parameters">,
  stateRoot: Hash,
): BlockSummary {
  return {
    hash: options.genesis.hash,
    parentHash: noHash,
    height: 0,
    stamp: options.genesis.stamp,
    feeRecipient: noAddress,
    stateRoot,
    receiptsRoot: noHash,
    gasUsed: 0,
    gasTarget: options.parameters.gasTarget,
    baseFee: options.parameters.initialBaseFee,
    burnt: 0n,
    executed: 0,
    skipped: 0,
    bytesUsed: 0,
  };
}
