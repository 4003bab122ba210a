import { appendLeaf, EMPTY_RANGE, genesisSeed } from "../codec/index.ts";
import type { EpochContext, ReplicaState } from "../state.ts";
import type { Block, CheckpointCertificate, EpochStart, Genesis, Hash, Registry } from "../types/index.ts";
import { ZERO_HASH } from "../types/index.ts";

/** Epoch 0: R_0 serves it and the next two; view 0 is the genesis block (protocol.md section 1, "Genesis"). */
export function genesisStart(genesis: Genesis, hash: Hash, registry: Registry): EpochStart {
  return {
    epoch: 0,
    incarnation: 0,
    mode: genesis.mode,
    registry: registry.root,
    registryNext: registry.root,
    seed: genesisSeed(hash),
    firstHeight: 1,
    parent: {
      hash,
      height: 0,
      stamp: genesis.stamp,
      // Nothing is read before the first block names a settlement block: `start` itself is the first acceptance.
      reference: { number: 0, hash: ZERO_HASH },
      settledAt: genesis.stamp,
      inboxCursor: 0,
    },
    peaks: appendLeaf(EMPTY_RANGE, hash).peaks,
    roots: [{ height: 0, stateRoot: genesis.stateRoot, receiptsRoot: ZERO_HASH }],
    previousCheckpoint: hash,
    previousCheckpointHeight: 0,
    boundary: null,
    backedStamp: genesis.stamp,
  };
}

/** Epoch e + 1 from the final chain of e, its last block and the checkpoint that backs it (section 6: a backed boundary starts it). */
export function nextStart(
  state: ReplicaState,
  context: EpochContext,
  lastBlock: Block,
  boundary: CheckpointCertificate,
): EpochStart {
  const commitment = lastBlock.body.commitment!;
  const { tip } = state;
  return {
    epoch: context.start.epoch + 1,
    incarnation: context.start.incarnation,
    mode: commitment.modeNext,
    registry: commitment.registryNext,
    registryNext: commitment.registryAfter,
    seed: commitment.seedNext,
    firstHeight: tip.height + 1,
    parent: {
      hash: tip.hash,
      height: tip.height,
      stamp: tip.stamp,
      reference: tip.reference,
      settledAt: tip.settledAt,
      inboxCursor: tip.inboxCursor,
    },
    peaks: state.ledgered.range.peaks,
    roots: state.roots,
    previousCheckpoint: state.ledgered.lastDue.hash,
    previousCheckpointHeight: state.ledgered.lastDue.height,
    boundary,
    backedStamp: boundary.checkpoint.stamp,
  };
}
