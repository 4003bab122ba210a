import {
  addBlock,
  ancestorInView,
  buildBlock,
  leaseEnd,
  parentFacts,
  rootsAtHeight,
} from "../block/index.ts";
import { vrfRoot } from "../codec/index.ts";
import type { Draft } from "../draft.ts";
import { type Decided, readsCandidate } from "../epoch/index.ts";
import { firstOfTerm, lastOfTerm, termOf } from "../leader.ts";
import { backingHashOf, hashOf } from "../memo.ts";
import {
  attendanceAt,
  type Carrying,
  lateVotesToCarry,
  modesOf,
  withCertificates,
  withLateVote,
} from "../modes/index.ts";
import { registryAfter } from "../registries.ts";
import type { ParentFacts } from "../state.ts";
import type { Block, Certificate, CheckpointCertificate, Millis, Payload } from "../types/index.ts";
import {
  type Certified,
  certifiedAt,
  coverOf,
  highestParent,
  missingBelow,
  nullifiedInTerm,
} from "./conditions.ts";
import { wantCertificate } from "./fetch.ts";
import { isPastLease } from "./lease.ts";

/** What the leader may propose next, and when. */
interface Turn {
  readonly view: number;
  readonly parent: Certified;
}

/** The next view this key leads and may propose in: the current one, or in its term up to `ahead` beyond the last N (rule 2). */
function ownTurn(d: Draft): Turn | null {
  const { voterSeat, leader, params } = d.epoch;
  const k = params.termViews;
  if (voterSeat === null || d.s.lastBlock !== null) return null;
  if (leader(termOf(d.s.view, k)) !== voterSeat) return null;
  let { view } = d.s;
  const last = lastOfTerm(view, k);
  while (view < last && d.own(view).proposal !== null) view++;
  const own = d.own(view);
  if (own.proposal !== null || own.notarize !== null || own.finalize !== null) return null;
  if (nullifiedInTerm(d, view)) return null;
  if (view === firstOfTerm(view, k)) {
    const parent = highestParent(d, view);
    return parent === null ? null : { view, parent };
  }
  const before = d.own(view - 1).proposal;
  if (before === null || view - d.s.notarizedView > params.ahead) return null;
  return { view, parent: { view: view - 1, hash: hashOf(before.block) } };
}

/** Rule 2. Propose: a new block, or the epoch's last one again once it is certified. */
export function rule2Propose(d: Draft): void {
  const turn = ownTurn(d);
  if (turn === null) {
    fetchGap(d);
    return;
  }
  const block = d.block(turn.parent.hash)?.block;
  if (block !== undefined && block.header.height === d.epoch.lastHeight) {
    const record = d.block(turn.parent.hash);
    if (certifiedAt(d, turn.parent.view) !== turn.parent.hash || record?.chain == null) return;
    if (isPastLease(d, { ...record, chain: record.chain })) {
      d.trace("2: past a lease");
      return;
    }
    d.trace("2: last block proposed again");
    sign(d, turn.view, turn.parent.view, block);
    return;
  }
  const parent = parentFacts(d.s, turn.parent.hash);
  if (parent === null || parent.view !== turn.parent.view) return;
  if (d.s.now < parent.stamp + d.epoch.params.blockTime) return;
  const pending = d.s.payload;
  if (pending === null || pending.view !== turn.view || pending.parentHash !== parent.hash) {
    askPayload(d, turn.view, parent);
  } else if (pending.payload !== null) {
    build(d, turn.view, parent, pending.payload);
  }
}

/** A leader that entered its term over an X without what covers the views before it asks for that: nobody else would. */
function fetchGap(d: Draft): void {
  const { voterSeat, leader, params } = d.epoch;
  const { view, lastBlock } = d.s;
  if (voterSeat === null || lastBlock !== null || view !== firstOfTerm(view, params.termViews)) return;
  if (leader(termOf(view, params.termViews)) !== voterSeat || d.own(view).nullify) return;
  const missing = missingBelow(d, view);
  if (missing === null) return;
  const held = d.s.views.get(missing);
  if (held === undefined || (held.notarization === null && held.finalization === null))
    wantCertificate(d, missing, null);
}

/** When {@link rule2Propose} has to be called again because a parent's stamp is waited for; null: no such wait. */
export function proposalDue(d: Draft): Millis | null {
  const turn = ownTurn(d);
  if (turn === null) return null;
  const parent = parentFacts(d.s, turn.parent.hash);
  if (parent === null) return null;
  const at = parent.stamp + d.epoch.params.blockTime;
  return at > d.s.now ? at : null;
}

