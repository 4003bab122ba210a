import type { Draft } from "../draft.ts";
import { firstOfTerm, lastOfTerm } from "../leader.ts";
import { hasSeat } from "../quorum.ts";
import type { Job } from "../state.ts";
import type { Certificate, CheckResult, Peer, Vote, VoteBody } from "../types/index.ts";
import { checkOfVote, report, reportCertificates, reportMember, voteKey } from "./report.ts";
import { besideRestart } from "./restarts.ts";
import { slashable } from "./slashable.ts";

/*
 * View votes against view votes, one by one and in certificates.
 */

/** The first view in which something may contradict a vote like this. */
const firstAgainst = ({ kind, view }: VoteBody, k: number): number =>
  kind === "finalize" ? firstOfTerm(view, k) : view;

/** The last one. */
const lastAgainst = ({ kind, view }: VoteBody, k: number): number =>
  kind === "nullify" ? lastOfTerm(view, k) : view;

const NOTHING: readonly Certificate[] = [];

/** Certificates held that contradict a vote like this: of views near the final one, F's of the whole epoch while halted. */
function against(d: Draft, body: VoteBody): readonly Certificate[] {
  const { views, conflicts } = d.s;
  const k = d.epoch.params.termViews;
  const from = firstAgainst(body, k);
  const to = lastAgainst(body, k);
  let found = NOTHING;
  for (let view = from; view <= to; view++) {
    const record = views.get(view);
    if (record === undefined) continue;
    found = withSlashable(found, record.notarization, body, k);
    found = withSlashable(found, record.finalization, body, k);
    found = withSlashable(found, record.nullification, body, k);
  }
  if (conflicts.length === 0) return found;
  for (const f of conflicts) found = withSlashable(found, f, body, k);
  if (from > d.s.tip.view) return found;
  for (let node = d.s.history; node !== null && node.view + k >= from; node = node.below)
    found = withSlashable(found, node.certificate, body, k);
  return found;
}

const withSlashable = (
  found: readonly Certificate[],
  held: Certificate | null,
  body: VoteBody,
  k: number,
): readonly Certificate[] => (held !== null && slashable(held, body, k) ? [...found, held] : found);

/** A vote of the same seat that must not stand beside `vote`, with its sender. */
function conflicting(d: Draft, vote: Vote): { vote: Vote; from: Peer | null } | null {
  const k = d.epoch.params.termViews;
  const to = lastAgainst(vote, k);
  for (let view = firstAgainst(vote, k); view <= to; view++) {
    const record = d.s.views.get(view);
    // Of the term's other views only a NULLIFY contradicts a FINALIZE.
    if (record === undefined || (vote.kind === "finalize" && view < vote.view && !record.hasNullify))
      continue;
    for (const { subject, verified, pending } of record.tallies) {
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
  for (const certificate of against(d, vote))
    if (hasSeat(certificate.bitmap, vote.seat)) suspectMember(d, vote, certificate, from);
  besideRestart(d, { type: "vote", vote }, from, false);
  const other = conflicting(d, vote);
  if (other === null || d.isBusyWith(from)) return;
  if (d.s.reported.has(voteKey(vote.seat, other.vote, vote))) return;
  d.verify(
    { what: "conflict", first: other.vote, second: vote, from, fromFirst: other.from },
    { what: "each", signatures: [checkOfVote(d, other.vote), checkOfVote(d, vote)] },
  );
}

/** A vote against a certificate that its signer is in: the vote is verified alone. */
function suspectMember(d: Draft, vote: Vote, certificate: Certificate, from: Peer | null): void {
  if (d.isBusyWith(from) || d.s.reported.has(voteKey(vote.seat, vote, certificate))) return;
  d.verify({ what: "member", vote, certificate, from }, { what: "each", signatures: [checkOfVote(d, vote)] });
}

/** The verifier's answer about a vote against a certificate. */
export function onMemberVerified(d: Draft, job: Extract<Job, { what: "member" }>, isSigned: boolean): void {
  if (isSigned) reportMember(d, job.vote, job.certificate);
  else d.ban(job.from, "forged vote");
}

/** True if a certificate contradicts another that is held, and that is not reported yet: it has to be verified. */
export function isAccusing(d: Draft, c: VoteBody): boolean {
  for (const held of against(d, c)) if (!d.s.reported.has(voteKey(-1, held, c))) return true;
  return false;
}

/** A verified certificate convicts who is also in one, or signed a vote, that contradicts it. */
export function accuse(d: Draft, c: Certificate): void {
  for (const held of against(d, c)) reportCertificates(d, held, c);
  besideRestart(d, { type: "certificate", certificate: c }, null, true);
  const k = d.epoch.params.termViews;
  const to = lastAgainst(c, k);
  for (let view = firstAgainst(c, k); view <= to; view++) {
    for (const { subject, verified, pending } of d.s.views.get(view)?.tallies ?? []) {
      if (!slashable(subject, c, k)) continue;
      const { epoch, domain } = c;
      for (const [seat, signature] of verified)
        if (hasSeat(c.bitmap, seat)) reportMember(d, { ...subject, epoch, domain, seat, signature }, c);
      for (const [seat, [first]] of pending)
        if (hasSeat(c.bitmap, seat))
          suspectMember(d, { ...subject, epoch, domain, seat, signature: first!.signature }, c, first!.from);
    }
  }
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

/** True if the leader of `view` signed two different proposals or NOTARIZEs of it, verified (rule 5). */
export function hasEquivocated(d: Draft, view: number, leader: number): boolean {
  return (
    (d.s.views.get(view)?.proposals.length ?? 0) > 1 ||
    d.s.reported.has(`${leader}:${view}:notarize+notarize`)
  );
}
