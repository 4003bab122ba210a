import {
  appendLeaf,
  EMPTY_RANGE,
  type Hash,
  type Header,
  merkleProof,
  rangeRoot,
} from "@aitbc-hybrid/protocol";
import { hashOf, ZERO } from "./core.ts";

/** A block's header as the tests make it: every field is set, so that none can be left out of a hash unseen. */
export function headerAt(domain: Hash, height: number, change: Partial<Header> = {}): Header {
  return {
    domain,
    view: height,
    parentView: Math.max(0, height - 1),
    parentHash: hashOf(`block ${height - 1}`),
    height,
    stamp: 1_800_000_000_000 + 500 * height,
    reference: { number: 100 + height, hash: hashOf(`reference ${height}`) },
    settledAt: 1_799_999_999_000,
    inboxCursor: 3,
    feeRecipient: "0x00000000000000000000000000000000000000fe",
    vrfOutput: hashOf(`vrf ${height}`),
    batchesRoot: hashOf(`batches ${height}`),
    stateRoot: hashOf(`state root ${height}`),
    receiptsRoot: hashOf(`receipts ${height}`),
    certificatesHash: hashOf(`certificates ${height}`),
    lateVotesHash: hashOf(`late votes ${height}`),
    commitment: ZERO,
    ...change,
  };
}

/** A header as the contracts take it. */
export function headerWords(header: Header) {
  return {
    viewNumber: header.view,
    parentView: header.parentView,
    parentHash: header.parentHash,
    height: header.height,
    stamp: header.stamp,
    refNumber: header.reference.number,
    refHash: header.reference.hash,
    settledAt: header.settledAt,
    inboxCursor: header.inboxCursor,
    feeRecipient: header.feeRecipient,
    vrfOutput: header.vrfOutput,
    batchesRoot: header.batchesRoot,
    stateRoot: header.stateRoot,
    receiptsRoot: header.receiptsRoot,
    certificatesHash: header.certificatesHash,
    lateVotesHash: header.lateVotesHash,
    commitment: header.commitment,
  };
}

/** The range over block hashes, and the way from one of them to its root. */
export function mountains(blocks: readonly Hash[]) {
  let range = EMPTY_RANGE;
  for (const block of blocks) range = appendLeaf(range, block);
  const proofOf = (height: number) => {
    let from = 0;
    for (let size = 2 ** 30; size >= 1; size /= 2) {
      if (!(blocks.length & size)) continue;
      if (height < from + size) {
        return { path: merkleProof(blocks.slice(from, from + size), height - from), peaks: [...range.peaks] };
      }
      from += size;
    }
    throw new RangeError(`no block ${height}`);
  };
  return { root: rangeRoot(range), proofOf };
}
