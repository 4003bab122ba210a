import { checkpointRootOf, type SignIntent, type VoteBody } from "@aitbc-hybrid/protocol";

/** First view of a term and K: terms are K consecutive views, views count from 1. */
export const termOf = (view: number, termViews: number): number => Math.ceil(view / termViews);

const sameTarget = (a: VoteBody, b: VoteBody): boolean =>
  a.blockHash === b.blockHash && a.parentView === b.parentView;

/**
 * Name of the offence that two votes of one key in one domain are (protocol.md section 7), or null. Written from the
 * table alone, independent of the rules under test.
 */
export function voteOffence(a: VoteBody, b: VoteBody, termViews: number): string | null {
  if (a.kind === "nullify" && b.kind === "nullify") return null;
  if (a.kind === "nullify" || b.kind === "nullify") {
    const nullify = a.kind === "nullify" ? a : b;
    const other = a.kind === "nullify" ? b : a;
    if (other.kind !== "finalize" || nullify.view > other.view) return null;
    return termOf(nullify.view, termViews) === termOf(other.view, termViews) ? "nullify-finalize" : null;
  }
  if (a.view !== b.view || sameTarget(a, b)) return null;
  return a.kind === b.kind ? `two-${a.kind}` : "notarize-finalize";
}

/** The same for anything a key signs: checkpoints of one height that differ are the other kind. */
export function intentOffence(a: SignIntent, b: SignIntent, termViews: number): string | null {
  if (a.domain !== b.domain || a.what === "signal" || b.what === "signal") return null;
  if (a.what === "checkpoint" || b.what === "checkpoint") {
    if (a.what !== "checkpoint" || b.what !== "checkpoint") return null;
    if (a.checkpoint.height !== b.checkpoint.height) return null;
    return checkpointRootOf(a.domain, a.checkpoint) === checkpointRootOf(b.domain, b.checkpoint)
      ? null
      : "two-checkpoints";
  }
  return voteOffence(a.vote, b.vote, termViews);
}
