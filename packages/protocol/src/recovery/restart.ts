import { equalBytes } from "../codec/index.ts";
import type { Draft } from "../draft.ts";
import { isOver, openRecovery } from "../silence.ts";
import type { FinalNode } from "../state.ts";
import type {
  Certificate,
  EpochStart,
  Hash,
  Millis,
  Mode,
  PostedCertificate,
  RecoveryReading,
  RestartBody,
  Seat,
} from "../types/index.ts";
import { wantBlock } from "../view/index.ts";

/*
 * The members' side of an open recovery (section 6, 2 and 3).
 */

/** Modes that epoch e + 1 may still get while e runs. */
const nextModes = (start: EpochStart): readonly Mode[] => [start.mode, start.hybrid.modeWanted];

/** True if e is or e + 1 may be Fast: then RESTART waits until no lease can be running. */
const mayBeFast = (start: EpochStart): boolean => start.mode === "fast" || nextModes(start).includes("fast");

/** A block that a RESTART can name. */
interface Place extends RestartBody {
  readonly height: number;
  /** Null for view 0 and for what others posted. */
  readonly certificate: Certificate | null;
}

/** Own seats in W_e and in R_{e+1}, whose members RESTART is weighed with. */
export function restartSeats(d: Draft): { readonly seat: Seat | null; readonly seatNext: Seat | null } {
  const { key } = d.s.config;
  const next = d.s.registries.get(d.epoch.start.registryNext);
  if (key === null) return { seat: null, seatNext: null };
  const found = next?.entries.findIndex(
    (entry, seat) => !next.suspended.has(seat) && equalBytes(entry.key, key),
  );
  return { seat: d.epoch.backerSeat, seatNext: found === undefined || found < 0 ? null : found };
}

/** What the own key does about an open recovery. */
export function tendRecovery(d: Draft): void {
  const recovery = openRecovery(d.s);
  if (recovery === null || isOver(d.s)) return;
  postBest(d, recovery);
  fetchPosted(d, recovery);
  signRestart(d, recovery);
}

/** Until grace ends anyone posts the highest N or F it holds, if it is above what was posted. */
function postBest(d: Draft, recovery: RecoveryReading): void {
  if (d.s.contracts!.at > recovery.graceEnd) return;
  let best: Place | null = null;
  for (const place of certifiedPlaces(d))
    if (place.certificate !== null && (best === null || place.view > best.view)) best = place;
  if (
    best === null ||
    (best.view <= d.s.postedView && d.s.postedTo === recovery.graceEnd) ||
    best.height <= d.s.contracts!.acceptedHeight
  )
    return;
  if (recovery.posted.some((posted) => posted.view >= best.view)) return;
  d.s.postedView = best.view;
  d.s.postedTo = recovery.graceEnd;
  d.trace("6: certificate posted to the recovery");
  d.emit({ type: "post", certificate: best.certificate! });
}

/** Blocks that were posted and are not held are fetched: a node that is halted looks at both sides. */
function fetchPosted(d: Draft, recovery: RecoveryReading): void {
  for (const posted of recovery.posted) {
    if (!d.s.postedSeen.has(posted.blockHash)) d.map("postedSeen").set(posted.blockHash, d.s.now);
    let hash = posted.blockHash;
    while (!isFinalHere(d, hash)) {
      const record = d.block(hash);
      if (record === undefined) {
        wantBlock(d, hash, null);
        break;
      }
      hash = record.block.header.parentHash;
    }
  }
}

function nodeOf(d: Draft, hash: Hash): FinalNode | null {
  for (let node = d.s.history; node !== null; node = node.below) if (node.facts.hash === hash) return node;
  return null;
}

const isFinalHere = (d: Draft, hash: Hash): boolean =>
  hash === d.epoch.start.parent.hash || nodeOf(d, hash) !== null;

/** Blocks of the epoch that this node has certified and holds N or F of, and view 0. */
function* certifiedPlaces(d: Draft): Generator<Place> {
  const { start } = d.epoch;
  yield { view: 0, blockHash: start.parent.hash, height: start.parent.height, certificate: null };
  for (let node = d.s.history; node !== null; node = node.below) {
    const { hash, height } = node.facts;
    const certificate = node.certificate ?? notarizationOf(d, node);
    if (certificate !== null) yield { view: certificate.view, blockHash: hash, height, certificate };
  }
  for (const { view, certified, finalization, notarization } of d.s.views.values()) {
    const record = certified === null ? undefined : d.block(certified.blockHash);
    const certificate = finalization ?? notarization;
    if (record === undefined || certificate === null) continue;
    yield { view, blockHash: record.hash, height: record.block.header.height, certificate };
  }
}

/** N of a final block that has no F of its own: the one a descendant carried, or that is held still. */
function notarizationOf(d: Draft, node: FinalNode): Certificate | null {
  const held = d.s.views.get(node.view)?.notarization;
  if (held?.blockHash === node.facts.hash) return held;
  for (let above = d.s.history; above !== null && above !== node; above = above.below) {
    const found = above.carried.find((c) => c.kind !== "nullify" && c.blockHash === node.facts.hash);
    if (found !== undefined) return found;
  }
  return null;
}

