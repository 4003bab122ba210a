import { isWellFormed } from "./block/index.ts";
import { addCheckpointVote, verifyBacking } from "./checkpoint/index.ts";
import type { Draft } from "./draft.ts";
import { addRestart } from "./evidence/index.ts";
import { lastOfTerm } from "./leader.ts";
import { addLateVote, collectSignals, onSignal } from "./modes/index.ts";
import type { Certificate, CheckpointVote, Hash, Message, Peer, Vote } from "./types/index.ts";
import {
  answerBacked,
  answerOldEpoch,
  answerOldView,
  hintAhead,
  onBlocks,
  onProposal,
  onRequest,
  onStatus,
  viewWindow,
} from "./view/index.ts";
import { addVote, isKnown, noteHeard, verifyCertificate } from "./votes/index.ts";

/** Messages of the next epoch kept for the hand-over: per peer and in all. */
const EARLY_PER_PEER = 32;
const EARLY = 2_048;

/** Takes in a message of a peer; what it says acts only once it is verified (rule 11). */
export function onMessage(d: Draft, from: Peer, message: Message): void {
  switch (message.type) {
    case "status":
      d.changed = true;
      onStatus(d, from, message.status);
      return;
    case "request": {
      onRequest(d, from, message.request);
      return;
    }
    case "blocks": {
      onBlocks(d, from, message.blocks);
      return;
    }
    case "proposal":
      if (isCurrent(d, from, message, message.proposal)) onProposal(d, message.proposal, from);
      return;
    case "vote":
      if (isCurrent(d, from, message, message.vote)) {
        const { views } = d.s;
        onVote(d, message.vote, from);
        // A vote alone lets no rule apply; signals that came since the last step that did are seen to all the same.
        if (d.s.views !== views) collectSignals(d);
      }
      return;
    case "certificate":
      if (isCurrent(d, from, message, message.certificate)) onCertificate(d, message.certificate, from);
      return;
    case "checkpointVote":
      if (isCurrent(d, from, message, message.vote)) onCheckpointVote(d, message.vote, from);
      return;
    case "checkpointCertificate":
      if (isCurrent(d, from, message, message.certificate)) {
        if (message.certificate.checkpoint.height > d.s.tip.height)
          hintAhead(d, from, message.certificate.epoch);
        verifyBacking(d, message.certificate, from);
      }
      return;
    case "signal":
      if (isCurrent(d, from, message, message.signal)) onSignal(d, message.signal, from);
      return;
    case "restart":
      addRestart(d, message.vote, from);
      return;
  }
}

/** Routes by epoch: only messages of the own epoch and domain are looked at further. */
function isCurrent(
  d: Draft,
  from: Peer,
  message: Message,
  of: { readonly epoch: number; readonly domain: Hash },
): boolean {
  const { epoch } = d.epoch.start;
  if (of.epoch === epoch) return of.domain === d.epoch.domain;
  if (of.epoch < epoch) {
    answerOldEpoch(d, from, of.epoch);
    return false;
  }
  // A hand-over reaches nodes one after another: what the next epoch's first leader says must not be lost. Before the
  // own last block is final, it also means that others are ahead.
  if (d.s.lastBlock === null || of.epoch > epoch + 1) {
    hintAhead(d, from, of.epoch);
    d.changed = true;
  }
  if (of.epoch !== epoch + 1 || d.s.early.length >= EARLY) return false;
  let held = 0;
  for (const early of d.s.early) if (early.from === from) held++;
  if (held < EARLY_PER_PEER) d.s.early = [...d.s.early, { from, message }];
  return false;
}

function onVote(d: Draft, vote: Vote, from: Peer): void {
  const { s, epoch } = d;
  if (vote.view < 1 || !epoch.electorate.voters[vote.seat]) {
    d.ban(from, "vote of no voter");
    return;
  }
  noteHeard(d, vote.seat);
  // Once the last block is final, nobody is ahead of it: whoever still nullifies lacks its F (rule 2).
  if (vote.kind === "nullify" && (vote.view < s.view || s.lastBlock !== null)) answerOldView(d, from);
  if (vote.view <= s.tip.view - epoch.params.termViews) {
    addLateVote(d, vote, from);
    return;
  }
  if (vote.view > s.view + viewWindow(d)) {
    d.changed = true;
    hintAhead(d, from, vote.epoch);
    return;
  }
  addVote(d, vote, from);
}

/** The view that a certificate lets its holder enter. */
const leadsTo = (d: Draft, c: Certificate): number =>
  c.kind === "nullify" ? lastOfTerm(c.view, d.epoch.params.termViews) + 1 : c.view + 1;

function onCertificate(d: Draft, c: Certificate, from: Peer): void {
  if (isKnown(d, c)) {
    if (leadsTo(d, c) < d.s.view) answerOldView(d, from);
    return;
  }
  if (!isWellFormed(d.epoch, c)) {
    d.ban(from, "malformed certificate");
    return;
  }
  verifyCertificate(d, c, from);
}

function onCheckpointVote(d: Draft, vote: CheckpointVote, from: Peer): void {
  if (!d.epoch.electorate.backers[vote.seat]) {
    d.ban(from, "checkpoint vote of no backer");
    return;
  }
  if (!addCheckpointVote(d, vote, from)) answerBacked(d, from);
}
