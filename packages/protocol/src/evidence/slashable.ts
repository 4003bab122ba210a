import { termOf } from "../leader.ts";
import { checkpointRootOf } from "../memo.ts";
import type { Checkpoint, Hash, VoteBody, VoteKind } from "../types/index.ts";

/*
 * Section 7's table: what one key must never sign together. The contracts judge by the same predicates; both are
 * tested against vectors/evidence.
 */

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

/**
 * True if one key must never sign both checkpoints under one domain: different ones of one height, or a higher one
 * whose chain of previous checkpoints misses the lower.
 *
 * @param chain what lies between: the higher's `previous` first, each the previous of the one before
 */
export function checkpointsSlashable(
  domain: Hash,
  a: Checkpoint,
  b: Checkpoint,
  chain: readonly Checkpoint[],
): boolean {
  if (a.height === b.height) return checkpointRootOf(domain, a) !== checkpointRootOf(domain, b);
  const [lower, higher] = a.height < b.height ? [a, b] : [b, a];
  let above = higher;
  for (const checkpoint of chain) {
    if (checkpointRootOf(domain, checkpoint) !== above.previous || checkpoint.height >= above.height)
      return false;
    if (checkpoint.height <= lower.height)
      return checkpointRootOf(domain, checkpoint) !== checkpointRootOf(domain, lower);
    above = checkpoint;
  }
  return false;
}

/** A statement beside a RESTART, with epoch and incarnation of its domain. */
export interface BesideRestart {
  readonly epoch: number;
  readonly incarnation: number;
  readonly kind: VoteKind | "checkpoint" | "restart";
  /** Of a checkpoint its own field. */
  readonly view: number;
}

/**
 * True if one key must never sign both: RESTART(e, view) and, of one incarnation, a FINALIZE or checkpoint of e of a
 * higher view, or any view vote or checkpoint of e + 1.
 */
export function restartSlashable(
  restart: { readonly epoch: number; readonly incarnation: number; readonly view: number },
  other: BesideRestart,
): boolean {
  if (other.kind === "restart" || other.incarnation !== restart.incarnation) return false;
  if (other.epoch === restart.epoch + 1) return true;
  if (other.epoch !== restart.epoch) return false;
  return (other.kind === "finalize" || other.kind === "checkpoint") && other.view > restart.view;
}
