import { addBlock, isWellFormed, isWellFormedBacking, markChecked } from "../block/index.ts";
import { holdBacking } from "../checkpoint/index.ts";
import { equalBytes, vrfRoot } from "../codec/index.ts";
import type { Draft } from "../draft.ts";
import { report } from "../evidence/index.ts";
import { termOf } from "../leader.ts";
import { bodyMatches, checkpointRootOf, hashOf, lateRootsOf, rootOf } from "../memo.ts";
import type { Job } from "../state.ts";
import type {
  Block,
  BlockBody,
  Certificate,
  Check,
  CheckResult,
  Hash,
  Peer,
  Proposal,
  Vote,
  VoteGroup,
} from "../types/index.ts";
import { addVerifiedVote, holdCertificate } from "../votes/index.ts";
import { hintAhead } from "./repair.ts";

/** Proposals of one view that a sender may have under verification. */
const PENDING_PER_SENDER = 2;

/** The NOTARIZE inside a PROPOSE. */
export function voteOf(p: Proposal): Vote {
  return {
    kind: "notarize",
    view: p.view,
    parentView: p.parentView,
    blockHash: hashOf(p.block),
    epoch: p.epoch,
    domain: p.domain,
    seat: p.seat,
    signature: p.signature,
  };
}

/** Views beyond the current one for which single messages are kept; further ones only say that their sender is ahead. */
export const viewWindow = (d: Draft): number => 2 * d.epoch.params.termViews + d.epoch.params.ahead + 8;

/** Takes in a proposal: one check of its NOTARIZE, VRF proof and carried certificates, then rule 3 (rule 11). */
export function onProposal(d: Draft, p: Proposal, from: Peer): void {
  const { s, epoch } = d;
  if (p.view <= s.tip.view || p.view < 1) return;
  if (p.view > s.view + viewWindow(d)) {
    hintAhead(d, from, p.epoch);
    return;
  }
  if (p.seat !== epoch.leader(termOf(p.view, epoch.params.termViews))) {
    d.ban(from, "proposal of another than the leader");
    return;
  }
  if (p.block.header.domain !== epoch.domain || p.block.header.view < 1 || !bodyMatches(p.block)) {
    d.ban(from, "proposal's block is inconsistent");
    return;
  }
  const hash = hashOf(p.block);
  const record = d.view(p.view);
  if (record.proposals.some((each) => each.blockHash === hash && each.parentView === p.parentView)) return;
  if (record.proposals.length > 1) return;
  let pending = 0;
  for (const job of s.jobs.values()) {
    if (job.what !== "proposal" || job.proposal.view !== p.view) continue;
    const same = job.hash === hash && job.proposal.parentView === p.parentView;
    if (same && equalBytes(job.proposal.signature, p.signature)) return;
    if (job.from === from) pending++;
  }
  if (pending >= PENDING_PER_SENDER) return;
  // A block that a certificate or a child names needs no leader's signature to be believed.
  const named = (record.finalization ?? record.notarization)?.blockHash === hash || s.fetches.has(hash);
  if (named) addBlock(d, hash, p.block, from);
  d.verify({ what: "proposal", proposal: p, hash, from }, checkOf(d, p));
}

function checkOf(d: Draft, p: Proposal): Check {
  const { start, domain, registry, leader, params } = d.epoch;
  const vote = voteOf(p);
  const signatures = [
    { registry: registry.root, seat: p.seat, root: rootOf(domain, vote), signature: p.signature },
  ];
  const { header, body } = p.block;
  // Being known is not being checked: a child by a corrupted leader can make this node fetch any block.
  if (d.s.blocks.get(hashOf(p.block))?.checked)
    return { what: "all", signatures, groups: [], certificates: [] };
  const term = termOf(header.view, params.termViews);
  signatures.push({
    registry: registry.root,
    seat: leader(term),
    root: vrfRoot(domain, start.seed, term),
    signature: body.vrfProof,
  });
  const certificates = [
    ...body.certificates
      .filter((c) => isWellFormed(d.epoch, c) && !isHeld(d, c))
      .map((c) => ({ root: rootOf(domain, c), bitmap: c.bitmap, signature: c.signature })),
    ...body.backings
      .filter((c) => isWellFormedBacking(d.epoch, c) && !d.s.uncarried.some((own) => isSame(own, c)))
      .map((c) => ({
        root: checkpointRootOf(domain, c.checkpoint),
        bitmap: c.bitmap,
        signature: c.signature,
      })),
  ].map((c) => ({ registry: registry.root, ...c }));
  return { what: "all", signatures, groups: lateGroups(d, body), certificates };
}

