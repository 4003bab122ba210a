import type { BlockSummary } from "../engine.ts";
import { ExecutionError } from "../errors.ts";
import { type Account, accountKey, emptyAccountTrie, type LedgerState, toHex } from "../ledger/index.ts";
import type { Before } from "./records.ts";
import type { LedgerStore } from "./store.ts";

/** Accounts put into the trie at once when it is rebuilt; bounds what is in memory twice. */
const loadChunk = 16_384;

/**
 * Rebuilds the state of a block from the stored accounts.
 * @param before accounts that differ from the stored ones: those of an earlier block
 * @throws {ExecutionError} CORRUPT_STATE if they do not give its root
 */
export async function loadState(
  store: LedgerStore,
  block: BlockSummary,
  before: Before = new Map(),
): Promise<LedgerState> {
  let accounts = emptyAccountTrie();
  let entries: [Uint8Array, Account][] = [];
  for await (const [address, stored] of store.accounts()) {
    const account = before.has(address) ? before.get(address) : stored;
    if (account === undefined) continue;
    entries.push([accountKey(address), account]);
    if (entries.length < loadChunk) continue;
    accounts = accounts.with(entries);
    entries = [];
  }
  accounts = accounts.with(entries);
  const root = toHex(accounts.rootHash());
  if (root !== block.stateRoot) {
    throw new ExecutionError(
      "CORRUPT_STATE",
      `the stored accounts have root ${root}, final block ${block.height} has ${block.stateRoot}`,
    );
  }
  const { baseFee, gasUsed, burnt, height } = block;
  return { accounts, baseFee, gasUsed, burnt, genesis: height === 0 };
}
