import type { Allocation, Hash, LedgerParameters, PendingOptions } from "../ledger/index.ts";

export interface EmbeddedEngineOptions {
  readonly parameters: LedgerParameters;
  readonly allocation: Allocation;
  /** Hash and stamp (ms) of the genesis header, which commits the allocation's state root. */
  readonly genesis: { readonly hash: Hash; readonly stamp: number };
  readonly pending: PendingOptions;
  /** Final blocks whose states stay readable; they share what they have in common. */
  readonly statesKept: number;
  /** Final blocks whose effects can be taken back. */
  readonly undoKept: number;
  /** Verified transactions remembered between check, verify and execute. */
  readonly verifiedKept: number;
  /** Transactions executed, and accounts hashed, before other work gets its turn. */
  readonly slice: number;
}

/**
 * Options besides the network's: states for longer than a settled checkpoint takes, verified transactions of ten seconds
 * at 10,000 a second, slices of about 5 ms; an epoch of the fastest mode can be taken back.
 */
export const defaultEmbeddedOptions = {
  statesKept: 1_024,
  undoKept: 36_000,
  verifiedKept: 100_000,
  slice: 512,
} as const;
