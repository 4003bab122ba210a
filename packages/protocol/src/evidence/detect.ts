import type { Draft } from "../draft.ts";
import { firstOfTerm, lastOfTerm } from "../leader.ts";
import { rootOf } from "../memo.ts";
import type { Job } from "../state.ts";
import type { CheckResult, Peer, Vote, VoteBody } from "../types/index.ts";
import { slashable } from "./slashable.ts";

const keyOf = (seat: number, a: VoteBody, b: VoteBody): string =>
  `${seat}:${a.view < b.view ? a.view : b.view}:${a.kind < b.kind ? `${a.kind}+${b.kind}` : `${b.kind}+${a.kind}`}`;

/** A vote of the same seat that must not stand beside `vote`, with its sender. */
function conflicting(d: Draft, vote: Vote): { vote: Vote; from: Peer | null } | null {
  const k = d.epoch.params.termViews;
  const from = vote.kind === "finalize" ? firstOfTerm(vote.view, k) : vote.view;
  const to = vote.kind === "nullify" ? lastOfTerm(vote.view, k) : vote.view;
  for (let view = from; view <= to; view++) {
    const record = d.s.views.get(view);
    if (record === undefined) continue;
    for (const { subject, verified, pending } of record.tallies.values()) {
      if (!slashable(subject, vote, k)) continue;
      const known = verified.get(vote.seat);
      const candidate = known === undefined ? pending.get(vote.seat)?.[0] : { from: null, signature: known };
      if (candidate === undefined) continue;
      const { epoch, domain, seat } = vote;
      return {
        vote: { ...subject, epoch, domain, seat, signature: candidate.signature },
        from: candidate.from,
      };
    }
  }
  return null;
}

/** If a vote contradicts another of its signer, both are verified alone: a minority's votes never reach a quorum's check. */
export function suspectConflict(d: Draft, vote: Vote, from: Peer | null): void {
  const other = conflicting(d, vote);
  if (other === null || d.isBusyWith(from)) return;
  if (d.s.reported.has(keyOf(vote.seat, other.vote, vote))) return;
  const check = (v: Vote) => ({
    registry: d.epoch.registry.root,
    seat: v.seat,
    root: rootOf(v.domain, v),
    signature: v.signature,
  });
  d.verify(
    { what: "conflict", first: other.vote, second: vote, from, fromFirst: other.from },
    { what: "each", signatures: [check(other.vote), check(vote)] },
  );
}

/** Reports two verified votes of one key, once per offence. */
export function onConflictVerified(
  d: Draft,
  job: Extract<Job, { what: "conflict" }>,
  result: Extract<CheckResult, { what: "each" }>,
): void {
  const [first, second] = result.valid;
  if (!first) d.ban(job.fromFirst, "forged vote");
  if (!second) d.ban(job.from, "forged vote");
  if (first && second) report(d, job.first, job.second);
}

/** Emits the evidence and remembers the offence's identity (validator, domain, view, kind pair). */
export function report(d: Draft, first: Vote, second: Vote): void {
  const key = keyOf(first.seat, first, second);
  if (d.s.reported.has(key) || first.domain !== d.epoch.domain) return;
  d.s.reported = new Set(d.s.reported).add(key);
  d.trace("7: evidence");
  d.emit({
    type: "evidence",
    evidence: {
      epoch: first.epoch,
      domain: first.domain,
      seat: first.seat,
      validatorId: d.epoch.registry.entries[first.seat]!.validatorId,
      first,
      second,
    },
  });
}

/** True if the leader of `view` signed two different proposals or NOTARIZEs of it, verified (rule 5). */
export function hasEquivocated(d: Draft, view: number, leader: number): boolean {
  return (
    (d.s.views.get(view)?.proposals.length ?? 0) > 1 ||
    d.s.reported.has(`${leader}:${view}:notarize+notarize`)
  );
}
