import { termOf } from "../leader.ts";
import type { VoteBody } from "../types/index.ts";

/**
 * True if one key must never sign both under one domain (protocol.md section 7, view votes): the contracts'
 * predicate, with K = `termViews` taken from the domain's mode.
 *
 * * NOTARIZE or FINALIZE of one view with different (hash, parent view), in any pairing.
 * * NULLIFY(u) and FINALIZE(w), u <= w, in one term.
 */
export function slashable(a: VoteBody, b: VoteBody, termViews: number): boolean {
  if (a.kind === "nullify" && b.kind === "nullify") return false;
  if (a.kind !== "nullify" && b.kind !== "nullify") {
    return a.view === b.view && (a.blockHash !== b.blockHash || a.parentView !== b.parentView);
  }
  const [nullify, other] = a.kind === "nullify" ? [a, b] : [b, a];
  return (
    other.kind === "finalize" &&
    nullify.view <= other.view &&
    termOf(nullify.view, termViews) === termOf(other.view, termViews)
  );
}
