import type { BlockSummary } from "../engine.ts";
import { type Hash, keccak256, toHex } from "../ledger/index.ts";
import { encodeSummary } from "./records.ts";

const TAG = 0x41;
/** In a block's record: the four roots and hashes, the fee recipient, height and stamp come before. */
const FIGURES = 164;

/**
 * What a block hands on to the next one besides the accounts, hashed: the gas used and the base fee, from which that of
 * the next block follows, what was burnt since genesis, and what the block's record says otherwise of its execution.
 */
export function handedOn(summary: BlockSummary): Hash {
  const figures = encodeSummary(summary).subarray(FIGURES);
  const bytes = new Uint8Array(1 + figures.length);
  bytes[0] = TAG;
  bytes.set(figures, 1);
  return toHex(keccak256(bytes));
}
