import { commitmentOf, foldSeed } from "../epoch/index.ts";
import { firstOfTerm, lastOfTerm } from "../leader.ts";
import { checkpointRootOf } from "../memo.ts";
import { attendanceAt, attended, lateVotesReason, modesOf } from "../modes/index.ts";
import { bitmapWeights, type Electorate, isBacking, isQuorum } from "../quorum.ts";
import type { ChainFacts, EpochContext, ParentFacts, ReplicaState } from "../state.ts";
import type { Block, Certificate, CheckpointCertificate, Header } from "../types/index.ts";
import { plainCommitment } from "./build.ts";
import { ancestorInView, rootsAtHeight, unfinalAtHeight } from "./tree.ts";

/**
 * The answer of a validity check: false at every honest node for ever, or what the block hands to its children
 * (protocol.md section 3). What is merely missing or untimely is decided elsewhere.
 */
export type Verdict =
  | { readonly invalid: string; readonly chain?: never }
  | { readonly invalid: null; readonly chain: ChainFacts };

const invalid = (reason: string): Verdict => ({ invalid: reason });

/** Whether the signers of immutable certificates suffice, in the electorate that they were last weighed in. */
const weighed = new WeakMap<
  Certificate | CheckpointCertificate,
  { readonly in: Electorate; readonly suffice: boolean }
>();

/** True if a certificate's signers are members and suffice. One comes alone, and again in blocks and their proposals. */
function signersSuffice(e: Electorate, c: Certificate | CheckpointCertificate): boolean {
  const known = weighed.get(c);
  if (known?.in === e) return known.suffice;
  const isBacked = "checkpoint" in c;
  const weights = bitmapWeights(e, isBacked ? e.backers : e.voters, c.bitmap);
  const suffice = weights !== null && (isBacked ? isBacking(e, weights) : isQuorum(e, weights));
  weighed.set(c, { in: e, suffice });
  return suffice;
}

/** True if a certificate has the shape, the members and the quorum of one; its signature is not looked at. */
export const isWellFormed = ({ domain, start, electorate }: EpochContext, c: Certificate): boolean =>
  c.domain === domain && c.epoch === start.epoch && c.view >= 1 && signersSuffice(electorate, c);

/** The same for a backed checkpoint. */
export const isWellFormedBacking = (
  { domain, start, electorate }: EpochContext,
  c: CheckpointCertificate,
): boolean => c.domain === domain && c.epoch === start.epoch && signersSuffice(electorate, c);

/** Settlement reference: not below the parent's, and never two blocks of one number (section 1). */
function referenceReason(header: Header, parent: ParentFacts): string | null {
  const { reference } = header;
  if (reference.number < parent.reference.number) return "settlement reference below the parent's";
  if (reference.number !== parent.reference.number) return null;
  if (reference.hash !== parent.reference.hash) return "another settlement block of the parent's number";
  if (header.settledAt !== parent.settledAt) return "another acceptance time at the parent's reference";
  return null;
}

/** Highest view whose N or F the chain carries with this block, or why the list is wrong. */
function carriedView(
  s: ReplicaState,
  context: EpochContext,
  block: Block,
  parent: ParentFacts,
): number | string {
  const k = context.params.termViews;
  const { view, parentView } = block.header;
  let carried = parent.chain.carriedView;
  // The lowest view between parent and block that no carried X covers yet.
  let uncovered = parentView + 1;
  for (const c of block.body.certificates) {
    if (!isWellFormed(context, c)) return "malformed carried certificate";
    if (c.kind === "nullify") {
      if (c.view > uncovered || lastOfTerm(c.view, k) < uncovered || c.view >= view)
        return "carried nullification covers no open view";
      uncovered = lastOfTerm(c.view, k) + 1;
      continue;
    }
    if (uncovered !== parentView + 1 || c.view <= carried || c.view > parentView)
      return "carried certificates out of order";
    const ancestor = ancestorInView(s, parent.hash, c.view);
    if (ancestor === null || ancestor.hash !== c.blockHash || ancestor.parentView !== c.parentView)
      return "carried certificate of no ancestor";
    carried = c.view;
  }
  const opensTerm = view === firstOfTerm(view, k);
  if (opensTerm && carried < parentView) return "no certificate of the parent";
  if (opensTerm && uncovered < view) return "skipped view without nullification";
  if (!opensTerm && parentView !== view - 1)
    return "a term's later view on another parent than the view before";
  return carried;
}

/** Highest backed checkpoint the chain carries with this block, or why the list is wrong. */
function carriedBacking(
  s: ReplicaState,
  context: EpochContext,
  block: Block,
  parent: ParentFacts,
): { readonly height: number; readonly stamp: number } | string {
  let { backedHeight: height, backedStamp: stamp } = parent.chain;
  for (const c of block.body.backings) {
    const { checkpoint } = c;
    if (!isWellFormedBacking(context, c)) return "malformed carried backing";
    if (checkpoint.height <= height || checkpoint.height >= block.header.height)
      return "carried backings out of order";
    const record = unfinalAtHeight(s, parent.hash, checkpoint.height);
    if (record === null && checkpoint.height <= s.tip.height) {
      if (s.dueRoots.get(checkpoint.height) !== checkpointRootOf(context.domain, checkpoint))
        return "carried backing of no checkpoint of this chain";
    } else {
      if (record?.hash !== checkpoint.blockHash || record.block.header.stamp !== checkpoint.stamp)
        return "carried backing of another chain";
    }
    height = checkpoint.height;
    stamp = checkpoint.stamp;
  }
  return { height, stamp };
}

