import { seal, sealGenesis, snapshotOf } from "../elections/index.ts";
import { sum } from "../numbers.ts";
import type { Accounting, EpochRecord, Mode, Snapshot, State } from "../state/index.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";
import { isBacked, isQuorum, type Weights } from "./quorum.ts";

/** A registry may be carried over beside a sealed candidate this often in a row. */
const MOST_CARRIED = 24;
/** Fewer stakers than these count as none. */
const LEAST_STAKERS = 3;

/** What the last block of an epoch commits to. Registries are named by the number of their seal. */
export interface Boundary {
  readonly registryNext: number;
  readonly registryAfter: number;
  readonly modeNext: Mode;
  readonly modeWanted: Mode;
  readonly accounting: Accounting;
}

export interface Checkpoint {
  readonly height: number;
  /** Stamp of its block, ms. */
  readonly stamp: number;
  /** View and hash of its block: what a recovery must not fall below. */
  readonly view: number;
  readonly blockHash: string;
  /** Null unless it is the epoch's last. */
  readonly boundary: Boundary | null;
  /** Seats that signed it. */
  readonly signers: Iterable<number>;
}

/**
 * Begins the chain: seals the first registry, which serves epochs 0, 1 and 2. Governance, once.
 * @param genesis hash of the genesis header with that registry: what the first epoch begins at
 */
export function start(
  tx: Transaction,
  mode: Mode,
  genesis: (registry: Snapshot) => string = () => "genesis",
): void {
  const { schedule } = tx.state;
  if (schedule.started) refuse("CheckpointManagerAlreadyStarted");
  const registry = sealGenesis(tx);
  Object.assign(schedule, {
    started: true,
    genesisStamp: tx.at * 1000,
    stamp: tx.at * 1000,
    blockHash: genesis(registry),
    acceptedAt: tx.at,
  });
  for (const epoch of [0, 1, 2]) {
    setRecord(tx.state, epoch, {
      seal: registry.number,
      registry,
      incarnation: 0,
      mode,
      firstHeight: epoch === 0 ? 1 : 0,
      begunAt: epoch === 0 ? tx.at : 0,
      carried: epoch !== 0,
    });
  }
  emit(tx, "Started", { mode });
}

/** What is on record is replaced, never changed. */
export const setRecord = (state: State, epoch: number, record: EpochRecord): void => {
  state.schedule.records.set(epoch, Object.freeze(record));
};

export const recordOf = (state: State, epoch: number): EpochRecord =>
  state.schedule.records.get(epoch) ?? refuse("CheckpointManagerNotRecorded", epoch);

/** The registry recorded for an epoch. */
export const registryOf = (state: State, epoch: number): Snapshot => recordOf(state, epoch).registry;

/** Height of an epoch's last block, once it has begun. */
export function lastHeight(state: State, epoch: number): number {
  const { mode, firstHeight } = recordOf(state, epoch);
  return firstHeight + state.rules.consensus.epochLength[mode] - 1;
}

/** Who signs an epoch's checkpoints: W_e. In Fast those of Balanced. */
export const signingSet = (state: State, epoch: number): ReadonlySet<number> =>
  signersUnder(registryOf(state, epoch), recordOf(state, epoch).mode);

/** Who would sign checkpoints of a registry in a mode. */
export const signersUnder = (registry: Snapshot, mode: Mode): ReadonlySet<number> =>
  mode === "secure" ? registry.members : registry.backing;

export function weigh(snapshot: Snapshot, seats: Iterable<number>): Weights {
  const list = [...seats];
  return {
    authorities: BigInt(list.filter((seat) => seat < snapshot.nAuth).length),
    stake: sum(list.map((seat) => snapshot.weights[seat]!)),
  };
}

/** What quorums of a mode are measured against in a registry. */
export function wholeOf(registry: Snapshot, mode: Mode): Weights {
  const { authorities, stake } = weigh(registry, signersUnder(registry, mode));
  const stakers = mode === "secure" ? registry.stakers : registry.backingStakers;
  return { authorities, stake: stakers < LEAST_STAKERS ? 0n : stake };
}

/** Whether any quorum of a mode can come from a registry: all of its voting set together are one. */
export function canDecide(registry: Snapshot, mode: Mode): boolean {
  const whole = wholeOf(registry, mode);
  return isQuorum(mode, whole, whole);
}

function checkSigners(state: State, epoch: number, signers: readonly number[]): void {
  const set = signingSet(state, epoch);
  if (new Set(signers).size !== signers.length || signers.some((seat) => !set.has(seat)))
    refuse("CheckpointManagerBadSeats");
  const snapshot = registryOf(state, epoch);
  const { mode } = recordOf(state, epoch);
  const whole = wholeOf(snapshot, mode);
  const part = weigh(snapshot, signers);
  if (!isBacked(mode, part, whole))
    refuse("CheckpointManagerNoQuorum", part.authorities, whole.authorities, part.stake, whole.stake);
}

