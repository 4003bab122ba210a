import { toBitmap } from "../codec/index.ts";
import type { Draft } from "../draft.ts";
import { suspectConflict } from "../evidence/index.ts";
import { termOf } from "../leader.ts";
import { rootOf } from "../memo.ts";
import { isQuorum } from "../quorum.ts";
import type { Job, Tally } from "../state.ts";
import type { Certificate, CheckResult, Peer, Vote, VoteBody } from "../types/index.ts";
import { holdCertificate, isKnown } from "./certificates.ts";
import { resolve, tallyOf, votesToVerify, withVerified, withVote } from "./tally.ts";

/** Different votes of one kind and view that are kept of a signer and sender: the second is evidence. */
const VOTES_PER_SENDER = 2;

function sameSender(d: Draft, vote: Vote, from: Peer | null): number {
  let count = 0;
  for (const tally of d.s.views.get(vote.view)?.tallies ?? []) {
    if (tally.subject.kind !== vote.kind) continue;
    if (tally.pending.get(vote.seat)?.some((c) => c.from === from)) count++;
  }
  return count;
}

const tallyFor = (d: Draft, vote: Vote): Tally<VoteBody> =>
  tallyOf(d.s.views.get(vote.view)?.tallies ?? [], vote);

/** Takes in a vote of another (rule 11): kept unverified until its root's weight could be a quorum. */
export function addVote(d: Draft, vote: Vote, from: Peer): void {
  const { seat, view, signature } = vote;
  const tally = tallyFor(d, vote);
  const next = withVote(tally, seat, { from, signature }, d.epoch.electorate.weights[seat]!);
  if (next === tally || sameSender(d, vote, from) >= VOTES_PER_SENDER) return;
  d.setTally(view, next);
  suspectConflict(d, vote, from);
  if (vote.kind === "nullify") checkLeaderNullify(d, vote, from);
  verifyTally(d, view, next);
}

/** Takes in the own vote, once signed. */
export function addOwnVote(d: Draft, vote: Vote): void {
  const { seat, view, signature } = vote;
  const tally = withVerified(tallyFor(d, vote), seat, signature, d.epoch.electorate.weights[seat]!);
  d.setTally(view, tally);
  verifyTally(d, view, tally);
}

/** Takes in a vote that was verified on its own (a proposal's NOTARIZE, a leader's NULLIFY). */
export function addVerifiedVote(d: Draft, vote: Vote): void {
  addOwnVote(d, vote);
  suspectConflict(d, vote, null);
}

/** On entering a view: its leader's NULLIFY may have come before. */
export function checkEarlyNullify(d: Draft, view: number): void {
  const leader = d.epoch.leader(termOf(view, d.epoch.params.termViews));
  for (const { subject, pending } of d.s.views.get(view)?.tallies ?? []) {
    const first = subject.kind === "nullify" ? pending.get(leader)?.[0] : undefined;
    if (first === undefined || first.from === null) continue;
    const { epoch } = d.epoch.start;
    const vote = { ...subject, epoch, domain: d.epoch.domain, seat: leader, signature: first.signature };
    checkLeaderNullify(d, vote, first.from);
  }
}

/** The leader's NULLIFY of the current view acts alone, hence is verified alone (rules 6, 11). */
function checkLeaderNullify(d: Draft, vote: Vote, from: Peer): void {
  const { leader, params } = d.epoch;
  if (vote.view !== d.s.view || vote.seat !== leader(termOf(vote.view, params.termViews))) return;
  if (d.view(vote.view).leaderNullified || d.isBusyWith(from)) return;
  d.verify(
    { what: "leaderNullify", vote, from },
    {
      what: "each",
      signatures: [
        {
          registry: d.epoch.registry.root,
          seat: vote.seat,
          root: rootOf(vote.domain, vote),
          signature: vote.signature,
        },
      ],
    },
  );
}

/** Asks for one aggregate check when the votes held, verified or not, could be a quorum. */
function verifyTally(d: Draft, view: number, tally: Tally<VoteBody>): void {
  if (tally.job !== null || !isQuorum(d.epoch.electorate, tally) || isKnown(d, tally.subject)) return;
  const asked = votesToVerify(tally);
  const { root } = tally;
  const job = d.verify(
    { what: "votes", view, root, asked },
    {
      what: "votes",
      registry: d.epoch.registry.root,
      root,
      votes: asked.map(({ seat, signature }) => ({ seat, signature })),
    },
  );
  d.setTally(view, { ...tally, job });
}

/** The verifier's answer: bans senders of forged votes; a quorum of valid ones is a certificate. */
export function onVotesVerified(
  d: Draft,
  job: Extract<Job, { what: "votes" }>,
  result: Extract<CheckResult, { what: "votes" }>,
): void {
  const { electorate } = d.epoch;
  const known = d.view(job.view).tallies.find(({ root }) => root === job.root);
  if (known === undefined) return;
  const { tally, weight, forged } = resolve(known, job.asked, result.valid, electorate.weights);
  for (const { from } of forged) d.ban(from, "forged vote");
  d.setTally(job.view, tally);
  if (result.aggregate === null || !isQuorum(electorate, weight)) {
    d.trace("11: forged votes removed");
    verifyTally(d, job.view, tally);
    return;
  }
  if (isKnown(d, tally.subject)) return;
  const certificate: Certificate = {
    ...tally.subject,
    epoch: d.epoch.start.epoch,
    domain: d.epoch.domain,
    bitmap: toBitmap(result.valid, electorate.voters.length),
    signature: result.aggregate,
  };
  holdCertificate(d, certificate);
}