/** Late votes and signals by what they sign. Of another domain: the block is invalid, and nothing of it is checked. */
function lateGroups(d: Draft, body: BlockBody): readonly VoteGroup[] {
  const { start, domain, registry } = d.epoch;
  const roots = lateRootsOf(body);
  const groups = new Map<Hash, { registry: Hash; root: Hash; votes: VoteGroup["votes"][number][] }>();
  body.lateVotes.forEach((item, at) => {
    if (item.domain !== domain || item.epoch !== start.epoch) return;
    const root = roots[at]!;
    const of = item.kind === "readiness" ? start.registryNext : registry.root;
    let group = groups.get(root);
    if (group === undefined) {
      group = { registry: of, root, votes: [] };
      groups.set(root, group);
    }
    group.votes.push({ seat: item.seat, signature: item.signature });
  });
  return [...groups.values()];
}

const isSame = (
  a: { readonly bitmap: Uint8Array; readonly signature: Uint8Array },
  b: { readonly bitmap: Uint8Array; readonly signature: Uint8Array },
): boolean => a === b || (equalBytes(a.signature, b.signature) && equalBytes(a.bitmap, b.bitmap));

/** True if this very certificate, to the byte, was verified before. */
function isHeld(d: Draft, c: Certificate): boolean {
  const record = d.s.views.get(c.view);
  if (record === undefined) return false;
  return [record.notarization, record.finalization, record.nullification].some(
    (held) =>
      held !== null &&
      held.kind === c.kind &&
      held.blockHash === c.blockHash &&
      held.parentView === c.parentView &&
      isSame(held, c),
  );
}

/** The verifier's answer. A forged NOTARIZE is its sender's doing; what fails beside a valid one makes the block invalid. */
export function onProposalVerified(
  d: Draft,
  job: Extract<Job, { what: "proposal" }>,
  result: Extract<CheckResult, { what: "all" }>,
): void {
  const { proposal, hash, from } = job;
  if (!result.ok) {
    const { failed } = result;
    if (failed === null || (failed.part === "signature" && failed.index === 0)) {
      d.ban(from, "forged proposal");
      return;
    }
    // The verifier may have stopped at another part first: without a valid NOTARIZE the leader is not to blame.
    const vote = voteOf(proposal);
    const { registry } = d.epoch;
    const root = rootOf(d.epoch.domain, vote);
    d.verify(
      { what: "blame", proposal, from },
      {
        what: "each",
        signatures: [{ registry: registry.root, seat: vote.seat, root, signature: vote.signature }],
      },
    );
    return;
  }
  addBlock(d, hash, proposal.block, from);
  markChecked(d, hash);
  absorb(d, proposal.block);
  addProposal(d, proposal, from, false);
}

/** The leader signed a block whose proof or carried certificates are false (rule 3, invalid), or nobody did. */
export function onBlameVerified(d: Draft, job: Extract<Job, { what: "blame" }>, isSigned: boolean): void {
  if (!isSigned) {
    d.ban(job.from, "forged proposal");
    return;
  }
  d.trace("3: invalid: proof or carried certificate");
  addProposal(d, job.proposal, job.from, true);
}

/** Carried certificates are verified with the block's first proposal: a node that missed one has it now. */
function absorb(d: Draft, block: Block): void {
  for (const c of block.body.certificates) if (isWellFormed(d.epoch, c)) holdCertificate(d, c);
  for (const c of block.body.backings) if (isWellFormedBacking(d.epoch, c)) holdBacking(d, c);
}

/** Records a verified proposal; a second one is evidence against the leader and never voted for (rule 3). */
export function addProposal(d: Draft, proposal: Proposal, from: Peer | null, invalid: boolean): void {
  const vote = voteOf(proposal);
  const { proposals } = d.view(proposal.view);
  const { blockHash, parentView, signature } = vote;
  if (proposals.length > 1 || proposals.some((p) => p.blockHash === blockHash && p.parentView === parentView))
    return;
  d.setView(proposal.view, {
    proposals: [...proposals, { blockHash, parentView, from, signature, invalid }],
  });
  const [first] = proposals;
  if (first !== undefined) {
    d.trace("5: equivocating leader");
    report(
      d,
      { ...vote, blockHash: first.blockHash, parentView: first.parentView, signature: first.signature },
      vote,
    );
  }
  addVerifiedVote(d, vote);
}
