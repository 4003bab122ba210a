import { addBlock, isWellFormed } from "../block/index.ts";
import { verifyBacking } from "../checkpoint/index.ts";
import { LIMITS } from "../codec/index.ts";
import type { Draft } from "../draft.ts";
import { lastOfTerm } from "../leader.ts";
import { bodyMatches, hashOf, rootOf } from "../memo.ts";
import { openSignals } from "../modes/index.ts";
import type { Block, Certificate, CertifiedBlock, Hash, Peer, Request, Status } from "../types/index.ts";
import { bestCertificates, coverOf } from "./conditions.ts";
import { somePeer } from "./fetch.ts";
import { isFinalizing } from "./finality.ts";

/*
 * Rule 10: what gets a replica that missed messages back to the others.
 */

/** Patience with a request for final blocks grows to 4Δ · 2^5. */
const MOST_DOUBLINGS = 5;

export const statusOf = (d: Draft): Status => ({
  epoch: d.epoch.start.epoch,
  domain: d.epoch.domain,
  view: d.s.view,
  finalHeight: d.s.tip.height,
  finalHash: d.s.tip.hash,
  backedHeight: d.s.backedHeight,
});

/** On connecting: status, highest F, entry certificate, own votes above F, own proposals and unbacked checkpoint votes. */
export function greet(d: Draft, peer: Peer): void {
  const { s } = d;
  d.send(peer, { type: "status", status: statusOf(d) });
  for (const certificate of bestCertificates(d)) d.send(peer, { type: "certificate", certificate });
  for (const [view, { votes, proposal }] of s.own) {
    if (view <= s.tip.view) continue;
    const notarize = votes.find((vote) => vote.kind === "notarize");
    if (proposal !== null && notarize !== undefined) {
      const { epoch, domain, seat, signature } = notarize;
      const { block, parentView } = proposal;
      d.send(peer, {
        type: "proposal",
        proposal: { epoch, domain, view, parentView, block, seat, signature },
      });
    }
    for (const vote of votes) d.send(peer, { type: "vote", vote });
  }
  for (const { signal } of openSignals(d)) d.send(peer, { type: "signal", signal });
  for (const { own } of s.due) if (own !== null) d.send(peer, { type: "checkpointVote", vote: own });
}

/** True if the peer may be answered now: one answer per Δ, so that late votes in good times cost nothing. */
function mayAnswer(d: Draft, peer: Peer): boolean {
  if (d.s.now < d.peer(peer).answeredAt + d.epoch.params.delta) return false;
  d.setPeer(peer, { answeredAt: d.s.now });
  return true;
}

/** An old view's message is answered with the best certificate that leaves it. */
export function answerOldView(d: Draft, peer: Peer): void {
  const best = bestCertificates(d);
  if (best.length === 0 || !mayAnswer(d, peer)) return;
  d.trace("10: old view answered");
  for (const certificate of best) d.send(peer, { type: "certificate", certificate });
}

/** A node still in an earlier epoch gets what ends it: F of the last block and its boundary, or the status to catch up by. */
export function answerOldEpoch(d: Draft, peer: Peer, epoch: number): void {
  // Right after a hand-over, late votes of the old epoch are no sign of anybody lagging.
  if (d.s.now < d.s.begun + d.epoch.params.delta || !mayAnswer(d, peer)) return;
  const { past } = d.s;
  d.trace("10: old epoch answered");
  d.send(peer, { type: "status", status: statusOf(d) });
  if (past?.epoch !== epoch) return;
  if (past.finalization !== null) d.send(peer, { type: "certificate", certificate: past.finalization });
  if (past.boundary !== null) d.send(peer, { type: "checkpointCertificate", certificate: past.boundary });
}

/** A checkpoint vote for what is backed already is answered with the backing. */
export function answerBacked(d: Draft, peer: Peer): void {
  if (d.s.backed === null || !mayAnswer(d, peer)) return;
  d.send(peer, { type: "checkpointCertificate", certificate: d.s.backed });
}

