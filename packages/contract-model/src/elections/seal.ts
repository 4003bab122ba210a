import { known } from "../identities.ts";
import { least, sum } from "../numbers.ts";
import type { Snapshot, State, Status } from "../state/index.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";
import { type LiveSeat, sealWeights } from "./rules.ts";
import { seatWaiting } from "./seats.ts";
import { standingOf } from "./standings.ts";

const IDLE: ReadonlySet<Status> = new Set(["jailed", "tombstoned"]);

/** A snapshot by the number of its seal. */
export const snapshotOf = (state: State, seal: number): Snapshot =>
  state.elections.snapshots.get(seal) ?? refuse("ElectionsNotSealed", seal);

/** Seat of a validator under a seal; null if it had none. */
export function seatUnder(state: State, id: number, seal: number): number | null {
  const seat = snapshotOf(state, seal).validators.indexOf(id);
  return seat === -1 ? null : seat;
}

/** Freezes the live weights. The convicted and the jailed weigh nothing, whether or not they were refreshed. */
function freeze(tx: Transaction, epoch: number): Snapshot {
  const { state } = tx;
  const { elections } = state;
  const isIdle = (id: number): boolean => id !== 0 && IDLE.has(known(state, id).status);
  const isOut = (id: number): boolean => id === 0 || isIdle(id) || elections.silent.has(id);
  const live: LiveSeat[] = elections.seats.map((id, seat) => {
    if (isOut(id)) return { weight: 0n, qualified: false };
    const { weight, qualified } = standingOf(state, id);
    return { weight, qualified: qualified && seat >= elections.nAuth };
  });
  const keys = elections.seats.map((id) => (id === 0 ? 0 : standingOf(state, id).key));
  const { nAuth } = elections;
  const sealed = sealWeights(live, nAuth, state.rules.stake);
  const members = new Set<number>();
  for (let seat = 0; seat < keys.length; seat++) {
    if (seat < nAuth ? !sealed.suspended.has(seat) : keys[seat] !== 0) members.add(seat);
  }
  // One of the two weights is 0: which, tells whether it was refreshed since.
  const idle = elections.seats
    .filter((id) => id !== 0 && isOut(id))
    .map((id) => {
      const weight = standingOf(state, id).weight + standingOf(state, id).idle;
      return sealed.cut === 0n ? weight : least(weight, sealed.cut);
    });
  return record(tx, {
    epoch,
    nAuth,
    validators: [...elections.seats],
    keys,
    members,
    ...sealed,
    idleStake: sum(idle),
  });
}

function record(tx: Transaction, contents: Omit<Snapshot, "number" | "sealer" | "sealedAt">): Snapshot {
  const { elections } = tx.state;
  const snapshot: Snapshot = Object.freeze({
    ...contents,
    number: ++elections.sealNumber,
    sealer: tx.from,
    sealedAt: tx.at,
  });
  elections.snapshots.set(snapshot.number, snapshot);
  elections.rotated.clear();
  const { number, epoch, totalStake, backingStake, cut } = snapshot;
  emit(tx, "Sealed", { number, epoch, totalStake, backingStake, cut });
  return snapshot;
}

/** Sealing waits for pay that is too far behind, until what is missing may be given up. */
function checkAccrual({ state, at }: Transaction): void {
  const { rewards, schedule, rules } = state;
  const next = rewards.seals.length;
  if (schedule.epoch <= next + rules.rewards.accrualLag) return;
  const { acceptedAt } = schedule.boundaries.get(next)!;
  if (at < acceptedAt + rules.rewards.accrualDeadline) refuse("ElectionsAccrualBehind", next, schedule.epoch);
}

/** Seals the candidate of an epoch: possible from acceptance of boundary e - 3 until that of e - 2. Anyone. */
export function seal(tx: Transaction, epoch: number): Snapshot {
  const { elections, schedule } = tx.state;
  if (elections.sealNumber === 0 || epoch < 3 || epoch !== schedule.epoch + 2)
    refuse("ElectionsNotNow", epoch, schedule.epoch);
  if (elections.candidates.has(epoch)) refuse("ElectionsAlreadySealed", epoch);
  checkAccrual(tx);
  seatWaiting(tx);
  const snapshot = freeze(tx, epoch);
  elections.candidates.set(epoch, snapshot.number);
  return snapshot;
}

/** The first seal: everybody who entered sits already. */
export function sealGenesis(tx: Transaction): Snapshot {
  const { elections } = tx.state;
  if (elections.sealNumber !== 0) refuse("ElectionsAlreadySealed", 0);
  const snapshot = freeze(tx, 0);
  elections.candidates.set(0, snapshot.number);
  return snapshot;
}

/**
 * The registry of a recovery's next epoch: the one recorded, less who is out, who weighs nothing and, as an authority, is
 * suspended. Live weights are not read, and seats stay as that registry has them. It is no seal: its number is that of the
 * registry it copies, so that what seals count is counted as before.
 */
export function sealAgain(
  tx: Transaction,
  epoch: number,
  from: Snapshot,
  out: ReadonlySet<number>,
): Snapshot {
  const weights = from.weights.map((weight, seat) => (out.has(seat) ? 0n : weight));
  const suspended = new Set(from.suspended);
  for (const seat of out) if (seat < from.nAuth) suspended.add(seat);
  const left = (set: ReadonlySet<number>): Set<number> => new Set([...set].filter((seat) => !out.has(seat)));
  const backing = left(from.backing);
  const stakersOf = (seats: Iterable<number>): number =>
    [...seats].filter((seat) => seat >= from.nAuth && weights[seat] !== 0n).length;
  const snapshot: Snapshot = Object.freeze({
    ...from,
    epoch,
    weights,
    suspended,
    backing,
    members: left(from.members),
    totalStake: sum(weights),
    backingStake: sum([...backing].map((seat) => weights[seat]!)),
    stakers: stakersOf(weights.keys()),
    backingStakers: stakersOf(backing),
    idleStake: from.idleStake + sum([...out].map((seat) => from.weights[seat]!)),
    sealer: tx.from,
    sealedAt: tx.at,
  });
  emit(tx, "SealedAgain", { number: snapshot.number, epoch, totalStake: snapshot.totalStake });
  return snapshot;
}

/** Lets an authority that a recovery left out count again from the next seal on. */
export function readmit(tx: Transaction, id: number): void {
  tx.state.elections.silent.delete(id);
  emit(tx, "Readmitted", { validator: id });
}
