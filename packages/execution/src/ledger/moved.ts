import { type Account, type AccountTrie, accountKey, emptyAccountTrie } from "./accounts.ts";
import type { Address } from "./bytes.ts";

/*
 * Value at stake (protocol.md section 6): what accounts sent away in an epoch, each one's at most what it held when the
 * epoch began, so that passing the same coins round and round counts once for each who held them then.
 */

/** wei that accounts sent to others. */
export type Sent = ReadonlyMap<Address, bigint>;

/** What moved since an epoch began. */
export interface Moved {
  /** Height of the epoch's first block. */
  readonly first: number;
  /** The accounts before it. */
  readonly base: AccountTrie;
  /** What each account sent since, as a balance. */
  readonly sent: AccountTrie;
  /** wei; the sum over accounts of what each sent, at most what it held. */
  readonly total: bigint;
}

export const nothingMoved = (first: number, base: AccountTrie): Moved => ({
  first,
  base,
  sent: emptyAccountTrie(),
  total: 0n,
});

/** The same with what accounts sent in another block, or in several. */
export function movedOn(moved: Moved, sent: Sent): Moved {
  if (sent.size === 0) return moved;
  let { total } = moved;
  const entries: [Uint8Array, Account][] = [];
  for (const [address, amount] of sent) {
    const key = accountKey(address);
    const held = moved.base.get(key)?.balance ?? 0n;
    const before = moved.sent.get(key)?.balance ?? 0n;
    const after = before + amount;
    total += least(after, held) - least(before, held);
    entries.push([key, { nonce: 0, balance: after }]);
  }
  return { ...moved, sent: moved.sent.with(entries), total };
}

/** Millionths of the supply, rounded down. */
export const movedShare = ({ total }: Moved, supply: bigint): number =>
  supply === 0n ? 0 : Number((total * 1_000_000n) / supply);

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
