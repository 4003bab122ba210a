import { certificatesHash, commitmentHash, lateVotesHash, merkleRoot, vrfOutput } from "../codec/index.ts";
import { commitmentOf, type Decided, foldSeed } from "../epoch/index.ts";
import type { EpochContext, ParentFacts } from "../state.ts";
import type { Block, BlockBody, ExecutedRoots, Hash, Header, Payload } from "../types/index.ts";
import { ZERO_HASH } from "../types/index.ts";

/** The header's commitment in a block that is not the last of its epoch. */
export const plainCommitment = (
  { start, handover }: Pick<EpochContext, "start" | "handover">,
  height: number,
): Hash => (height === start.firstHeight ? handover : ZERO_HASH);

/** What a leader puts together (rule 2). `roots` are those of `rootLag` blocks back. */
export interface BuildInput {
  readonly context: EpochContext;
  readonly view: number;
  readonly parent: ParentFacts;
  readonly stamp: number;
  readonly payload: Payload;
  readonly roots: ExecutedRoots;
  readonly certificates: BlockBody["certificates"];
  readonly backings: BlockBody["backings"];
  readonly lateVotes: BlockBody["lateVotes"];
  /** Null for any block but an epoch's last. */
  readonly decided: Decided | null;
}

/** A valid block for `view` on `parent`. A payload that names a settlement block below the parent's gets the parent's. */
export function buildBlock(input: BuildInput): Block {
  const { context, view, parent, payload, roots, decided } = input;
  const height = parent.height + 1;
  const advances = payload.reference.number > parent.reference.number;
  const source = advances ? payload : parent;
  const open: Omit<Header, "commitment" | "certificatesHash"> = {
    domain: context.domain,
    view,
    parentView: parent.view,
    parentHash: parent.hash,
    height,
    stamp: input.stamp,
    reference: source.reference,
    settledAt: source.settledAt,
    inboxCursor: payload.inboxCursor,
    feeRecipient: payload.feeRecipient,
    vrfOutput: vrfOutput(payload.vrfProof),
    batchesRoot: merkleRoot(payload.batches),
    stateRoot: roots.stateRoot,
    receiptsRoot: roots.receiptsRoot,
    lateVotesHash: lateVotesHash(input.lateVotes),
  };
  const { seed } = foldSeed(
    parent.chain,
    { ...open, commitment: ZERO_HASH, certificatesHash: ZERO_HASH },
    context.params.termViews,
  );
  const commitment = decided === null ? null : commitmentOf(context, seed, decided);
  const body: BlockBody = {
    vrfProof: payload.vrfProof,
    batches: payload.batches,
    certificates: input.certificates,
    backings: input.backings,
    lateVotes: input.lateVotes,
    commitment,
  };
  return {
    header: {
      ...open,
      certificatesHash: certificatesHash(body),
      commitment: commitment === null ? plainCommitment(context, height) : commitmentHash(commitment),
    },
    body,
  };
}
