import { batchDigest } from "../codec/index.ts";
import type { Hash, InboxEntry, Millis } from "../types/index.ts";

/*
 * Forced inclusion (protocol.md section 9): which entries of the settlement chain's inbox a block has to take. A block
 * takes them as one batch, its first, of an author that no validator is: so they are held, fetched, executed and proved as
 * any other batch is, and nodes that certify need no settlement chain for it.
 */

/** Author of the batch of forced entries; validators count from 1. Its sequence is the number of its first entry. */
export const INBOX_AUTHOR = 0;

/** What a block takes at most, whatever the quota: one batch, as validators exchange them. */
export const FORCED_LIMITS = { entries: 1_024, bytes: 512_000 } as const;

/**
 * The second (since 1970) up to which an entry must have been queued to be due in a block whose reference has this stamp;
 * negative: none is.
 */
export function dueUntil(referenceStamp: Millis, forceAfter: Millis): number {
  const ms = referenceStamp - forceAfter;
  const part = ms % 1_000;
  return (part < 0 ? ms - part - 1_000 : ms - part) / 1_000;
}

/**
 * The entries a block takes of those that are due and not consumed yet, oldest first: as many as the quota holds, but
 * one at least, so that an entry above a quota that was lowered holds up nobody behind it. A quota of 0 takes none.
 */
export function forcedEntries(due: readonly InboxEntry[], quota: number): readonly InboxEntry[] {
  if (quota === 0) return [];
  const most = quota < FORCED_LIMITS.bytes ? quota : FORCED_LIMITS.bytes;
  let count = 0;
  let bytes = 0;
  for (const { size } of due) {
    bytes += size;
    if (count === FORCED_LIMITS.entries || (count > 0 && bytes > most)) break;
    count++;
  }
  return due.slice(0, count);
}

/** Digest of the batch that holds these entries, the first of which has the number `from`. */
export function forcedDigest(chainId: number, from: number, entries: readonly InboxEntry[]): Hash {
  return batchDigest(chainId, {
    author: INBOX_AUTHOR,
    sequence: from,
    bytes: entries.reduce((sum, { size }) => sum + size, 0),
    transactions: entries.map(({ transactionHash }) => transactionHash),
  });
}
