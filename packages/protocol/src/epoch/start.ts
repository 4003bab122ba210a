import { appendLeaf, EMPTY_RANGE, genesisSeed, recoverySeed } from "../codec/index.ts";
import { firstHybrid, nextHybrid, recoveredHybrid } from "../modes/index.ts";
import type { ChainFacts, EpochContext, ReplicaState } from "../state.ts";
import type {
  Activation,
  Block,
  CheckpointCertificate,
  EpochStart,
  Genesis,
  Hash,
  Registry,
} from "../types/index.ts";
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
    roots: [
      {
        height: 0,
        stateRoot: genesis.stateRoot,
        receiptsRoot: ZERO_HASH,
        handedOn: ZERO_HASH,
        used: 0,
        value: 0,
      },
    ],
    previousCheckpoint: hash,
    previousCheckpointHeight: 0,
    boundary: null,
    backedStamp: genesis.stamp,
    hybrid: firstHybrid(genesis.mode, registry.params),
  };
}

/** Epoch e + 1 from the final chain of e, its last block and the checkpoint that backs it (section 6: a backed boundary starts it); `registry` is R_{e+1}. */
export function nextStart(
  state: ReplicaState,
  context: EpochContext,
  lastBlock: Block,
  boundary: CheckpointCertificate,
  registry: Registry,
): EpochStart {
  const commitment = lastBlock.body.commitment!;
  const { tip, ledgered } = state;
  const { modeNext: mode, modeWanted } = commitment;
  const usage = { used: ledgered.used, value: ledgered.value, blocks: context.params.epochLength - 1 };
  return {
    epoch: context.start.epoch + 1,
    incarnation: context.start.incarnation,
    mode,
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
    peaks: ledgered.range.peaks,
    roots: state.roots,
    previousCheckpoint: ledgered.lastDue.hash,
    previousCheckpointHeight: ledgered.lastDue.height,
    boundary,
    backedStamp: boundary.checkpoint.stamp,
    hybrid: nextHybrid(context, usage, { mode, modeWanted, registry }),
  };
}

/** Epoch e + 1 from a recovery point of e, which is the final tip by now (section 6, activation): Secure, its registry for e + 2 too. */
export function recoveredStart(
  state: ReplicaState,
  context: EpochContext,
  activation: Activation,
): EpochStart {
  const { tip, ledgered } = state;
  return {
    epoch: context.start.epoch + 1,
    incarnation: activation.incarnation,
    mode: "secure",
    registry: activation.registry,
    registryNext: activation.registry,
    seed: recoverySeed(context.start.seed, activation.incarnation, activation.blockHash),
    firstHeight: tip.height + 1,
    parent: {
      hash: tip.hash,
      height: tip.height,
      stamp: tip.stamp,
      reference: tip.reference,
      settledAt: tip.settledAt,
      inboxCursor: tip.inboxCursor,
    },
    peaks: ledgered.range.peaks,
    roots: state.roots,
    previousCheckpoint: ledgered.lastDue.hash,
    previousCheckpointHeight: ledgered.lastDue.height,
    boundary: null,
    backedStamp: tip.stamp,
    hybrid: recoveredHybrid(context.start.hybrid),
  };
}

/** What the first block of an epoch inherits. */
export const firstFacts = (start: EpochStart): ChainFacts => ({
  seed: start.seed,
  term: 0,
  carriedView: 0,
  backedHeight: start.previousCheckpointHeight,
  backedStamp: start.backedStamp,
});
