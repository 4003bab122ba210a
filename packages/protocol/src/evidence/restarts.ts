import { equalBytes, restartRoot } from "../codec/index.ts";
import type { Draft } from "../draft.ts";
import { checkpointRootOf } from "../memo.ts";
import type { Job } from "../state.ts";
import type { Peer, Registry, RestartVote, Seat, Testimony } from "../types/index.ts";
import { checkOfVote, reportRestart, signersOf } from "./report.ts";
import { restartSlashable } from "./slashable.ts";

/*
 * RESTART against what its signer may not sign beside it (section 7, last pair): in e, and in e + 1 of the incarnation.
 */

/** Different RESTARTs kept of one signer. */
const RESTARTS_PER_SEAT = 4;

/** Takes in a RESTART of the own epoch or the one before: it is verified alone, then kept as evidence and weighed by the contracts. */
export function addRestart(d: Draft, vote: RestartVote, from: Peer): void {
  const { start, domain, registry } = d.epoch;
  if (d.isBusyWith(from)) return;
  const root = restartRoot(vote.domain, vote.view, vote.blockHash);
  const isOwn = vote.epoch === start.epoch && vote.domain === domain;
  const isPast = vote.epoch === start.epoch - 1 && vote.domain === d.s.past?.domain;
  if (!isOwn && !isPast) return;
  const seat = isOwn ? vote.seat : vote.seatNext;
  if (seat === null) return;
  if (registry.entries[seat] === undefined) {
    d.ban(from, "RESTART of no member");
    return;
  }
  if (known(d, isOwn, seat).some((held) => held.view === vote.view && held.blockHash === vote.blockHash))
    return;
  d.verify(
    { what: "restart", vote, seat, isOwn, from },
    { what: "each", signatures: [{ registry: registry.root, seat, root, signature: vote.signature }] },
  );
}

const known = (d: Draft, isOwn: boolean, seat: Seat): readonly RestartVote[] =>
  (isOwn ? d.s.restarts : d.s.pastRestarts).get(seat) ?? [];

/** The verifier's answer. */
export function onRestartVerified(d: Draft, job: Extract<Job, { what: "restart" }>, isSigned: boolean): void {
  if (!isSigned) {
    d.ban(job.from, "forged RESTART");
    return;
  }
  holdRestart(d, job.vote, job.seat, job.isOwn);
}

/** Keeps a verified RESTART under its signer's seat in the present registry, and looks for what contradicts it. */
export function holdRestart(d: Draft, vote: RestartVote, seat: Seat, isOwn: boolean): void {
  const held = known(d, isOwn, seat);
  if (held.length >= RESTARTS_PER_SEAT) return;
  d.map(isOwn ? "restarts" : "pastRestarts").set(seat, [...held, vote]);
  for (const { testimony, from, sure } of said(d, seat)) besideRestart(d, testimony, from, sure, seat);
}

/** Everything this seat is known to have signed in the epoch. */
function* said(
  d: Draft,
  seat: Seat,
): Generator<{ readonly testimony: Testimony; readonly from: Peer | null; readonly sure: boolean }> {
  const { domain } = d.epoch;
  const { epoch } = d.epoch.start;
  for (const { tallies, notarization, finalization, nullification } of d.s.views.values()) {
    for (const certificate of [notarization, finalization, nullification])
      if (certificate !== null)
        yield { testimony: { type: "certificate", certificate }, from: null, sure: true };
    for (const { subject, verified, pending } of tallies) {
      const signature = verified.get(seat);
      const first = signature === undefined ? pending.get(seat)?.[0] : { from: null, signature };
      if (first === undefined) continue;
      const vote = { ...subject, epoch, domain, seat, signature: first.signature };
      yield { testimony: { type: "vote", vote }, from: first.from, sure: signature !== undefined };
    }
  }
  for (let node = d.s.history; node !== null; node = node.below) {
    const { certificate, carried } = node;
    if (certificate !== null)
      yield { testimony: { type: "certificate", certificate }, from: null, sure: true };
    for (const each of carried)
      yield { testimony: { type: "certificate", certificate: each }, from: null, sure: true };
  }
  for (const certificate of d.s.backings.values())
    yield { testimony: { type: "checkpointCertificate", certificate }, from: null, sure: true };
  for (const { subject: checkpoint, verified, pending } of d.s.backingTallies.values()) {
    const signature = verified.get(seat);
    const first = signature === undefined ? pending.get(seat)?.[0] : { from: null, signature };
    if (first === undefined) continue;
    const vote = { epoch, domain, checkpoint, seat, signature: first.signature };
    yield { testimony: { type: "checkpointVote", vote }, from: first.from, sure: signature !== undefined };
  }
}