/** What a peer says it has: who is behind is told, who is ahead is asked. */
export function onStatus(d: Draft, from: Peer, status: Status): void {
  const { s } = d;
  const { epoch } = s.epoch.start;
  d.setPeer(from, { epoch: status.epoch, finalHeight: status.finalHeight });
  if (status.epoch > epoch || status.finalHeight > s.tip.height) {
    s.behind = true;
    return;
  }
  if (status.epoch < epoch) {
    answerOldEpoch(d, from, status.epoch);
    return;
  }
  if (status.finalHeight < s.tip.height && mayAnswer(d, from))
    d.send(from, { type: "status", status: statusOf(d) });
  else if (status.view < s.view) answerOldView(d, from);
}

/** A sign that the peer is ahead: the next catch-up asks it. */
export function hintAhead(d: Draft, peer: Peer, epoch: number): void {
  const known = d.peer(peer);
  const height = d.s.tip.height + 1;
  if (known.epoch < epoch || known.finalHeight < height)
    d.setPeer(peer, {
      epoch: known.epoch > epoch ? known.epoch : epoch,
      finalHeight: known.finalHeight > height ? known.finalHeight : height,
    });
  d.s.behind = true;
}

/** Answers from the own state, or leaves it to the shell's store. */
export function onRequest(d: Draft, from: Peer, request: Request): void {
  if (request.what === "block") {
    const record = d.block(request.hash);
    if (record !== undefined) {
      const blocks = [{ block: record.block, certificate: null, backing: null }];
      d.send(from, { type: "blocks", blocks });
      return;
    }
  } else if (request.what === "certificate" && request.domain === d.epoch.domain) {
    const certificate = leaving(d, request.view);
    if (certificate !== null) d.send(from, { type: "certificate", certificate });
    return;
  }
  d.emit({ type: "serve", to: from, request });
}

/** The best certificate that leaves `view`: of the view itself, covering it, or the highest F above it. */
function leaving(d: Draft, view: number): Certificate | null {
  const record = d.s.views.get(view);
  const own = record?.finalization ?? record?.notarization;
  if (own) return own;
  if (view > 0 && view <= d.s.view + lastOfTerm(1, d.epoch.params.termViews)) {
    const cover = coverOf(d, view);
    if (cover !== null) return cover;
  }
  const { finalization } = d.s;
  return finalization !== null && finalization.view >= view ? finalization : null;
}

/** Keeps one request for final blocks under way while a peer is ahead; another peer is asked when one does not answer. */
export function catchUp(d: Draft): void {
  const { s } = d;
  if (s.catchUp === null ? !s.behind || isBusyCatchingUp(d) : s.now < s.catchUp.retryAt) return;
  const tries = (s.catchUp?.tries ?? -1) + 1;
  const peer = someoneAhead(d, tries);
  if (peer === null) {
    s.behind = false;
    s.catchUp = null;
    return;
  }
  const asked = [...new Set([...(s.catchUp?.asked ?? []), peer])];
  // A run of blocks may take longer than a vote: patience doubles with each try.
  const patience = 4 * d.epoch.params.delta * 2 ** (tries < MOST_DOUBLINGS ? tries : MOST_DOUBLINGS);
  s.catchUp = { asked, tries, retryAt: s.now + patience };
  // The boundary's backing comes with the epoch's last block: ask for that block again while only its backing is missing.
  const from = s.lastBlock !== null ? s.tip.height : s.tip.height + 1;
  d.trace("10: catching up");
  d.send(peer, { type: "request", request: { what: "finalized", from, count: LIMITS.blocksPerMessage } });
}

/** True while an answer is being verified or executed. */
function isBusyCatchingUp(d: Draft): boolean {
  for (const job of d.s.jobs.values())
    if (job.what === "checkpointCertificate" || (job.what === "certificate" && job.blocks.length > 0))
      return true;
  return isFinalizing(d);
}

