import type { Accounting, Commitment, Header } from "../types/index.ts";
import { modeIndex } from "../types/index.ts";
import type { Writer } from "./bytes.ts";

/*
 * Fixed-width values whose bytes on the wire are the bytes that are hashed, written in one place.
 */

/** A header: 0x10 and these bytes are what a block hash hashes. */
export function writeHeader(writer: Writer, h: Header): void {
  writer
    .hash(h.domain)
    .u64(h.view, "view")
    .u64(h.parentView, "parentView")
    .hash(h.parentHash)
    .u64(h.height, "height")
    .u64(h.stamp, "stamp")
    .u64(h.reference.number, "reference")
    .hash(h.reference.hash)
    .u64(h.settledAt, "settledAt")
    .u64(h.inboxCursor, "inboxCursor")
    .hex(h.feeRecipient, 20, "feeRecipient")
    .hash(h.vrfOutput)
    .hash(h.batchesRoot)
    .hash(h.stateRoot)
    .hash(h.receiptsRoot)
    .hash(h.certificatesHash)
    .hash(h.lateVotesHash)
    .hash(h.commitment);
}

/** A commitment: 0x14 and these bytes. */
export function writeCommitment(writer: Writer, c: Commitment): void {
  writer
    .hash(c.registryNext)
    .hash(c.registryAfter)
    .u8(modeIndex(c.modeNext))
    .u8(modeIndex(c.modeWanted))
    .hash(c.seedNext);
}

/** An accounting: 0x16 and these bytes. */
export function writeAccounting(writer: Writer, a: Accounting): void {
  writer
    .u64(a.epoch, "epoch")
    .u64(a.views, "views")
    .u64(a.stamp, "stamp")
    .u32(a.loadMultiplier, "loadMultiplier")
    .hash(a.vectorHash);
}
