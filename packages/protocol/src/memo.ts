import {
  backingHash,
  blockHash,
  certificatesHash,
  checkpointRoot,
  commitmentHash,
  lateRoots,
  lateVotesHash,
  merkleRoot,
  restartRoot,
  signalRoot,
  voteRoot,
  vrfOutput,
} from "./codec/index.ts";
import type {
  Block,
  BlockBody,
  Checkpoint,
  CheckpointCertificate,
  Hash,
  Header,
  SignIntent,
  VoteBody,
} from "./types/index.ts";

/*
 * Hashes of immutable values, computed once per object. Pure: the caches hold nothing that their key does not decide.
 */

const headers = new WeakMap<Header, Hash>();
const votes = new WeakMap<VoteBody, { readonly domain: Hash; readonly root: Hash }>();
const checkpoints = new WeakMap<Checkpoint, { readonly domain: Hash; readonly root: Hash }>();
const bodies = new WeakMap<Block, boolean>();

/** {@link blockHash}, once per header object. */
export function hashOf(block: Block): Hash {
  const known = headers.get(block.header);
  if (known !== undefined) return known;
  const hash = blockHash(block.header);
  headers.set(block.header, hash);
  return hash;
}

interface Rooted extends VoteBody {
  readonly domain: Hash;
  readonly root: Hash;
}

/** What was said last, each once: thousands of votes and certificates say the same few. */
const recent: Rooted[] = [];
const RECENT = 8;
let oldest = 0;

const says = (known: Rooted, domain: Hash, vote: VoteBody): boolean =>
  known.view === vote.view &&
  known.kind === vote.kind &&
  known.parentView === vote.parentView &&
  known.blockHash === vote.blockHash &&
  known.domain === domain;

/** {@link voteRoot}, once per vote or certificate object. */
export function rootOf(domain: Hash, vote: VoteBody): Hash {
  for (const known of recent) if (says(known, domain, vote)) return known.root;
  const known = votes.get(vote);
  if (known !== undefined && known.domain === domain) return known.root;
  const root = voteRoot(domain, vote);
  votes.set(vote, { domain, root });
  const { kind, view, parentView, blockHash } = vote;
  recent[oldest] = { kind, view, parentView, blockHash, domain, root };
  oldest = (oldest + 1) % RECENT;
  return root;
}

/** {@link checkpointRoot}, once per checkpoint object. */
export function checkpointRootOf(domain: Hash, checkpoint: Checkpoint): Hash {
  const known = checkpoints.get(checkpoint);
  if (known !== undefined && known.domain === domain) return known.root;
  const root = checkpointRoot(domain, checkpoint);
  checkpoints.set(checkpoint, { domain, root });
  return root;
}

/**
 * True if the body is the one its header commits to. The leader signs the header alone, so a mismatch is the
 * sender's doing.
 */
export function bodyMatches(block: Block): boolean {
  const known = bodies.get(block);
  if (known !== undefined) return known;
  const { header, body } = block;
  const matches =
    header.vrfOutput === vrfOutput(body.vrfProof) &&
    header.batchesRoot === merkleRoot(body.batches) &&
    header.certificatesHash === certificatesHash(body) &&
    header.lateVotesHash === lateVotesHash(body.lateVotes, lateRootsOf(body)) &&
    (body.commitment === null || header.commitment === commitmentHash(body.commitment));
  bodies.set(block, matches);
  return matches;
}

const lates = new WeakMap<BlockBody, readonly Hash[]>();

/** {@link lateRoots} of what a block carries, once per object. */
export function lateRootsOf(body: BlockBody): readonly Hash[] {
  let roots = lates.get(body);
  if (roots === undefined) {
    roots = lateRoots(body.lateVotes);
    lates.set(body, roots);
  }
  return roots;
}

const backings = new WeakMap<CheckpointCertificate, Hash>();

/** {@link backingHash}, once per object. */
export function backingHashOf(certificate: CheckpointCertificate): Hash {
  let hash = backings.get(certificate);
  if (hash === undefined) {
    hash = backingHash(certificate);
    backings.set(certificate, hash);
  }
  return hash;
}

/** The 32 bytes that an intent's signature signs. */
export function signingRoot(intent: SignIntent): Hash {
  switch (intent.what) {
    case "checkpoint":
      return checkpointRootOf(intent.domain, intent.checkpoint);
    case "signal":
      return signalRoot(intent.domain, intent.epoch, intent.signal);
    case "restart":
      return restartRoot(intent.domain, intent.restart.view, intent.restart.blockHash);
    default:
      return rootOf(intent.domain, intent.vote);
  }
}