/** Accepts a checkpoint; a boundary hands over to the next epoch. Anyone. */
export function submit(tx: Transaction, checkpoint: Checkpoint): void {
  const { state } = tx;
  const { schedule } = state;
  if (!schedule.started) refuse("CheckpointManagerNotStarted");
  const { epoch } = schedule;
  const { height, stamp, view, blockHash, boundary } = checkpoint;
  const last = lastHeight(state, epoch);
  if (boundary !== null && boundary.accounting.epoch !== epoch) refuse("CheckpointManagerBadBoundary");
  if (height <= schedule.height || height > last)
    refuse("CheckpointManagerBadHeight", height, schedule.height, last);
  if ((height === last) !== (boundary !== null)) refuse("CheckpointManagerBadBoundary");
  checkSigners(state, epoch, [...checkpoint.signers]);
  Object.assign(schedule, {
    height,
    stamp,
    view,
    blockHash,
    count: schedule.count + 1,
  });
  // What was backed before the stall that a recovery is open for resets no clock.
  if (boundary !== null || stamp > schedule.stalledAt * 1000)
    Object.assign(schedule, { acceptedAt: tx.at, stalledAt: 0 });
  emit(tx, "CheckpointAccepted", { epoch, height, submitter: tx.from });
  if (boundary !== null) handOver(tx, boundary);
}

/** Begins the next epoch in the mode fixed here; records registry and wanted mode of the one after. */
function handOver(tx: Transaction, boundary: Boundary): void {
  const { schedule } = tx.state;
  const { epoch, records } = schedule;
  const present = recordOf(tx.state, epoch).mode;
  const next = recordOf(tx.state, epoch + 1);
  if (boundary.registryNext !== next.seal)
    refuse("CheckpointManagerBadRegistry", boundary.registryNext, next.seal);
  if (boundary.modeNext !== present && boundary.modeNext !== next.mode)
    refuse("CheckpointManagerBadMode", boundary.modeNext, next.mode, present);
  setRecord(tx.state, epoch + 1, {
    ...next,
    mode: boundary.modeNext,
    firstHeight: schedule.height + 1,
    begunAt: tx.at,
  });
  const after = records.get(epoch + 2);
  if (after === undefined) {
    const carried = chooseRegistry(tx, next.seal, boundary);
    setRecord(tx.state, epoch + 2, {
      seal: boundary.registryAfter,
      registry: carried ? next.registry : snapshotOf(tx.state, boundary.registryAfter),
      incarnation: next.incarnation,
      mode: boundary.modeWanted,
      firstHeight: 0,
      begunAt: 0,
      carried,
    });
  } else {
    // The genesis registry serves the first three epochs, that of a recovery two.
    if (boundary.registryAfter !== next.seal)
      refuse("CheckpointManagerBadRegistry", boundary.registryAfter, next.seal);
    setRecord(tx.state, epoch + 2, { ...after, mode: boundary.modeWanted });
  }
  const { accounting } = boundary;
  schedule.boundaries.set(epoch, Object.freeze({ accounting, submitter: tx.from, acceptedAt: tx.at }));
  schedule.epoch = epoch + 1;
  emit(tx, "BoundaryAccepted", { epoch, nextFirstHeight: schedule.height + 1 });
}

/**
 * The candidate sealed for the epoch after next, or the registry before again: not counted where the candidate has no
 * quorum in the next epoch's mode, or was sealed too late for the epoch's last block. Returns whether it was carried over.
 */
function chooseRegistry(
  tx: Transaction,
  before: number,
  { registryAfter: named, modeNext }: Boundary,
): boolean {
  const { schedule, elections, rules } = tx.state;
  const candidate = elections.candidates.get(schedule.epoch + 2);
  if (candidate === named) {
    schedule.carried = 0;
    return false;
  }
  if (named !== before) refuse("CheckpointManagerBadRegistry", named, candidate ?? 0);
  const sealed = candidate === undefined ? null : snapshotOf(tx.state, candidate);
  const shownFrom = ((sealed?.sealedAt ?? 0) + rules.consensus.settlementLag) * 1000;
  const counts = sealed !== null && schedule.stamp >= shownFrom && canDecide(sealed, modeNext);
  if (counts && ++schedule.carried > MOST_CARRIED) refuse("CheckpointManagerCarriedTooOften");
  return true;
}

/** Accepts the boundary of e and seals the candidate of e + 3. Anyone. */
export function submitAndSeal(tx: Transaction, checkpoint: Checkpoint): void {
  if (checkpoint.boundary === null) refuse("CheckpointManagerBadBoundary");
  submit(tx, checkpoint);
  seal(tx, tx.state.schedule.epoch + 2);
}
