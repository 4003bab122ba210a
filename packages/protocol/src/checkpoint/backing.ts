import { isWellFormedBacking } from "../block/index.ts";
import { toBitmap } from "../codec/index.ts";
import type { Draft } from "../draft.ts";
import {
  accuseByBacking,
  besideRestart,
  isKnownStray,
  isStray,
  suspectCheckpoint,
} from "../evidence/index.ts";
import { checkpointRootOf } from "../memo.ts";
import { isBacking } from "../quorum.ts";
import type { DueCheckpoint, Job, Tally } from "../state.ts";
import type {
  Checkpoint,
  CheckpointCertificate,
  CheckpointVote,
  CheckResult,
  Hash,
  Peer,
} from "../types/index.ts";
import { emptyTally, resolve, votesToVerify, withVerified, withVote } from "../votes/index.ts";

/** Checkpoints of one height that are kept per signer and sender before they are verified. */
const VOTES_PER_SENDER = 2;
/** How many intervals above the own final block votes are kept for. */
const INTERVALS_AHEAD = 4;

/** Signs every due checkpoint of the final chain whose stamp is not beyond the own clock (section 8). */
export function signCheckpoints(d: Draft): void {
  if (d.epoch.backerSeat === null) return;
  const { start, domain, params } = d.epoch;
  for (const due of d.s.due) {
    if (due.signed || due.checkpoint.stamp > d.s.now + params.drift) continue;
    const isSigning = d.sign({
      what: "checkpoint",
      epoch: start.epoch,
      domain,
      checkpoint: due.checkpoint,
    });
    if (!isSigning) return;
    updateDue(d, { ...due, signed: true });
    d.trace("8: checkpoint signed");
  }
}

function updateDue(d: Draft, next: DueCheckpoint): void {
  d.s.due = d.s.due.map((due) => (due.root === next.root ? next : due));
}

/** The own signature came: it counts like any other, and is repeated until the checkpoint is backed. */
export function onCheckpointSigned(d: Draft, vote: CheckpointVote): void {
  const root = checkpointRootOf(vote.domain, vote.checkpoint);
  const due = d.s.due.find((each) => each.root === root);
  if (due === undefined) return;
  updateDue(d, { ...due, signed: true, own: vote });
  d.broadcast({ type: "checkpointVote", vote });
  d.s.backingRetryAt = d.s.now + 4 * d.epoch.params.delta;
  const tally = d.s.backingTallies.get(root) ?? emptyTally(root, vote.checkpoint);
  setTally(d, withVerified(tally, vote.seat, vote.signature, d.epoch.electorate.weights[vote.seat]!));
  verifyTally(d, root);
}

function setTally(d: Draft, tally: Tally<Checkpoint>): void {
  d.map("backingTallies").set(tally.root, tally);
}

/** Takes in another's vote; false if it is for a checkpoint that is backed already (repair answers it). */
export function addCheckpointVote(d: Draft, vote: CheckpointVote, from: Peer): boolean {
  const { height } = vote.checkpoint;
  suspectCheckpoint(d, vote, from);
  besideRestart(d, { type: "checkpointVote", vote }, from, false);
  if (height <= d.s.backedHeight) return false;
  const { params, electorate, lastHeight } = d.epoch;
  if (height > lastHeight || height > d.s.tip.height + INTERVALS_AHEAD * params.checkpointInterval)
    return true;
  const root = checkpointRootOf(vote.domain, vote.checkpoint);
  let sameSender = 0;
  for (const tally of d.s.backingTallies.values()) {
    if (tally.subject.height !== height || tally.root === root) continue;
    if (tally.pending.get(vote.seat)?.some((c) => c.from === from)) sameSender++;
  }
  if (sameSender >= VOTES_PER_SENDER) return true;
  const tally = d.s.backingTallies.get(root) ?? emptyTally(root, vote.checkpoint);
  const next = withVote(
    tally,
    vote.seat,
    { from, signature: vote.signature },
    electorate.weights[vote.seat]!,
  );
  if (next === tally) return true;
  setTally(d, next);
  verifyTally(d, root);
  return true;
}

function verifyTally(d: Draft, root: Hash): void {
  const tally = d.s.backingTallies.get(root);
  if (tally === undefined || tally.job !== null || !isBacking(d.epoch.electorate, tally)) return;
  const asked = votesToVerify(tally);
  const job = d.verify(
    { what: "backing", root, asked },
    {
      what: "votes",
      registry: d.epoch.registry.root,
      root,
      votes: asked.map(({ seat, signature }) => ({ seat, signature })),
    },
  );
  setTally(d, { ...tally, job });
}

