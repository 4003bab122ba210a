import { isAggregated } from "../aggregation/index.ts";
import { executedVerdict, parentFacts, refuseBlock } from "../block/index.ts";
import type { Draft } from "../draft.ts";
import { readsCandidate } from "../epoch/index.ts";
import { hasEquivocated } from "../evidence/index.ts";
import { forcedDigest, forcedEntries } from "../inbox/index.ts";
import { firstOfTerm, lastOfTerm, termOf } from "../leader.ts";
import { registryAfter } from "../registries.ts";
import type { BlockRecord, KnownProposal, ViewRecord } from "../state.ts";
import type { Certificate, Hash, SettlementReference, VoteBody } from "../types/index.ts";
import { ZERO_HASH } from "../types/index.ts";
import { checkEarlyNullify } from "../votes/index.ts";
import {
  bestCertificates,
  certifiedAt,
  effectiveDelta,
  finalizedInTerm,
  highestParent,
  nullifiedInTerm,
  uncoveredBetween,
} from "./conditions.ts";
import { wantBlock, wantCertificate } from "./fetch.ts";
import { isPastLease } from "./lease.ts";

/*
 * The rules of section 3 of protocol.md that vote, in order. Rule 2 (propose) stands in propose.ts, 8 (finalization)
 * in finality.ts, 10 (repair) in repair.ts; 11 (verification) in votes/. Each function applies its rule as often as
 * it can; `settle` calls them until none applies.
 */

const leaderOf = (d: Draft, view: number): number => d.epoch.leader(termOf(view, d.epoch.params.termViews));

/** True while the own key takes part in views: it has a seat in V_e, and the epoch's last block is not final (rule 2). */
const votes = (d: Draft): boolean => d.epoch.voterSeat !== null && d.s.lastBlock === null;

/** Asks for a view vote's signature; the caller has recorded it. */
function signVote(d: Draft, vote: VoteBody): void {
  d.sign({ what: "vote", epoch: d.epoch.start.epoch, domain: d.epoch.domain, vote });
}

/** Rule 1. Enter v on: v-1 certified, F(v-1,·), or X(u) with last(u) = v-1, from any lower view. */
export function rule1Enter(d: Draft): void {
  const k = d.epoch.params.termViews;
  let next = d.s.view;
  let entry: Certificate | null = null;
  const candidate = (view: number, certificate: Certificate | null): void => {
    if (view <= next) return;
    next = view;
    entry = certificate;
  };
  candidate(d.s.tip.view + 1, d.s.finalization);
  for (const record of d.s.views.values()) {
    if (record.finalization !== null) candidate(record.view + 1, record.finalization);
    else if (record.certified !== null) candidate(record.view + 1, record.notarization);
    if (record.nullification !== null) candidate(lastOfTerm(record.view, k) + 1, record.nullification);
  }
  if (next === d.s.view) return;
  d.s.view = next;
  d.s.entry = entry;
  startTimers(d);
  checkEarlyNullify(d, next);
  d.changed = true;
}

/** Deadlines of the current view: wait for the parent's stamp, then 2Δ for a proposal, 3Δ for certification, 4Δ through aggregators. */
export function startTimers(d: Draft): void {
  const { now, view } = d.s;
  const { params } = d.epoch;
  const parent = highestParent(d, view);
  const block = parent === null ? undefined : d.block(parent.hash);
  const stamp = block?.block.header.stamp ?? d.s.tip.stamp;
  const due = stamp + params.blockTime;
  const start = due > now ? due : now;
  const delta = effectiveDelta(d, view);
  const advance = start + (isAggregated(d.epoch.electorate, d.s.config.aggregateAbove) ? 4 : 3) * delta;
  const silent = d.s.attended - (d.s.heard[leaderOf(d, view)] ?? 0);
  const skip = d.s.config.skipViews > 0 && silent >= d.s.config.skipViews;
  if (skip) d.trace("1: silent leader skipped");
  d.s.timers = {
    entered: now,
    lead: skip ? now : start + 2 * delta,
    advance: skip ? now : advance,
    retry: (skip ? now : advance) + 2 * params.delta,
  };
}

/** Rule 3. NOTARIZE the leader's first proposal of each view not below the current one. */
export function rule3Notarize(d: Draft): void {
  if (d.s.lastBlock !== null) return;
  for (const record of d.s.views.values()) {
    const [proposal] = record.proposals;
    if (record.view < d.s.view || proposal === undefined || proposal.invalid) continue;
    const own = d.s.own.get(record.view);
    if (own !== undefined && (own.notarize !== null || own.nullify || own.finalize !== null)) continue;
    judge(d, record, proposal);
  }
}

