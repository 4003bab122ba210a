import type { Draft } from "../draft.ts";
import type { Hash, Millis, Peer, Request } from "../types/index.ts";

/** Blocks and certificates asked for at a time: a few branches of a few views. */
const MOST_FETCHES = 64;

/** Some peer to ask, another one at each try; null if none is known. */
export function somePeer(d: Draft, turn: number): Peer | null {
  const { peers } = d.s;
  if (peers.size === 0) return null;
  let at = turn % peers.size;
  for (const peer of peers.keys()) if (at-- === 0) return peer;
  return null;
}

function ask(d: Draft, request: Request, from: Peer | null, tries: number): void {
  const peer = from ?? somePeer(d, tries);
  if (peer !== null) d.send(peer, { type: "request", request });
}

const patience = (d: Draft): Millis => 2 * d.epoch.params.delta;

/** Asks for a block that a certificate or a child names: first whoever it came from (rule 10). */
export function wantBlock(d: Draft, hash: Hash, from: Peer | null): void {
  const { s } = d;
  if (s.blocks.has(hash) || hash === s.tip.hash || s.fetches.has(hash) || s.fetches.size >= MOST_FETCHES)
    return;
  for (const job of s.jobs.values()) if (job.what === "proposal" && job.hash === hash) return;
  d.map("fetches").set(hash, { retryAt: s.now + patience(d), tries: s.nextJob, from });
  d.trace("10: block fetched");
  ask(d, { what: "block", hash }, from, s.nextJob);
}

/** Asks for a certificate that leaves `view`: first the leader who built on it (rule 10). */
export function wantCertificate(d: Draft, view: number, from: Peer | null): void {
  const { s } = d;
  if (s.wanted.has(view) || s.wanted.size >= MOST_FETCHES) return;
  d.map("wanted").set(view, { retryAt: s.now + patience(d), tries: s.nextJob, from });
  d.trace("10: certificate fetched");
  ask(d, certificateRequest(d, view), from, s.nextJob);
}

/** Asks everybody in turn for a certificate of a view that is final here: others may hold one that contradicts it. */
export function wantEvidence(d: Draft, view: number): void {
  const { s } = d;
  const known = s.wanted.get(view);
  if (known !== undefined && known.retryAt > s.now) return;
  const tries = (known?.tries ?? -1) + 1;
  d.map("wanted").set(view, { retryAt: s.now + patience(d), tries, from: null });
  ask(d, certificateRequest(d, view), null, tries);
}

const certificateRequest = (d: Draft, view: number): Request => ({
  what: "certificate",
  epoch: d.epoch.start.epoch,
  domain: d.epoch.domain,
  view,
});

/** Asks others for what did not come; forgets what is held by now. */
export function retryFetches(d: Draft): void {
  const { s } = d;
  for (const [hash, fetch] of s.fetches) {
    if (fetch.retryAt > s.now) continue;
    d.map("fetches").set(hash, { retryAt: s.now + patience(d), tries: fetch.tries + 1, from: null });
    ask(d, { what: "block", hash }, null, fetch.tries + 1);
  }
  for (const [view, fetch] of s.wanted) {
    const record = s.views.get(view);
    const held =
      record !== undefined && (record.notarization ?? record.finalization ?? record.nullification) !== null;
    if ((held || view <= s.tip.view) && !s.contradicted) {
      d.map("wanted").delete(view);
      continue;
    }
    if (fetch.retryAt > s.now || s.contradicted) continue;
    d.map("wanted").set(view, { retryAt: s.now + patience(d), tries: fetch.tries + 1, from: null });
    ask(d, certificateRequest(d, view), null, fetch.tries + 1);
  }
}