/** A peer that claims more than the own final block, another one at each try; any if an F or a backing proves that there is more. */
function someoneAhead(d: Draft, tries: number): Peer | null {
  const { s } = d;
  const ahead: Peer[] = [];
  for (const [peer, { epoch, finalHeight }] of s.peers)
    if (epoch > d.epoch.start.epoch || finalHeight > s.tip.height) ahead.push(peer);
  if (ahead.length > 0) return ahead[tries % ahead.length]!;
  const proven = s.aheadBacking !== null || (s.finalization?.view ?? 0) > s.tip.view;
  return proven ? somePeer(d, tries) : null;
}

/** Blocks that were asked for: single ones by hash, or a run of the final chain up to an F. */
export function onBlocks(d: Draft, from: Peer, items: readonly CertifiedBlock[]): void {
  const { s } = d;
  const asked = s.catchUp?.asked.includes(from) ?? false;
  const run: { hash: Hash; block: Block }[] = [];
  let end = 0;
  let certificate: Certificate | null = null;
  let parent = s.tip.hash;
  let fork: { readonly end: Hash; readonly certificate: Certificate | null } | null = null;
  for (const item of items) {
    const { block, backing } = item;
    if (block.header.domain !== d.epoch.domain) continue;
    if (!bodyMatches(block)) {
      d.ban(from, "block body differs from its header");
      return;
    }
    const hash = hashOf(block);
    if (s.fetches.has(hash)) addBlock(d, hash, block, from);
    if (!asked) continue;
    if (backing !== null && backing.domain === d.epoch.domain) verifyBacking(d, backing, from);
    fork = forked(d, fork, item, hash);
    if (block.header.parentHash !== parent) continue;
    run.push({ hash, block });
    parent = hash;
    const f = item.certificate;
    if (f?.kind === "finalize" && f.blockHash === hash && isWellFormed(d.epoch, f)) {
      certificate = f;
      end = run.length;
    }
  }
  if (!asked) return;
  d.changed = true;
  if (certificate === null) {
    if (fork?.certificate) verifyFork(d, fork.certificate, from);
    noteUnhelpful(d, from, items);
    return;
  }
  s.catchUp = null;
  const root = rootOf(certificate.domain, certificate);
  d.verify(
    { what: "certificate", certificate, root, from, blocks: run.slice(0, end), forks: false },
    {
      what: "certificate",
      registry: d.epoch.registry.root,
      root,
      bitmap: certificate.bitmap,
      signature: certificate.signature,
    },
  );
}

/** The run of blocks that leaves the own final chain right above the final block, if this item begins it or goes on with it. */
function forked(
  d: Draft,
  fork: { readonly end: Hash; readonly certificate: Certificate | null } | null,
  item: CertifiedBlock,
  hash: Hash,
): typeof fork {
  const { header } = item.block;
  const begins = header.height === d.s.tip.height + 1 && header.parentHash !== d.s.tip.hash;
  if (!begins && header.parentHash !== fork?.end) return fork;
  const f = item.certificate;
  const own = f?.kind === "finalize" && f.blockHash === hash && isWellFormed(d.epoch, f) ? f : null;
  return { end: hash, certificate: own ?? (begins ? null : fork!.certificate) };
}

/** Others finalized a chain that leaves the own one: if their F is true, that is a contradiction (rule 8). */
function verifyFork(d: Draft, certificate: Certificate, from: Peer): void {
  const root = rootOf(certificate.domain, certificate);
  d.verify(
    { what: "certificate", certificate, root, from, blocks: [], forks: true },
    {
      what: "certificate",
      registry: d.epoch.registry.root,
      root,
      bitmap: certificate.bitmap,
      signature: certificate.signature,
    },
  );
}

/** Nothing to build on: the peer is not asked again until it claims more, another one after Δ. A boundary's backing is help. */
function noteUnhelpful(d: Draft, from: Peer, items: readonly CertifiedBlock[]): void {
  if (items.some(({ backing }) => backing?.domain === d.epoch.domain)) {
    d.s.catchUp = null;
    return;
  }
  d.setPeer(from, { epoch: d.epoch.start.epoch, finalHeight: d.s.tip.height });
  if (d.s.catchUp !== null) d.s.catchUp = { ...d.s.catchUp, retryAt: d.s.now + d.epoch.params.delta };
}
