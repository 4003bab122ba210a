import type { Draft } from "../draft.ts";
import { rootOf } from "../memo.ts";
import type { Certificate } from "../types/index.ts";
import { accuse, isAccusing } from "./detect.ts";
import { hasConvicted, reportCertificates } from "./report.ts";
import { slashable } from "./slashable.ts";

/*
 * Two final blocks contradict each other: F(v,h) and F(v',h'), v <= v'. The chain of h' carries what convicts a quorum's
 * intersection: its lowest block above v carries N(v,h2) or an X covering v (section 7, completeness).
 */

/** How the walk asks for what it lacks. */
export interface WalkMeans {
  wantBlock(d: Draft, hash: Certificate["blockHash"]): void;
  /** A certificate of this view, whichever a peer has. */
  wantCertificate(d: Draft, view: number): void;
}

/** The F of the highest final block that has one: what others' F contradict. */
function ownFinalization(d: Draft): Certificate | null {
  for (let node = d.s.history; node !== null; node = node.below)
    if (node.certificate?.kind === "finalize") return node.certificate;
  return null;
}

/** Goes on with every conflict that has convicted nobody yet. */
export function walkConflicts(d: Draft, means: WalkMeans): void {
  const own = ownFinalization(d);
  if (own === null) return;
  for (const f of d.s.conflicts) {
    if (d.s.walked.has(rootOf(f.domain, f))) continue;
    const isDone =
      f.view === own.view
        ? atOneView(d, own, f)
        : f.view > own.view
          ? downTheirs(d, own, f, means)
          : downOurs(d, f, means);
    if (isDone) d.s.walked = new Set(d.s.walked).add(rootOf(f.domain, f));
  }
}

function atOneView(d: Draft, own: Certificate, f: Certificate): boolean {
  reportCertificates(d, own, f);
  return true;
}

/** The other chain is fetched by hash down to its lowest block above the own F's view. */
function downTheirs(d: Draft, own: Certificate, f: Certificate, means: WalkMeans): boolean {
  let hash = f.blockHash;
  for (;;) {
    const record = d.block(hash);
    if (record === undefined) {
      means.wantBlock(d, hash);
      return false;
    }
    const { header, body } = record.block;
    // Proposed at or below the view, certified again above it: what lies between stands in no block.
    if (header.view <= own.view) break;
    if (header.parentView <= own.view) {
      if (testify(d, body.certificates, own)) return true;
      break;
    }
    hash = header.parentHash;
  }
  means.wantCertificate(d, own.view);
  return hasConvicted(d, own);
}

/** The own chain, whose carried certificates were verified when it was notarized. */
function downOurs(d: Draft, f: Certificate, means: WalkMeans): boolean {
  for (let node = d.s.history; node !== null && node.view >= f.view; node = node.below) {
    const found = node.carried.find((c) => slashable(c, f, d.epoch.params.termViews));
    if (found === undefined) continue;
    reportCertificates(d, found, f);
    return true;
  }
  means.wantCertificate(d, f.view);
  return hasConvicted(d, f);
}

/** Hands the carried certificates that contradict `own` to the verifier; true once one has convicted. */
function testify(d: Draft, carried: readonly Certificate[], own: Certificate): boolean {
  for (const c of carried) {
    if (!slashable(c, own, d.epoch.params.termViews)) continue;
    if (!isAccusing(d, c)) return true;
    const root = rootOf(c.domain, c);
    if ([...d.s.jobs.values()].some((job) => job.what === "carried" && job.root === root)) return false;
    d.verify(
      { what: "carried", certificate: c, root },
      {
        what: "certificate",
        registry: d.epoch.registry.root,
        root,
        bitmap: c.bitmap,
        signature: c.signature,
      },
    );
    return false;
  }
  return false;
}

/** The verifier's answer about a certificate that another chain carries. */
export function onCarriedVerified(d: Draft, c: Certificate, ok: boolean): void {
  if (ok) accuse(d, c);
}