function askPayload(d: Draft, view: number, parent: ParentFacts): void {
  const { start, domain, params } = d.epoch;
  d.s.payload = { view, parentView: parent.view, parentHash: parent.hash, payload: null };
  d.emit({
    type: "payload",
    epoch: start.epoch,
    view,
    parentHash: parent.hash,
    parentHeight: parent.height,
    vrfRoot: vrfRoot(domain, start.seed, termOf(view, params.termViews)),
    candidateEpoch: readsCandidate(d.epoch, parent.height + 1) ? start.epoch + 2 : null,
    parentReference: parent.reference,
    parentSettledAt: parent.settledAt,
    parentInboxCursor: parent.inboxCursor,
    inbox: params.inbox,
  });
}

function build(d: Draft, view: number, parent: ParentFacts, payload: Payload): void {
  const { params } = d.epoch;
  const lagged = parent.height + 1 - params.rootLag;
  const roots = rootsAtHeight(d.s, parent.hash, lagged > 0 ? lagged : 0);
  if (roots === null) return;
  const certificates = certificatesToCarry(d, view, parent);
  if (certificates === null) return;
  const earliest = parent.stamp + params.blockTime;
  const stamp = d.s.now > earliest ? d.s.now : earliest;
  const carrying = { certificates, backings: backingsToCarry(d, parent), lateVotes: [] };
  const lateVotes = lateVotesToCarry(d, view, stamp, parent, carrying);
  const isLast = parent.height + 1 === d.epoch.lastHeight;
  const decided = isLast ? decide(d, view, parent, { ...carrying, lateVotes }, payload) : null;
  if (isLast && decided === null) return;
  const block = buildBlock({
    context: d.epoch,
    view,
    parent,
    stamp,
    payload,
    roots,
    ...carrying,
    lateVotes,
    decided,
  });
  d.s.payload = null;
  const backing = block.body.backings.at(-1);
  const chain =
    backing === undefined ? parent.chain : { ...parent.chain, backedStamp: backing.checkpoint.stamp };
  const end = leaseEnd(d.epoch, chain, block.header.settledAt);
  if (stamp > end || end < d.s.now + params.drift) {
    d.trace("2: past a lease");
    return;
  }
  const { inboxCursor } = parent;
  const inboxFrom = block.header.inboxCursor > inboxCursor ? inboxCursor : null;
  addBlock(d, hashOf(block), block, null, { inboxFrom });
  d.trace(view > d.s.view ? "2: ahead in the term" : "2: PROPOSE");
  sign(d, view, parent.view, block);
}

/** Modes and registry that an epoch's last block commits; null while its ancestors are not all executed or the registry not read. */
function decide(
  d: Draft,
  view: number,
  parent: ParentFacts,
  carrying: Carrying,
  { candidate }: Payload,
): Decided | null {
  const { s, epoch } = d;
  const certified = withCertificates(epoch, attendanceAt(s, epoch, parent.hash), view, carrying);
  const modes = modesOf(s, epoch, parent.hash, carrying.lateVotes.reduce(withLateVote, certified));
  if (modes === null) return null;
  const after = registryAfter(d, candidate, modes.modeNext);
  return after === null ? null : { ...modes, registryAfter: after };
}

function sign(d: Draft, view: number, parentView: number, block: Block): void {
  const blockHash = hashOf(block);
  d.setOwn(view, { proposal: { block, parentView }, notarize: { blockHash, parentView } });
  d.sign({
    what: "proposal",
    epoch: d.epoch.start.epoch,
    domain: d.epoch.domain,
    vote: { kind: "notarize", view, parentView, blockHash },
    block,
  });
}

/** N or F of ancestors that none carried yet, then X of the gap; null if the parent's is not held. */
function certificatesToCarry(d: Draft, view: number, parent: ParentFacts): readonly Certificate[] | null {
  const k = d.epoch.params.termViews;
  const carried: Certificate[] = [];
  for (let w = parent.chain.carriedView + 1; w <= parent.view; w++) {
    const record = d.s.views.get(w);
    const ancestor = ancestorInView(d.s, parent.hash, w);
    if (record === undefined || ancestor === null) continue;
    const held = [record.notarization, record.finalization].find(
      (c) => c?.blockHash === ancestor.hash && c.parentView === ancestor.parentView,
    );
    if (held) carried.push(held);
  }
  if (view !== firstOfTerm(view, k)) return carried;
  if (parent.view > 0 && carried.at(-1)?.view !== parent.view) return null;
  for (let w = parent.view + 1; w < view; w = lastOfTerm(w, k) + 1) carried.push(coverOf(d, w)!);
  return carried;
}

/** Backed checkpoints of this chain that the parent's chain does not carry yet. */
function backingsToCarry(d: Draft, parent: ParentFacts): readonly CheckpointCertificate[] {
  const seen = new Set<string>();
  return d.s.uncarried.filter((c) => {
    if (c.checkpoint.height <= parent.chain.backedHeight || seen.has(backingHashOf(c))) return false;
    seen.add(backingHashOf(c));
    return true;
  });
}
