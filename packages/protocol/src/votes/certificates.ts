import type { Draft } from "../draft.ts";
import { accuse, isAccusing } from "../evidence/index.ts";
import { lastOfTerm } from "../leader.ts";
import { rootOf } from "../memo.ts";
import type { Certificate, Peer, VoteBody } from "../types/index.ts";
import { noteAttendance } from "./attendance.ts";

/** Views whose X are kept while nothing is final; beyond, old ones are refused (hours of back-off away). */
const HELD_NULLIFICATIONS = 4_096;

/**
 * Takes in a verified certificate: relayed once (rules 1, 4, 7, 8), kept for what it proves. X is durable at once,
 * N together with its block when certified, F with the block it makes final or, if that is not held yet, alone.
 */
export function holdCertificate(d: Draft, certificate: Certificate): void {
  const { kind, view } = certificate;
  if (certificate.domain !== d.epoch.domain) return;
  accuse(d, certificate);
  const record = d.view(view);
  const isFirst = record.notarization === null && record.nullification === null;
  if (kind === "nullify") {
    if (record.nullification !== null || isBelowFinal(d, view)) return;
    if (isFirst) noteAttendance(d, certificate);
    d.setView(view, { nullification: certificate });
    d.persist({ type: "certificate", certificate, block: null });
    d.trace(record.notarization !== null ? "7: N and X of one view" : "7: nullification");
  } else if (kind === "notarize") {
    if (record.notarization !== null || view <= d.s.tip.view) return;
    if (isFirst) noteAttendance(d, certificate);
    d.setView(view, { notarization: certificate });
    if (view > d.s.notarizedView) d.s.notarizedView = view;
    d.trace("4: notarization");
  } else {
    const other = record.finalization;
    if (
      contradictsFinal(d, certificate) ||
      (other !== null && other.blockHash !== certificate.blockHash && view > d.s.tip.view)
    ) {
      d.contradict(`two different blocks are final by view ${view}`, [certificate], certificate);
      return;
    }
    if (record.finalization !== null || view <= d.s.tip.view) return;
    d.setView(view, { finalization: certificate });
    if (view > d.s.notarizedView) d.s.notarizedView = view;
    if (d.s.finalization === null || d.s.finalization.view < view) d.s.finalization = certificate;
    if ((d.block(certificate.blockHash)?.roots ?? null) === null)
      d.persist({ type: "certificate", certificate, block: null });
    d.trace("8: finalization");
  }
  d.broadcast({ type: "certificate", certificate });
}

/** X(u) is of no use once a view at or above last(u) is final. */
const isBelowFinal = (d: Draft, view: number): boolean =>
  lastOfTerm(view, d.epoch.params.termViews) <= d.s.tip.view;

/** True if an F is of a view at or below the final one, but not of the final chain's block there (rule 8). */
function contradictsFinal(d: Draft, c: VoteBody): boolean {
  const { tip, history } = d.s;
  if (c.kind !== "finalize" || c.view > tip.view || c.blockHash === tip.hash) return false;
  let node = history;
  while (node !== null && node.view > c.view) node = node.below;
  // Below the epoch's first final block nothing but its view 0 is final.
  return node?.facts.hash !== c.blockHash;
}

/** True if a certificate like this one is held or useless, so that it need not be verified. */
export function isKnown(d: Draft, c: VoteBody): boolean {
  if (isAccusing(d, c)) return false;
  const record = d.s.views.get(c.view);
  if (c.kind === "nullify") return isBelowFinal(d, c.view) || (record?.nullification ?? null) !== null;
  if (c.view <= d.s.tip.view) return !contradictsFinal(d, c);
  const held = c.kind === "notarize" ? record?.notarization : record?.finalization;
  return held !== undefined && held !== null;
}

/** Verifies a certificate that arrived, unless enough copies of it wait already. Well-formedness is checked before. */
export function verifyCertificate(d: Draft, c: Certificate, from: Peer): void {
  const root = rootOf(c.domain, c);
  if (d.isBusyWith(from)) return;
  let waiting = 0;
  for (const job of d.s.jobs.values()) {
    if (job.what !== "certificate" || job.root !== root) continue;
    waiting++;
    // Two copies from different senders: a forged one does not delay the true one, nor do many cost much.
    if (job.from === from || waiting >= 2) return;
  }
  if (d.s.views.size > HELD_NULLIFICATIONS && c.kind === "nullify" && c.view < d.s.view) return;
  d.verify(
    { what: "certificate", certificate: c, root, from, blocks: [], forks: false },
    {
      what: "certificate",
      registry: d.epoch.registry.root,
      root,
      bitmap: c.bitmap,
      signature: c.signature,
    },
  );
}