/** Height of a posted block that this node could certify: held and executed down to the own final chain; null if not. */
function couldCertify(d: Draft, posted: PostedCertificate): number | null {
  const final = nodeOf(d, posted.blockHash);
  if (final !== null) return final.facts.height;
  const record = d.block(posted.blockHash);
  return record !== undefined && record.roots !== null && record.invalid === null
    ? record.block.header.height
    : null;
}

/** True if the chain that ends in `hash` contains the final or held block `below`. */
function descends(d: Draft, hash: Hash, below: { readonly hash: Hash; readonly height: number }): boolean {
  let at = hash;
  for (let record = d.block(at); record !== undefined; record = d.block(at)) {
    if (at === below.hash) return true;
    at = record.block.header.parentHash;
  }
  for (let node = nodeOf(d, at); node !== null; node = node.below)
    if (node.facts.hash === below.hash) return true;
  return below.hash === d.epoch.start.parent.hash || below.height <= d.epoch.start.parent.height;
}

/** How long a posted block is waited for before it counts as one that cannot be certified, in Δ. */
const PATIENCE = 16;

/** Until when RESTART waits for blocks that were posted and are still on the way; 0: for none. */
function awaitedUntil(d: Draft, recovery: RecoveryReading): Millis {
  let until = 0;
  for (const posted of recovery.posted) {
    const { blockHash } = posted;
    if (couldCertify(d, posted) !== null || d.block(blockHash)?.invalid != null) continue;
    const end = (d.s.postedSeen.get(blockHash) ?? d.s.now) + PATIENCE * d.epoch.params.delta;
    if (end > until) until = end;
  }
  return until;
}

/** The block that RESTART names by the rules; null: none yet. */
function chosen(d: Draft, recovery: RecoveryReading): Place | null {
  const posted: Place[] = [];
  for (const each of recovery.posted) {
    const height = couldCertify(d, each);
    if (height !== null)
      posted.push({ view: each.view, blockHash: each.blockHash, height, certificate: null });
  }
  posted.sort((a, b) => b.view - a.view);
  const [highest] = posted;
  const isAllowed = (place: Place): boolean =>
    place.view >= d.s.finalizedView &&
    place.height >= d.s.contracts!.acceptedHeight &&
    place.view >= (highest?.view ?? 0) &&
    (d.s.signedCheckpoint === null || descends(d, place.blockHash, d.s.signedCheckpoint));
  const own = [...certifiedPlaces(d)].filter(isAllowed).sort((a, b) => a.view - b.view);
  if (d.epoch.start.mode === "fast") {
    if (highest === undefined) return own[0] ?? null;
    return isAllowed(highest)
      ? (own.find((place) => place.blockHash === highest.blockHash) ?? highest)
      : null;
  }
  const best = own.at(-1);
  if (highest === undefined || (best !== undefined && best.view >= highest.view)) return best ?? null;
  return isAllowed(highest) ? highest : null;
}

/** RESTART(e, view, hash), with every condition of section 6, 3. */
function signRestart(d: Draft, recovery: RecoveryReading): void {
  // A final settlement block later than grace: nothing can be posted any more, and all of it was read.
  if (d.s.contracts!.at <= recovery.graceEnd) return;
  if (d.s.now < restartDue(d, recovery)) return;
  const { seat, seatNext } = restartSeats(d);
  if (seat === null && seatNext === null) return;
  const place = chosen(d, recovery);
  if (place === null) return;
  const { view, blockHash } = place;
  const isSame = d.s.ownRestart?.view === view && d.s.ownRestart.blockHash === blockHash;
  // One that was cancelled took the votes given to it along: the next one needs them again.
  if (isSame && d.s.answeredRecovery === recovery.graceEnd) return;
  d.s.answeredRecovery = recovery.graceEnd;
  const { epoch, incarnation } = d.epoch.start;
  d.s.ownRestart = { view, blockHash };
  d.s.restarted = { epoch, incarnation };
  d.trace(d.s.halted === null ? "6: RESTART" : "6: RESTART by a halted node");
  d.sign({ what: "restart", epoch, domain: d.epoch.domain, restart: { view, blockHash } });
}

/** When RESTART may be signed at the earliest. */
export function restartDue(d: Draft, recovery: RecoveryReading): Millis {
  const quiet = quietFrom(d);
  const awaited = awaitedUntil(d, recovery);
  return quiet > awaited ? quiet : awaited;
}

/** If Fast is or may be on: when no lease that the own backing started can be running any more. */
function quietFrom(d: Draft): Millis {
  const { start, registry, params } = d.epoch;
  if (!mayBeFast(start)) return 0;
  const stamp = d.s.signedCheckpoint?.stamp ?? start.parent.stamp;
  return stamp + registry.params.lease + 2 * params.drift;
}

/** The certificate that goes with an own RESTART; null for view 0 and for what others posted. */
export function certificateFor(d: Draft, restart: RestartBody): Certificate | null {
  for (const place of certifiedPlaces(d))
    if (place.view === restart.view && place.blockHash === restart.blockHash) return place.certificate;
  return null;
}