/**
 * The batch of forced entries against the cursors: it is there exactly if the cursor moves, and holds what lies between.
 * Which entries are due is a matter of the settlement reference, looked at when notarizing.
 */
export function forcedReason(
  header: Header,
  inboxFrom: number | null,
  parent: Pick<ParentFacts, "inboxCursor">,
): string | null {
  if (inboxFrom === null)
    return header.inboxCursor === parent.inboxCursor ? null : "the inbox cursor moves without its entries";
  const moves = inboxFrom === parent.inboxCursor && header.inboxCursor > inboxFrom;
  return moves ? null : "forced entries that do not follow the parent's";
}

function commitmentReason(context: EpochContext, block: Block, seedNext: ChainFacts["seed"]): string | null {
  const { commitment } = block.body;
  if ((commitment !== null) !== (block.header.height === context.lastHeight))
    return "a commitment stands in the last block of an epoch and nowhere else";
  if (commitment === null)
    return block.header.commitment === plainCommitment(context, block.header.height)
      ? null
      : "not what the epoch before handed over";
  const expected = commitmentOf(context, seedNext, commitment);
  const same =
    commitment.registryNext === expected.registryNext &&
    commitment.registryAfter === expected.registryAfter &&
    commitment.seedNext === expected.seedNext;
  return same ? null : "wrong commitment";
}

/** Past this stamp nothing may be notarized or finalized on a block with these facts (section 6, leases). */
export const leaseEnd = (context: EpochContext, chain: ChainFacts, settledAt: number): number => {
  const backed = chain.backedStamp + context.params.lease;
  const settled = settledAt + context.params.settleLease;
  return backed < settled ? backed : settled;
};

/**
 * Everything about a block that its chain decides, except what takes execution (see {@link executedVerdict}) and signatures.
 * The body must match the header (`bodyMatches`).
 */
export function validateBlock(
  s: ReplicaState,
  context: EpochContext,
  block: Block,
  parent: ParentFacts,
): Verdict {
  const { header, body } = block;
  if (header.domain !== context.domain) return invalid("another domain");
  if (header.parentHash !== parent.hash || header.height !== parent.height + 1)
    return invalid("not the child of its parent");
  if (header.parentView !== parent.view || header.view <= header.parentView)
    return invalid("parent of another view");
  if (header.height > context.lastHeight) return invalid("beyond the epoch");
  if (header.stamp < parent.stamp + context.params.blockTime) return invalid("stamp too early");
  if (header.inboxCursor < parent.inboxCursor) return invalid("inbox cursor below the parent's");
  const reference = referenceReason(header, parent);
  if (reference !== null) return invalid(reference);
  const carried = carriedView(s, context, block, parent);
  if (typeof carried === "string") return invalid(carried);
  const backing = carriedBacking(s, context, block, parent);
  if (typeof backing === "string") return invalid(backing);
  const late = lateVotesReason(s, context, body, header);
  if (late !== null) return invalid(late);
  const { seed, term } = foldSeed(parent.chain, header, context.params.termViews);
  const commitment = commitmentReason(context, block, seed);
  if (commitment !== null) return invalid(commitment);
  const chain: ChainFacts = {
    seed,
    term,
    carriedView: carried,
    backedHeight: backing.height,
    backedStamp: backing.stamp,
  };
  if (header.stamp > leaseEnd(context, chain, header.settledAt)) return invalid("stamp beyond a lease");
  return { invalid: null, chain };
}

/**
 * What only executing its ancestors decides about a block whose parent's facts are known: the roots of `rootLag` blocks
 * back and, in the last block of an epoch, the modes. `wait`: not executed that far.
 */
export function executedVerdict(
  s: ReplicaState,
  context: EpochContext,
  block: Block,
): "wait" | { readonly invalid: string | null } {
  const { header, body } = block;
  const lagged = header.height - context.params.rootLag;
  const roots = rootsAtHeight(s, header.parentHash, lagged > 0 ? lagged : 0);
  if (roots === null) return "wait";
  if (roots.stateRoot !== header.stateRoot || roots.receiptsRoot !== header.receiptsRoot)
    return { invalid: "state root differs" };
  const { commitment } = body;
  if (commitment === null) return { invalid: null };
  const before = attendanceAt(s, context, header.parentHash);
  const modes = modesOf(s, context, header.parentHash, attended(context, before, block));
  if (modes === null) return "wait";
  return {
    invalid:
      modes.modeNext === commitment.modeNext && modes.modeWanted === commitment.modeWanted
        ? null
        : "wrong modes",
  };
}
