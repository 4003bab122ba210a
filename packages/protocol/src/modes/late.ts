import { LIMITS } from "../codec/index.ts";
import { type Draft, withTally } from "../draft.ts";
import { termOf } from "../leader.ts";
import { hasSeat, NO_WEIGHT } from "../quorum.ts";
import type { EpochContext, Job, ParentFacts, ReplicaState, Tally, ViewRecord } from "../state.ts";
import type {
  Attendance,
  Carried,
  CheckResult,
  Hash,
  LateVote,
  Millis,
  Peer,
  Vote,
  VoteBody,
} from "../types/index.ts";
import { isSignal } from "../types/index.ts";
import { resolve, tallyOf, withVote } from "../votes/index.ts";
import { type Carrying, carriedFor, withCertificates, withLateVote } from "./attendance.ts";
import { attendanceAt, isSwitching, wantedElectorate } from "./decide.ts";

const DAY: Millis = 86_400_000;

/** Days since 1970 of a stamp. */
export const dayOf = (stamp: Millis): number => (stamp - (stamp % DAY)) / DAY;

/** True if the seat has a key and no other duty: it shows that it is there by READY. */
export const isStandby = (context: EpochContext, seat: number): boolean =>
  (context.registry.entries[seat]?.key.length ?? 0) > 0 &&
  !context.electorate.voters[seat] &&
  !context.electorate.backers[seat];

function lateVoteReason(
  s: ReplicaState,
  context: EpochContext,
  item: LateVote,
  a: Attendance,
  stamp: Millis,
): string | null {
  if (item.domain !== context.domain || item.epoch !== context.start.epoch)
    return "late vote of another domain";
  if (!isSignal(item)) {
    if (item.kind === "nullify" || !context.electorate.voters[item.seat]) return "late vote of no voter";
    const carried = carriedFor(a.window, item);
    if (carried === undefined) return "late vote for no carried certificate";
    return hasSeat(carried.signers, item.seat) ? "late vote carried twice" : null;
  }
  if (item.kind === "ready") {
    const today = dayOf(stamp);
    if (!isStandby(context, item.seat)) return "READY of no standby seat";
    if (item.day > today || item.day + context.registry.params.readyDays < today)
      return "READY of another day";
    return a.ready.has(item.seat) ? "READY carried twice" : null;
  }
  if (!isSwitching(context) || item.mode !== context.start.hybrid.modeWanted)
    return "READINESS for a mode that is not wanted";
  // While R_{e+1} is not read only final blocks are looked at (restoring): others wait for it.
  const members = wantedElectorate(s);
  if (members !== null && !members.voters[item.seat]) return "READINESS of no member";
  return a.readiness.has(item.seat) ? "READINESS carried twice" : null;
}

/** True if a block carries READINESS that only R_{e+1}, not read yet, can weigh. */
export const awaitsRegistry = (s: ReplicaState, votes: readonly LateVote[]): boolean =>
  votes.some((item) => item.kind === "readiness") && wantedElectorate(s) === null;

/** Why a block's late votes and signals are false at every honest node; null: they are not. Signatures are checked apart. */
export function lateVotesReason(
  s: ReplicaState,
  context: EpochContext,
  body: Carrying,
  place: { readonly view: number; readonly stamp: Millis; readonly parentHash: Hash },
): string | null {
  if (body.lateVotes.length === 0) return null;
  let a = withCertificates(context, attendanceAt(s, context, place.parentHash), place.view, body);
  for (const item of body.lateVotes) {
    const reason = lateVoteReason(s, context, item, a, place.stamp);
    if (reason !== null) return reason;
    a = withLateVote(a, item);
  }
  return null;
}

type Tallies = readonly Tally<VoteBody>[];

/** Votes held for a view: above or near the final one in its record, further down kept for being carried late. */
const talliesOf = (s: ReplicaState, view: number): Tallies | undefined =>
  s.views.get(view)?.tallies ?? s.late.get(view);

function* talliesFor(s: ReplicaState, carried: Carried): Generator<Tally<VoteBody>> {
  for (const tally of talliesOf(s, carried.view) ?? []) {
    const { kind, blockHash, parentView } = tally.subject;
    if (kind !== "nullify" && blockHash === carried.hash && parentView === carried.parentView) yield tally;
  }
}

function setTally(d: Draft, view: number, tally: Tally<VoteBody>): void {
  if (d.s.views.has(view)) d.setTally(view, tally);
  else d.map("late").set(view, withTally(d.s.late.get(view) ?? [], tally));
}

