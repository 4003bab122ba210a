import { fromBitmap } from "../codec/index.ts";
import type { Draft } from "../draft.ts";
import { rootOf } from "../memo.ts";
import { hasSeat } from "../quorum.ts";
import type {
  Certificate,
  Checkpoint,
  CheckpointTestimony,
  Evidence,
  Registry,
  RestartVote,
  Seat,
  StatementEvidence,
  Testimony,
  Vote,
  VoteBody,
} from "../types/index.ts";

/*
 * Evidence is durable before anything else comes of it, and told once per offence.
 */

/** Identity of an offence among votes: validator, view, kind pair (contracts.md, slashing). */
export const voteKey = (seat: Seat, a: VoteBody, b: VoteBody): string =>
  `${seat}:${a.view < b.view ? a.view : b.view}:${a.kind < b.kind ? `${a.kind}+${b.kind}` : `${b.kind}+${a.kind}`}`;

/** What the verifier is asked to check a vote alone. */
export const checkOfVote = (d: Draft, v: Vote) => ({
  registry: d.epoch.registry.root,
  seat: v.seat,
  root: rootOf(v.domain, v),
  signature: v.signature,
});

function tell(d: Draft, evidence: Evidence): void {
  d.trace(`7: evidence by ${evidence.what}`);
  d.persist({ type: "evidence", evidence });
  d.emit({ type: "evidence", evidence });
}

/** What {@link tell} told of is not told again; also after a restart. */
export function remember(d: Draft, evidence: Evidence): void {
  d.s.reported = new Set([...d.s.reported, ...keysOf(evidence)]);
  if (evidence.what !== "certificates") return;
  for (const { certificate } of [evidence.first, evidence.second] as Extract<
    Testimony,
    { type: "certificate" }
  >[])
    d.s.reported = new Set(d.s.reported).add(partKey(certificate));
}

/** Says that a certificate was part of a group's conviction. */
const partKey = (c: Certificate): string => `certificate ${rootOf(c.domain, c)}`;

/** True if somebody was convicted by this certificate and another. */
export const hasConvicted = (d: Draft, c: Certificate): boolean => d.s.reported.has(partKey(c));

function keysOf(evidence: Evidence): readonly string[] {
  if (evidence.what === "votes") return [voteKey(evidence.seat, evidence.first, evidence.second)];
  const { what, first, second, seats } = evidence;
  if (what === "certificates" || what === "member") {
    const [a, b] = [bodyIn(first), bodyIn(second)];
    if (a === null || b === null) return [];
    return what === "member" ? [voteKey(seats[0]!, a, b)] : [voteKey(-1, a, b)];
  }
  if (what === "checkpoints") return seats.map((seat) => `${seat}:checkpoints`);
  return seats.map((seat) => `${seat}:restart`);
}

const bodyIn = (testimony: Testimony): VoteBody | null =>
  testimony.type === "vote"
    ? testimony.vote
    : testimony.type === "certificate"
      ? testimony.certificate
      : null;

function tellOnce(d: Draft, evidence: Evidence): void {
  if (keysOf(evidence).every((key) => d.s.reported.has(key))) return;
  remember(d, evidence);
  tell(d, evidence);
}

const idsOf = (registry: Registry, seats: readonly Seat[]): number[] =>
  seats.map((seat) => registry.entries[seat]!.validatorId);

/** Reports two verified votes of one key, once per offence. */
export function report(d: Draft, first: Vote, second: Vote): void {
  if (first.domain !== d.epoch.domain) return;
  const { epoch, domain, seat } = first;
  const validatorId = d.epoch.registry.entries[seat]!.validatorId;
  tellOnce(d, { what: "votes", epoch, domain, seat, validatorId, first, second });
}

/** Reports everyone in both of two contradicting certificates (group conviction). */
export function reportCertificates(d: Draft, first: Certificate, second: Certificate): void {
  const seats = fromBitmap(first.bitmap).filter((seat) => hasSeat(second.bitmap, seat));
  if (seats.length === 0) return;
  tellOnce(d, {
    what: "certificates",
    epoch: first.epoch,
    domain: first.domain,
    seats,
    validatorIds: idsOf(d.epoch.registry, seats),
    first: { type: "certificate", certificate: first },
    second: { type: "certificate", certificate: second },
    chain: [],
  });
}

/** Reports a vote against a certificate that its signer is in. */
export function reportMember(d: Draft, vote: Vote, certificate: Certificate): void {
  tellOnce(d, {
    what: "member",
    epoch: vote.epoch,
    domain: vote.domain,
    seats: [vote.seat],
    validatorIds: idsOf(d.epoch.registry, [vote.seat]),
    first: { type: "vote", vote },
    second: { type: "certificate", certificate },
    chain: [],
  });
}

export const checkpointIn = (testimony: CheckpointTestimony): Checkpoint =>
  testimony.type === "checkpointVote" ? testimony.vote.checkpoint : testimony.certificate.checkpoint;

/** Seats that signed; of a single vote one. */
export const signersOf = (testimony: Testimony): readonly Seat[] =>
  testimony.type === "certificate" || testimony.type === "checkpointCertificate"
    ? fromBitmap(testimony.certificate.bitmap)
    : testimony.vote.seat === null
      ? []
      : [testimony.vote.seat];

/** Reports everyone who signed both of two checkpoints of different chains. */
export function reportCheckpoints(
  d: Draft,
  first: CheckpointTestimony,
  second: CheckpointTestimony,
  chain: readonly Checkpoint[],
): void {
  const others = new Set(signersOf(second));
  const seats = signersOf(first).filter(
    (seat) => others.has(seat) && !d.s.reported.has(`${seat}:checkpoints`),
  );
  if (seats.length === 0) return;
  const { epoch, domain } = first.type === "checkpointVote" ? first.vote : first.certificate;
  tellOnce(d, {
    what: "checkpoints",
    epoch,
    domain,
    seats,
    validatorIds: idsOf(d.epoch.registry, seats),
    first,
    second,
    chain,
  });
}

/** Reports a RESTART and what its signer may not have signed beside it, by the seat in the other's registry. */
export function reportRestart(
  d: Draft,
  restart: RestartVote,
  other: StatementEvidence["second"],
  seat: Seat,
): void {
  if (d.s.reported.has(`${seat}:restart`)) return;
  tellOnce(d, {
    what: "restart",
    epoch: restart.epoch,
    domain: restart.domain,
    seats: [seat],
    validatorIds: idsOf(d.epoch.registry, [seat]),
    first: { type: "restart", vote: restart },
    second: other,
    chain: [],
  });
}
