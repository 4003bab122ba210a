import type { Draft } from "../draft.ts";
import { checkpointRootOf } from "../memo.ts";
import { hasSeat } from "../quorum.ts";
import type { Job } from "../state.ts";
import type {
  Checkpoint,
  CheckpointCertificate,
  CheckpointTestimony,
  CheckpointVote,
  Hash,
  Peer,
  Seat,
} from "../types/index.ts";
import { checkpointIn, reportCheckpoints } from "./report.ts";
import { besideRestart } from "./restarts.ts";
import { checkpointsSlashable } from "./slashable.ts";

/*
 * Checkpoints of one key that are not of one chain (section 7).
 */

/** Every checkpoint known of this epoch, by root: the own chain's, others' as they were voted for or backed. */
function known(d: Draft): Map<Hash, Checkpoint> {
  const found = new Map<Hash, Checkpoint>();
  for (const [root, { subject }] of d.s.backingTallies) found.set(root, subject);
  for (const { checkpoint, domain } of d.s.strayBackings)
    found.set(checkpointRootOf(domain, checkpoint), checkpoint);
  for (const checkpoint of d.s.dueCheckpoints.values())
    found.set(checkpointRootOf(d.epoch.domain, checkpoint), checkpoint);
  return found;
}

/** From the higher's `previous` down to the lower's height, as far as it is known. */
function chainBetween(
  contents: ReadonlyMap<Hash, Checkpoint>,
  higher: Checkpoint,
  lower: Checkpoint,
): Checkpoint[] {
  const chain: Checkpoint[] = [];
  let above = higher;
  while (above.height > lower.height) {
    const next = contents.get(above.previous);
    if (next === undefined || next.height >= above.height) break;
    chain.push(next);
    above = next;
  }
  return chain;
}

/** The chain that shows that nobody may sign both; null if they go together, or it is not known whether they do. */
function clash(d: Draft, a: Checkpoint, b: Checkpoint): readonly Checkpoint[] | null {
  const [lower, higher] = a.height < b.height ? [a, b] : [b, a];
  const chain = lower.height === higher.height ? [] : chainBetween(known(d), higher, lower);
  return checkpointsSlashable(d.epoch.domain, a, b, chain) ? chain : null;
}

/** Backings held: of the own chain, and those that contradict it. */
function* backings(d: Draft): Generator<CheckpointCertificate> {
  yield* d.s.backings.values();
  yield* d.s.strayBackings;
  if (d.s.aheadBacking !== null) yield d.s.aheadBacking;
}

/** Everything that this seat is known to have signed: what is verified as it is, votes with their sender. */
function* signedBy(
  d: Draft,
  seat: Seat,
): Generator<{
  readonly testimony: CheckpointTestimony;
  readonly from: Peer | null;
  readonly sure: boolean;
}> {
  for (const certificate of backings(d))
    if (hasSeat(certificate.bitmap, seat))
      yield { testimony: { type: "checkpointCertificate", certificate }, from: null, sure: true };
  const { epoch } = d.epoch.start;
  const { domain } = d.epoch;
  for (const { subject: checkpoint, verified, pending } of d.s.backingTallies.values()) {
    const signature = verified.get(seat);
    const candidate = signature === undefined ? pending.get(seat)?.[0] : { from: null, signature };
    if (candidate === undefined) continue;
    const vote = { epoch, domain, checkpoint, seat, signature: candidate.signature };
    yield {
      testimony: { type: "checkpointVote", vote },
      from: candidate.from,
      sure: signature !== undefined,
    };
  }
}

/** If a checkpoint vote goes with no chain of something else its signer signed, what is not verified yet is verified. */
export function suspectCheckpoint(d: Draft, vote: CheckpointVote, from: Peer | null): void {
  if (d.s.reported.has(`${vote.seat}:checkpoints`) || isOfOwnChain(d, vote.checkpoint)) return;
  for (const other of signedBy(d, vote.seat)) {
    const chain = clash(d, checkpointIn(other.testimony), vote.checkpoint);
    if (chain === null || d.isBusyWith(from)) continue;
    const [first, second] = inOrder(other.testimony, { type: "checkpointVote", vote });
    d.verify(
      { what: "checkpoints", first, second, chain, from, fromOther: other.from },
      {
        what: "each",
        signatures: [vote, ...(other.testimony.type === "checkpointVote" ? [other.testimony.vote] : [])].map(
          (v) => ({
            registry: d.epoch.registry.root,
            seat: v.seat,
            root: checkpointRootOf(v.domain, v.checkpoint),
            signature: v.signature,
          }),
        ),
      },
    );
    return;
  }
}