/** What a leader's block carries beside certificates: verified signatures that no ancestor carries. */
export function lateVotesToCarry(
  d: Draft,
  view: number,
  stamp: Millis,
  parent: ParentFacts,
  carrying: Carrying,
): readonly LateVote[] {
  const context = d.epoch;
  const { epoch } = context.start;
  const { domain } = context;
  let a = withCertificates(context, attendanceAt(d.s, context, parent.hash), view, carrying);
  const items: LateVote[] = [];
  const carry = (item: LateVote): void => {
    if (items.length >= LIMITS.lateVotesPerBlock || lateVoteReason(d.s, context, item, a, stamp) !== null)
      return;
    items.push(item);
    a = withLateVote(a, item);
  };
  for (const carried of a.window)
    for (const { subject, verified } of talliesFor(d.s, carried))
      for (const [seat, signature] of verified)
        if (!hasSeat(carried.signers, seat)) carry({ ...subject, epoch, domain, seat, signature });
  for (const { subject, verified } of d.s.signals.values())
    for (const [seat, signature] of verified) carry({ ...subject, epoch, domain, seat, signature });
  if (items.length > 0) d.trace("6: late votes carried");
  return items;
}

/** A vote of a view far below the final one: kept if its signer stands in nothing carried for that block yet. */
export function addLateVote(d: Draft, vote: Vote, from: Peer): void {
  if (d.epoch.voterSeat === null || vote.kind === "nullify") return;
  const carried = carriedFor(d.s.ledgered.attendance.window, vote);
  if (carried === undefined || hasSeat(carried.signers, vote.seat)) return;
  const { view } = vote;
  const tally = tallyOf(talliesOf(d.s, view) ?? [], vote);
  const next = withVote(tally, vote.seat, { from, signature: vote.signature }, NO_WEIGHT);
  if (next !== tally) setTally(d, view, next);
}

/** A view's record is forgotten: its block's votes that nobody carried yet are kept for the window. */
export function keepLateVotes(d: Draft, { view, tallies }: ViewRecord): void {
  if (d.epoch.voterSeat === null) return;
  const carried = d.s.ledgered.attendance.window.find((each) => each.view === view);
  if (carried === undefined) return;
  const kept: Tally<VoteBody>[] = [];
  for (const tally of tallies) {
    const { kind, blockHash, parentView } = tally.subject;
    if (kind === "nullify" || blockHash !== carried.hash || parentView !== carried.parentView) continue;
    const isMissing = (seat: number): boolean => !hasSeat(carried.signers, seat);
    if ([...tally.pending.keys(), ...tally.verified.keys()].some(isMissing)) kept.push(tally);
  }
  if (kept.length > 0) d.map("late").set(view, kept);
}

/** Forgets votes that no block may carry any more. */
export function dropLateVotes(d: Draft): void {
  const oldest = d.s.tip.view - d.epoch.registry.params.voteWindow;
  for (const view of d.s.late.keys()) if (view < oldest) d.map("late").delete(view);
}

/**
 * Verifies what came late, once a view, when the own key leads this term or the next: by the time it proposes the
 * answers are there, and nobody verifies what he will not carry.
 */
export function collectLateVotes(d: Draft): void {
  const { voterSeat, leader, params, registry, electorate } = d.epoch;
  const { view } = d.s;
  if (voterSeat === null || d.s.lastBlock !== null || d.s.collected >= view) return;
  const term = termOf(view, params.termViews);
  if (leader(term) !== voterSeat && leader(term + 1) !== voterSeat) return;
  d.s.collected = view;
  for (const carried of d.s.ledgered.attendance.window) {
    for (const tally of talliesFor(d.s, carried)) {
      if (tally.job !== null) continue;
      const asked = [...tally.pending].flatMap(([seat, [first]]) =>
        electorate.voters[seat] && !hasSeat(carried.signers, seat) ? [{ seat, ...first! }] : [],
      );
      if (asked.length === 0) continue;
      const { root } = tally;
      const votes = asked.map(({ seat, signature }) => ({ seat, signature }));
      const job = d.verify(
        { what: "late", view: carried.view, root, asked },
        { what: "votes", registry: registry.root, root, votes },
      );
      setTally(d, carried.view, { ...tally, job });
    }
  }
}

/** The verifier's answer about late votes. */
export function onLateVerified(
  d: Draft,
  job: Extract<Job, { what: "late" }>,
  result: Extract<CheckResult, { what: "votes" }>,
): void {
  const known = talliesOf(d.s, job.view)?.find(({ root }) => root === job.root);
  if (known === undefined) return;
  const { tally, forged } = resolve(known, job.asked, result.valid, d.epoch.electorate.weights);
  for (const { from } of forged) d.ban(from, "forged vote");
  setTally(d, job.view, tally);
}