function judge(d: Draft, record: ViewRecord, proposal: KnownProposal): void {
  const block = d.block(proposal.blockHash);
  if (block === undefined) return;
  if (block.invalid !== null || !isPlaced(d, record.view, proposal, block)) {
    markInvalid(d, record.view, proposal);
    return;
  }
  if (block.chain === null) {
    wantBlock(d, block.block.header.parentHash, proposal.from);
    return;
  }
  if (!block.available || !parentHeld(d, record.view, proposal, block)) return;
  const verdict = executedVerdict(d.s, d.epoch, block.block);
  if (verdict !== "wait" && verdict.invalid !== null) {
    refuseBlock(d, block, verdict.invalid);
    return;
  }
  if (verdict === "wait" || !votes(d)) return;
  const { header } = block.block;
  const { now } = d.s;
  const { drift } = d.epoch.params;
  if (header.stamp > now + drift) {
    d.trace("3: stamp ahead of the clock");
    return;
  }
  if (isPastLease(d, { ...block, chain: block.chain })) {
    d.trace("3: past a lease");
    return;
  }
  const reading = readingAgrees(d, block);
  if (reading === "no") {
    refuseBlock(d, block, "not what the settlement reference shows");
    return;
  }
  if (reading === "wait") return;
  const { view } = record;
  const { blockHash, parentView } = proposal;
  d.setOwn(view, { notarize: { blockHash, parentView } });
  if (header.view !== view) d.trace("3: re-proposal");
  if (view > d.s.view) d.trace("3: ahead of the current view");
  d.trace("3: NOTARIZE");
  signVote(d, { kind: "notarize", view, parentView, blockHash });
}

/** A proposal's view and parent view fit its block: its own, or later ones of an epoch's last block (rule 2). */
function isPlaced(d: Draft, view: number, proposal: KnownProposal, block: BlockRecord): boolean {
  const { header } = block.block;
  const { parentView } = proposal;
  if (header.view === view) return parentView === header.parentView;
  const k = d.epoch.params.termViews;
  const placed = header.height === d.epoch.lastHeight && header.view <= parentView && parentView < view;
  return placed && (view === firstOfTerm(view, k) || parentView === view - 1);
}

function markInvalid(d: Draft, view: number, proposal: KnownProposal): void {
  d.setView(view, {
    proposals: d
      .view(view)
      .proposals.map((each) => (each.blockHash === proposal.blockHash ? { ...each, invalid: true } : each)),
  });
}

/** First view of a term: parent certified and gap covered. Later: own NOTARIZE or N of the view before, not too far ahead. */
function parentHeld(d: Draft, view: number, proposal: KnownProposal, block: BlockRecord): boolean {
  const { parentView, from } = proposal;
  const parentHash = block.block.header.view === view ? block.block.header.parentHash : block.hash;
  const { termViews, ahead } = d.epoch.params;
  if (view !== firstOfTerm(view, termViews)) {
    if (view - d.s.notarizedView > ahead) return false;
    if (d.s.own.get(parentView)?.notarize?.blockHash === parentHash) return true;
    if (d.s.views.get(parentView)?.notarization?.blockHash === parentHash) return true;
    if (certifiedAt(d, parentView) === parentHash) return true;
    wantCertificate(d, parentView, from);
    return false;
  }
  if (certifiedAt(d, parentView) !== parentHash) {
    if (parentView > d.s.tip.view) {
      if (parentHash !== d.s.tip.hash) wantBlock(d, parentHash, from);
      const held = d.s.views.get(parentView);
      if (held === undefined || (held.notarization === null && held.finalization === null))
        wantCertificate(d, parentView, from);
    }
    return false;
  }
  const gap = uncoveredBetween(d, parentView, view);
  if (gap === null) return true;
  wantCertificate(d, gap, from);
  return false;
}

/** By what a reading is remembered: it depends on which entries of the inbox are consumed already. */
export const readingKey = ({ number, hash }: SettlementReference, inboxFrom: number): string =>
  `${number}:${hash}:${inboxFrom}`;

/**
 * What the contracts show at the reference must stand in the header: at a new one, and at an epoch's end (section 1);
 * at any, what the inbox owes (section 9). At the parent's reference a node that cannot tell votes all the same: a
 * settlement chain out of reach stops nothing. So a quorum that could not tell may certify such a block, and who can tell
 * withholds its vote but does not call it invalid.
 */
function readingAgrees(d: Draft, block: BlockRecord): "yes" | "no" | "wait" {
  const { header, body } = block.block;
  const { reference, parentHash, height } = header;
  const parent = parentFacts(d.s, parentHash);
  if (parent === null) return "wait";
  const { inboxCursor: from } = parent;
  const last = readsCandidate(d.epoch, height);
  const needed = parent.reference.number !== reference.number || last;
  const key = readingKey(reference, from);
  const reading = d.s.readings.get(key);
  if (reading === undefined) {
    d.map("readings").set(key, "asked");
    const { epoch } = d.epoch.start;
    d.emit({ type: "reference", reference, epoch, inboxFrom: from, inbox: d.epoch.params.inbox });
    return "wait";
  }
  if (reading === "asked") return "wait";
  if (reading === null) {
    d.trace(needed ? "3: settlement reference not final yet" : "9: what the inbox owes cannot be told");
    return needed ? "wait" : "yes";
  }
  const { forceQuota } = d.epoch.params.inbox;
  const forced = forcedEntries(reading.due, forceQuota);
  const batch = forced.length === 0 ? null : forcedDigest(d.s.config.chainId, from, forced);
  if (header.inboxCursor !== from + forced.length || (batch !== null && body.batches[0] !== batch)) {
    d.trace("9: not what the inbox owes");
    return needed ? "no" : "wait";
  }
  if (batch !== null) d.trace("9: forced entries");
  if (!needed) return "yes";
  if (reading.settledAt !== header.settledAt) return "no";
  if (!last) return "yes";
  const commitment = body.commitment!;
  const after = registryAfter(d, reading.candidate, commitment.modeNext);
  if (after === null) return "wait";
  return commitment.registryAfter === after ? "yes" : "no";
}