/** The verifier's answer: forgers' senders are banned; enough valid votes back the checkpoint. */
export function onBackingVerified(
  d: Draft,
  job: Extract<Job, { what: "backing" }>,
  result: Extract<CheckResult, { what: "votes" }>,
): void {
  const { electorate } = d.epoch;
  const known = d.s.backingTallies.get(job.root);
  if (known === undefined) return;
  const { tally, weight, forged } = resolve(known, job.asked, result.valid, electorate.weights);
  for (const { from } of forged) d.ban(from, "forged checkpoint vote");
  setTally(d, tally);
  if (result.aggregate === null || !isBacking(electorate, weight)) {
    verifyTally(d, job.root);
    return;
  }
  holdBacking(d, {
    epoch: d.epoch.start.epoch,
    domain: d.epoch.domain,
    checkpoint: tally.subject,
    bitmap: toBitmap(result.valid, electorate.backers.length),
    signature: result.aggregate,
  });
}

/** Verifies a backing that arrived; bans the sender of one without members or quorum. */
export function verifyBacking(d: Draft, c: CheckpointCertificate, from: Peer): void {
  if (isKnownStray(d, c)) return;
  if (!isStray(d, c)) {
    if (c.checkpoint.height <= d.s.backedHeight || c.checkpoint.height > d.epoch.lastHeight) return;
    if (d.s.aheadBacking !== null && c.checkpoint.height <= d.s.aheadBacking.checkpoint.height) return;
  }
  if (!isWellFormedBacking(d.epoch, c)) {
    d.ban(from, "malformed backing");
    return;
  }
  if (d.isBusyWith(from)) return;
  const root = checkpointRootOf(c.domain, c.checkpoint);
  let waiting = 0;
  for (const job of d.s.jobs.values()) {
    if (job.what !== "checkpointCertificate" || job.root !== root) continue;
    waiting++;
    if (job.from === from || waiting >= 2) return;
  }
  d.verify(
    { what: "checkpointCertificate", certificate: c, root, from },
    {
      what: "certificate",
      registry: d.epoch.registry.root,
      root,
      bitmap: c.bitmap,
      signature: c.signature,
    },
  );
}

/** Takes in a verified backing: relayed once; it takes effect when the own final chain has reached it. */
export function holdBacking(d: Draft, c: CheckpointCertificate): void {
  if (c.domain !== d.epoch.domain) return;
  if (isKnownStray(d, c)) return;
  accuseByBacking(d, c);
  if (isStray(d, c)) {
    goAstray(d, c);
    return;
  }
  if (c.checkpoint.height <= d.s.backedHeight) return;
  if (d.s.aheadBacking !== null && c.checkpoint.height <= d.s.aheadBacking.checkpoint.height) return;
  d.broadcast({ type: "checkpointCertificate", certificate: c });
  d.changed = true;
  if (c.checkpoint.height <= d.s.tip.height) {
    back(d, c);
    return;
  }
  d.s.aheadBacking = c;
  d.s.behind = true;
}

/** A backing held early takes effect. */
export function backReached(d: Draft): void {
  const ahead = d.s.aheadBacking;
  if (ahead === null || ahead.checkpoint.height > d.s.tip.height) return;
  d.s.aheadBacking = null;
  if (ahead.checkpoint.height > d.s.backedHeight) back(d, ahead);
}

function back(d: Draft, c: CheckpointCertificate): void {
  const { height } = c.checkpoint;
  if (d.s.dueRoots.get(height) !== checkpointRootOf(c.domain, c.checkpoint)) {
    goAstray(d, c);
    return;
  }
  d.persist({ type: "backed", certificate: c });
  markBacked(d, c);
  d.emit({ type: "backed", certificate: c, commitment: c.checkpoint.boundary?.commitment ?? null });
  d.trace("8: backed");
}

/** The stake backed another chain than the own (rule 8). */
function goAstray(d: Draft, c: CheckpointCertificate): void {
  const { height } = c.checkpoint;
  d.s.strayBackings = [...d.s.strayBackings, c];
  d.contradict(`the checkpoint backed at height ${height} is not of the own final chain`, [], null);
}

/** Records a backing of the own chain. */
export function markBacked(d: Draft, c: CheckpointCertificate): void {
  const { height } = c.checkpoint;
  d.s.backed = c;
  d.s.backedHeight = height;
  d.map("backings").set(height, c);
  d.s.uncarried = [...d.s.uncarried, c];
  d.s.due = d.s.due.filter((due) => due.checkpoint.height > height);
  for (const [root, tally] of d.s.backingTallies)
    if (tally.subject.height <= height) d.map("backingTallies").delete(root);
  d.changed = true;
}

/** Own votes for what is not backed yet go out again: without them a lost message could stop the hand-over. */
export function repeatCheckpointVotes(d: Draft): void {
  if (d.s.now < d.s.backingRetryAt || d.s.due.every((due) => due.own === null)) return;
  d.s.backingRetryAt = d.s.now + 4 * d.epoch.params.delta;
  d.trace("8: checkpoint votes repeated");
  for (const { own } of d.s.due.slice(-2))
    if (own !== null) d.broadcast({ type: "checkpointVote", vote: own });
}
