import { type Block, type Certificate, type Header, ZERO_HASH } from "@aitbc-hybrid/protocol";

/** A block of which nothing matters but what is given. */
export const bareBlock = (
  given: Pick<Header, "domain" | "view" | "parentHash" | "height">,
  certificates: readonly Certificate[] = [],
): Block => ({
  header: {
    parentView: given.view - 1,
    stamp: 1_000 * given.height,
    reference: { number: 0, hash: ZERO_HASH },
    settledAt: 0,
    inboxCursor: 0,
    feeRecipient: `0x${"00".repeat(20)}`,
    vrfOutput: ZERO_HASH,
    batchesRoot: ZERO_HASH,
    stateRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    certificatesHash: ZERO_HASH,
    lateVotesHash: ZERO_HASH,
    commitment: ZERO_HASH,
    ...given,
  },
  body: {
    vrfProof: new Uint8Array(96),
    batches: [],
    certificates,
    backings: [],
    lateVotes: [],
    commitment: null,
  },
});
