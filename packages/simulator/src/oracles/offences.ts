import { checkpointRootOf, type Hash, type SignIntent, type VoteBody } from "@aitbc-hybrid/protocol";

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

/** Where a domain stands in time. */
export interface Era {
  readonly epoch: number;
  readonly incarnation: number;
  /** K. */
  readonly termViews: number;
}

/**
 * The same for anything a key signs, over epochs and incarnations: checkpoints of one height that differ, and RESTART
 * beside what it excludes.
 */
export function intentOffence(
  a: SignIntent,
  b: SignIntent,
  era: (domain: Hash) => Era | undefined,
): string | null {
  if (a.what === "signal" || b.what === "signal") return null;
  if (a.what === "restart" || b.what === "restart") {
    if (a.what === b.what) return null;
    const [restart, other] = a.what === "restart" ? [a, b] : [b, a];
    return restart.what === "restart" && other.what !== "restart" ? besideRestart(restart, other, era) : null;
  }
  if (a.domain !== b.domain) return null;
  if (a.what === "checkpoint" || b.what === "checkpoint") {
    if (a.what !== "checkpoint" || b.what !== "checkpoint") return null;
    if (a.checkpoint.height !== b.checkpoint.height) return null;
    return checkpointRootOf(a.domain, a.checkpoint) === checkpointRootOf(b.domain, b.checkpoint)
      ? null
      : "two-checkpoints";
  }
  return voteOffence(a.vote, b.vote, era(a.domain)?.termViews ?? 1);
}

function besideRestart(
  restart: Extract<SignIntent, { what: "restart" }>,
  other: Exclude<SignIntent, { what: "restart" | "signal" }>,
  era: (domain: Hash) => Era | undefined,
): string | null {
  const [there, here] = [era(restart.domain), era(other.domain)];
  if (there === undefined || here === undefined || there.incarnation !== here.incarnation) return null;
  if (here.epoch === there.epoch + 1) return `restart-next-${other.what}`;
  if (here.epoch !== there.epoch) return null;
  if (other.what === "checkpoint")
    return other.checkpoint.view > restart.restart.view ? "restart-checkpoint" : null;
  return other.vote.kind === "finalize" && other.vote.view > restart.restart.view ? "restart-finalize" : null;
}