/** A vote for the own chain's checkpoint contradicts only votes that were suspected when they came. */
const isOfOwnChain = (d: Draft, checkpoint: Checkpoint): boolean =>
  d.s.strayBackings.length === 0 &&
  d.s.dueRoots.get(checkpoint.height) === checkpointRootOf(d.epoch.domain, checkpoint) &&
  [...d.s.backingTallies.values()].every(
    ({ subject, root }) => (d.s.dueRoots.get(subject.height) ?? root) === root,
  );

const inOrder = (
  a: CheckpointTestimony,
  b: CheckpointTestimony,
): [CheckpointTestimony, CheckpointTestimony] =>
  checkpointIn(a).height <= checkpointIn(b).height ? [a, b] : [b, a];

/** The verifier's answer about a suspected vote and, if that is one, the vote beside it. */
export function onCheckpointsVerified(
  d: Draft,
  job: Extract<Job, { what: "checkpoints" }>,
  valid: readonly boolean[],
): void {
  if (!valid[0]) d.ban(job.from, "forged checkpoint vote");
  else if (valid[1] === false) d.ban(job.fromOther, "forged checkpoint vote");
  else reportCheckpoints(d, job.first, job.second, job.chain);
}

/** True if a backing is of another chain than the own: it has to be verified whatever is backed already. */
export function isStray(d: Draft, c: CheckpointCertificate): boolean {
  const due = d.s.dueRoots.get(c.checkpoint.height);
  return c.checkpoint.height <= d.s.tip.height && due !== checkpointRootOf(c.domain, c.checkpoint);
}

/** True if a backing of this checkpoint is known to be of another chain than the own. */
export function isKnownStray(d: Draft, c: CheckpointCertificate): boolean {
  const root = checkpointRootOf(c.domain, c.checkpoint);
  return d.s.strayBackings.some((each) => checkpointRootOf(each.domain, each.checkpoint) === root);
}

/** A verified backing convicts who signed another that is not of its chain. */
export function accuseByBacking(d: Draft, c: CheckpointCertificate): void {
  besideRestart(d, { type: "checkpointCertificate", certificate: c }, null, true);
  const own: CheckpointTestimony = { type: "checkpointCertificate", certificate: c };
  for (const other of backings(d)) {
    const chain = clash(d, other.checkpoint, c.checkpoint);
    if (chain === null) continue;
    const [first, second] = inOrder({ type: "checkpointCertificate", certificate: other }, own);
    reportCheckpoints(d, first, second, chain);
  }
  const { epoch, domain } = c;
  for (const { subject: checkpoint, verified, pending } of [...d.s.backingTallies.values()]) {
    const chain = clash(d, checkpoint, c.checkpoint);
    if (chain === null) continue;
    for (const [seat, signature] of verified) {
      if (!hasSeat(c.bitmap, seat)) continue;
      const vote = { epoch, domain, checkpoint, seat, signature };
      const [first, second] = inOrder({ type: "checkpointVote", vote }, own);
      reportCheckpoints(d, first, second, chain);
    }
    for (const [seat, [candidate]] of pending) {
      if (!hasSeat(c.bitmap, seat) || d.s.reported.has(`${seat}:checkpoints`)) continue;
      const vote = { epoch, domain, checkpoint, seat, signature: candidate!.signature };
      const [first, second] = inOrder({ type: "checkpointVote", vote }, own);
      d.verify(
        { what: "checkpoints", first, second, chain, from: candidate!.from, fromOther: null },
        {
          what: "each",
          signatures: [
            {
              registry: d.epoch.registry.root,
              seat,
              root: checkpointRootOf(domain, checkpoint),
              signature: candidate!.signature,
            },
          ],
        },
      );
    }
  }
}
