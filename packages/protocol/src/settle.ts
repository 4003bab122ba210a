import { advanceBlocks } from "./block/index.ts";
import { backReached, repeatCheckpointVotes, signCheckpoints } from "./checkpoint/index.ts";
import type { Draft } from "./draft.ts";
import { walkConflicts } from "./evidence/index.ts";
import { handOver } from "./handover.ts";
import { onMessage } from "./messages.ts";
import { collectLateVotes, collectSignals, repeatSignals, signSignals } from "./modes/index.ts";
import { recover, restartDue, tendRecovery } from "./recovery/index.ts";
import { openRecovery } from "./silence.ts";
import type { Millis } from "./types/index.ts";
import {
  catchUp,
  proposalDue,
  retryFetches,
  rule1Enter,
  rule2Propose,
  rule3Notarize,
  rule4Certify,
  rule5Finalize,
  rule6Nullify,
  rule6Retry,
  rule8Finalize,
  wantBlock,
  wantEvidence,
} from "./view/index.ts";

/** Applies the rules until none applies any more, then sees to repair and the next deadline. */
export function settle(d: Draft): void {
  do {
    d.changed = false;
    if (recover(d)) replayEarly(d);
    if (d.s.contradicted) {
      settleHalted(d);
      return;
    }
    advanceBlocks(d);
    rule8Finalize(d);
    rule4Certify(d);
    rule1Enter(d);
    rule3Notarize(d);
    rule5Finalize(d);
    rule2Propose(d);
    rule6Nullify(d);
    backReached(d);
    signCheckpoints(d);
    signSignals(d);
    collectLateVotes(d);
    collectSignals(d);
    tendRecovery(d);
    if (d.s.contradicted) continue;
    if (d.s.halted !== null) return;
    if (handOver(d)) replayEarly(d);
  } while (d.changed || d.s.contradicted);
  rule6Retry(d);
  repeatCheckpointVotes(d);
  repeatSignals(d);
  retryFetches(d);
  catchUp(d);
  setTimer(d);
}

/** A node halted by a contradiction votes no more; it finds out who is to blame, and sees to recovery (rule 8, sections 6 and 7). */
function settleHalted(d: Draft): void {
  do {
    d.changed = false;
    advanceBlocks(d);
    tendRecovery(d);
  } while (d.changed);
  walkConflicts(d, {
    wantBlock: (draft, hash) => wantBlock(draft, hash, null),
    wantCertificate: (draft, view) => wantEvidence(draft, view),
  });
  retryFetches(d);
  setTimer(d);
}

function replayEarly(d: Draft): void {
  const { early } = d.s;
  d.s.early = [];
  for (const { from, message } of early) onMessage(d, from, message);
  d.changed = true;
}

/** One timer for the earliest of all deadlines that lie ahead. */
function setTimer(d: Draft): void {
  const { s, epoch } = d;
  const { now } = s;
  let at = Number.POSITIVE_INFINITY;
  const consider = (time: Millis): void => {
    if (time > now && time < at) at = time;
  };
  const recovery = openRecovery(d.s);
  if (recovery !== null) consider(restartDue(d, recovery));
  if (s.contradicted) {
    for (const fetch of [...s.fetches.values(), ...s.wanted.values()]) consider(fetch.retryAt);
    ask(d, at);
    return;
  }
  consider(s.timers.lead);
  consider(s.timers.advance);
  consider(s.timers.retry);
  consider(proposalDue(d) ?? now);
  if (s.due.length > 0) consider(s.backingRetryAt);
  for (const { checkpoint, signed } of s.due) if (!signed) consider(checkpoint.stamp - epoch.params.drift);
  if (s.signalRetry !== null) consider(s.signalRetry.at);
  for (const fetch of s.fetches.values()) consider(fetch.retryAt);
  for (const fetch of s.wanted.values()) consider(fetch.retryAt);
  if (s.catchUp !== null) consider(s.catchUp.retryAt);
  for (const { block } of s.blocks.values()) consider(block.header.stamp - epoch.params.drift);
  ask(d, at);
}

function ask(d: Draft, at: Millis): void {
  if (at === Number.POSITIVE_INFINITY || at === d.s.timer) return;
  d.s.timer = at;
  d.emit({ type: "timer", at });
}