/** Rule 4. A view is certified with N or F, block, batches, certified parent, executed. Durable before anything depends on it. */
export function rule4Certify(d: Draft): void {
  for (const record of d.s.views.values()) {
    const { certified, view, notarization, finalization } = record;
    if (certified === null && view > d.s.tip.view && (notarization !== null || finalization !== null))
      certify(d, record);
  }
}

function certify(d: Draft, record: ViewRecord): void {
  const certificate = (record.finalization ?? record.notarization)!;
  const { blockHash, parentView } = certificate;
  const block = d.block(blockHash);
  if (block === undefined) {
    wantBlock(d, blockHash, null);
    return;
  }
  const { header } = block.block;
  const reproposed = header.view !== record.view;
  if (block.invalid !== null || (!reproposed && header.parentView !== parentView)) return;
  if (block.roots === null) {
    if (
      block.chain === null &&
      header.parentHash !== d.s.tip.hash &&
      d.block(header.parentHash) === undefined
    )
      wantBlock(d, header.parentHash, null);
    return;
  }
  const parentHash = reproposed ? blockHash : header.parentHash;
  if (certifiedAt(d, parentView) !== parentHash) {
    if (parentView > d.s.tip.view) wantCertificateIfMissing(d, parentView);
    return;
  }
  d.setView(record.view, { certified: { blockHash, parentView } });
  if (record.notarization !== null)
    d.persist({ type: "certificate", certificate: record.notarization, block: block.block });
  d.trace("4: certified");
}

function wantCertificateIfMissing(d: Draft, view: number): void {
  const held = d.s.views.get(view);
  if (held === undefined || (held.notarization === null && held.finalization === null))
    wantCertificate(d, view, null);
}

/** Rule 5. FINALIZE every certified view above the final one that nothing signed before contradicts. */
export function rule5Finalize(d: Draft): void {
  if (!votes(d)) return;
  for (const { view, certified } of d.s.views.values()) {
    if (certified === null || view <= d.s.tip.view) continue;
    const own = d.own(view);
    if (own.finalize !== null) continue;
    const { blockHash, parentView } = certified;
    if (
      own.notarize !== null &&
      (own.notarize.blockHash !== blockHash || own.notarize.parentView !== parentView)
    )
      continue;
    if (nullifiedInTerm(d, view) || hasEquivocated(d, view, leaderOf(d, view))) continue;
    const block = d.block(blockHash);
    if (block?.chain == null) continue;
    if (isPastLease(d, { ...block, chain: block.chain })) continue;
    d.setOwn(view, { finalize: { blockHash, parentView } });
    d.trace(view + 1 < d.s.view ? "5: late FINALIZE" : "5: FINALIZE");
    signVote(d, { kind: "finalize", view, parentView, blockHash });
  }
}

/** Rule 6. NULLIFY the current view on a time-out, an invalid proposal or the leader's own NULLIFY. */
export function rule6Nullify(d: Draft): void {
  if (!votes(d)) return;
  const { view, now, timers } = d.s;
  if (d.own(view).nullify || finalizedInTerm(d, view)) return;
  const record = d.s.views.get(view);
  const [proposal] = record?.proposals ?? [];
  const reason =
    proposal?.invalid || (proposal !== undefined && d.block(proposal.blockHash)?.invalid != null)
      ? "6: invalid proposal"
      : record?.leaderNullified
        ? "6: leader's NULLIFY"
        : proposal === undefined && now >= timers.lead
          ? "6: no proposal"
          : now >= timers.advance
            ? "6: not certified"
            : null;
  if (reason === null) return;
  d.setOwn(view, { nullify: true });
  d.trace(reason);
  signVote(d, { kind: "nullify", view, parentView: 0, blockHash: ZERO_HASH as Hash });
}

/** Rule 6, second half: every t_retry the own NULLIFY and the view's entry certificate go out again. */
export function rule6Retry(d: Draft): void {
  const { now, timers, view } = d.s;
  if (now < timers.retry) return;
  d.s.timers = { ...timers, retry: now + 2 * d.epoch.params.delta };
  d.trace("6: repeat");
  for (const certificate of bestCertificates(d)) d.broadcast({ type: "certificate", certificate });
  for (const vote of d.own(view).votes) if (vote.kind === "nullify") d.broadcast({ type: "vote", vote });
}