/** What a statement is, beside a RESTART. */
function beside(d: Draft, testimony: Testimony) {
  const { epoch, incarnation } = d.epoch.start;
  const place = { epoch, incarnation };
  switch (testimony.type) {
    case "vote":
      return { ...place, kind: testimony.vote.kind, view: testimony.vote.view };
    case "certificate":
      return { ...place, kind: testimony.certificate.kind, view: testimony.certificate.view };
    case "checkpointVote":
      return { ...place, kind: "checkpoint" as const, view: testimony.vote.checkpoint.view };
    case "checkpointCertificate":
      return { ...place, kind: "checkpoint" as const, view: testimony.certificate.checkpoint.view };
    case "restart":
      return { ...place, kind: "restart" as const, view: testimony.vote.view };
  }
}

/** Holds a statement of the epoch against its signers' RESTARTs; what is not verified yet is verified alone. */
export function besideRestart(
  d: Draft,
  testimony: Testimony,
  from: Peer | null,
  sure: boolean,
  only: Seat | null = null,
): void {
  if (d.s.restarts.size === 0 && d.s.pastRestarts.size === 0) return;
  const other = beside(d, testimony);
  const { incarnation } = d.epoch.start;
  for (const seat of signersOf(testimony)) {
    if ((only !== null && seat !== only) || d.s.reported.has(`${seat}:restart`)) continue;
    const restart = [...known(d, true, seat), ...known(d, false, seat)].find((vote) =>
      restartSlashable({ epoch: vote.epoch, incarnation, view: vote.view }, other),
    );
    if (restart === undefined) continue;
    if (sure) reportRestart(d, restart, testimony, seat);
    else if (!d.isBusyWith(from)) verifyBeside(d, restart, testimony, seat, from);
  }
}

function verifyBeside(
  d: Draft,
  restart: RestartVote,
  testimony: Testimony,
  seat: Seat,
  from: Peer | null,
): void {
  if (testimony.type !== "vote" && testimony.type !== "checkpointVote") return;
  const check =
    testimony.type === "vote"
      ? checkOfVote(d, testimony.vote)
      : {
          registry: d.epoch.registry.root,
          seat,
          root: checkpointRootOf(testimony.vote.domain, testimony.vote.checkpoint),
          signature: testimony.vote.signature,
        };
  d.verify({ what: "besideRestart", restart, testimony, seat, from }, { what: "each", signatures: [check] });
}

/** The verifier's answer about a vote beside a RESTART. */
export function onBesideVerified(
  d: Draft,
  job: Extract<Job, { what: "besideRestart" }>,
  isSigned: boolean,
): void {
  if (isSigned) reportRestart(d, job.restart, job.testimony, job.seat);
  else d.ban(job.from, "forged vote");
}

/** RESTARTs of an epoch, by their signers' seats in the next one's registry: they bind there too. */
export function carriedOver(
  restarts: ReadonlyMap<Seat, readonly RestartVote[]>,
  from: Registry,
  to: Registry,
): ReadonlyMap<Seat, readonly RestartVote[]> {
  const carried = new Map<Seat, readonly RestartVote[]>();
  for (const [seat, votes] of restarts) {
    const next = to.entries.findIndex((entry) => equalBytes(entry.key, from.entries[seat]!.key));
    if (next >= 0) carried.set(next, votes);
  }
  return carried;
}
