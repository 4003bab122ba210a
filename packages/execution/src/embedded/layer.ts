import type { BlockSummary, ExecutionResult } from "../engine.ts";
import {
  type Account,
  type Address,
  accountKey,
  emptyAccount,
  type Hash,
  type LedgerState,
  type Moved,
  type RefusalReason,
  type Sent,
} from "../ledger/index.ts";

/** A skipped transaction with a known sender: once the block is final it no longer waits, or waits for its turn again. */
export interface Skipped {
  readonly from: Address;
  readonly nonce: number;
  readonly hash: Hash;
  readonly reason: RefusalReason;
}

/** A block whose state is in memory. */
export interface Layer {
  readonly result: ExecutionResult;
  readonly state: LedgerState;
  readonly changes: ReadonlyMap<Address, Account>;
  readonly skipped: readonly Skipped[];
  /** What accounts sent in it, and since its epoch began; null where that is not looked at, or not read yet. */
  readonly sent: Sent;
  readonly moved: Moved | null;
}

export function accountIn(state: LedgerState, address: Address): Account {
  return state.accounts.get(accountKey(address)) ?? emptyAccount;
}

/** A layer of a block whose receipts are in the store already. */
export function layerOf(block: BlockSummary, state: LedgerState): Layer {
  return {
    result: { ...block, receipts: [], skippedTransactions: [], value: 0 },
    state,
    changes: new Map(),
    skipped: [],
    sent: new Map(),
    moved: null,
  };
}
