import { readmit, sealAgain, sitsAsAuthority, standingOf } from "../elections/index.ts";
import { known } from "../identities.ts";
import { least, MILLION, most, mulDivUp, sum } from "../numbers.ts";
import { leak as leakStake } from "../slashing/index.ts";
import type { Mode, Recovery, RestartPoint, Snapshot, State } from "../state/index.ts";
import { emit, refuse, type Transaction, wouldPass } from "../transaction.ts";
import {
  canDecide,
  recordOf,
  registryOf,
  setRecord,
  signersUnder,
  signingSet,
  weigh,
  wholeOf,
} from "./checkpoints.ts";
import { isQuorum } from "./quorum.ts";

/** A recovered epoch's load multiplier, which nothing is paid by. */
const NEUTRAL = 1_000_000n;

/** A block of the epoch under recovery. */
export interface Candidate {
  readonly view: number;
  readonly blockHash: string;
}

/** A certificate (N or F) of a block, with its header. */
export interface Certificate extends Candidate {
  readonly height: number;
  /** ms. */
  readonly stamp: number;
  /** Seats of R_e that signed it. */
  readonly signers: Iterable<number>;
}

const key = (id: number, { view, blockHash }: Candidate): string => `${id} ${view} ${blockHash}`;

/** Open until activated, until the boundary is accepted, or until a checkpoint is that is younger than the stall. */
function isOpen({ schedule }: State, recovery: Recovery | undefined): boolean {
  if (recovery === undefined || recovery.activated || recovery.epoch !== schedule.epoch) return false;
  return schedule.count === recovery.count || schedule.stamp <= recovery.cancelStamp;
}

export const isRecovering = (state: State): boolean => isOpen(state, state.recovery.recoveries.at(-1));

function open(state: State): { id: number; recovery: Recovery } {
  const { recoveries } = state.recovery;
  const recovery = recoveries.at(-1);
  if (recovery === undefined || !isOpen(state, recovery)) return refuse("HybridManagerNotOpen");
  return { id: recoveries.length, recovery };
}

function afterGrace(tx: Transaction): { id: number; recovery: Recovery } {
  const found = open(tx.state);
  if (tx.at <= found.recovery.graceEnd) refuse("HybridManagerStillGrace", found.recovery.graceEnd);
  return found;
}

/** The epoch's mode and that wanted for the next: the modes that the next one may still get. */
const modesOf = (state: State, epoch: number): readonly [Mode, Mode] => [
  recordOf(state, epoch).mode,
  recordOf(state, epoch + 1).mode,
];

/** Refused for a registry that could not decide in Secure, in which every recovery ends. */
function checkSecure(registry: Snapshot): void {
  if (!canDecide(registry, "secure")) refuse("HybridManagerTooFewStakers");
}

/** Opens recovery of the present epoch once no checkpoint was accepted for `stall`. Anyone. Returns its number. */
export function openRecovery(tx: Transaction): number {
  const { schedule, recovery, rules } = tx.state;
  if (isRecovering(tx.state)) refuse("HybridManagerAlreadyOpen", recovery.recoveries.length);
  const from = schedule.acceptedAt + rules.recovery.stall;
  if (tx.at < from) refuse("HybridManagerNotStalled", from);
  checkSecure(registryOf(tx.state, schedule.epoch + 1));
  const { epoch } = schedule;
  // Where Fast is or may come, grace also waits for its lease to end: nobody then still finalizes unseen.
  const ms = modesOf(tx.state, epoch).includes("fast")
    ? rules.consensus.lease + 2 * rules.consensus.drift
    : 0;
  const lease = (ms + 999 - ((ms + 999) % 1000)) / 1000;
  recovery.recoveries.push({
    epoch,
    openedAt: tx.at,
    graceEnd: tx.at + rules.recovery.grace + lease,
    quietSince: schedule.acceptedAt,
    cancelStamp: (tx.at - rules.recovery.stall) * 1000,
    count: schedule.count,
    activated: false,
    postedView: 0,
    postedHash: "",
    rounds: 0,
    lastRoundAt: 0,
    heard: new Set(),
    heardNext: new Set(),
    left: new Set(),
    leftNext: new Set(),
    charged: new Set(),
  });
  schedule.stalledAt = tx.at - rules.recovery.stall;
  emit(tx, "RecoveryOpened", {
    id: recovery.recoveries.length,
    epoch,
    graceEnd: tx.at + rules.recovery.grace + lease,
  });
  return recovery.recoveries.length;
}

/** Refused unless the block is above the last checkpoint accepted in this epoch, or is that one's. */
function checkFloor({ schedule, ...state }: State, epoch: number, block: Candidate, height: number): void {
  const { firstHeight } = recordOf({ schedule, ...state }, epoch);
  const isFirst = schedule.height < firstHeight;
  const above = height > schedule.height && (isFirst || block.view > schedule.view);
  const itself = !isFirst && block.view >= schedule.view && block.blockHash === schedule.blockHash;
  if (!above && !itself) refuse("HybridManagerBelowFloor", block.view, block.blockHash);
}

/** Posts a certificate of the epoch. In grace each must be of a higher view than the last. Anyone. */
export function postCertificate(tx: Transaction, certificate: Certificate): void {
  const { state } = tx;
  const { id, recovery } = open(state);
  const { view, blockHash, height, stamp } = certificate;
  checkVotes(state, recovery.epoch, [...certificate.signers]);
  checkFloor(state, recovery.epoch, certificate, height);
  const inGrace = tx.at <= recovery.graceEnd;
  if (inGrace) {
    if (view <= recovery.postedView) refuse("HybridManagerNotHigher", view, recovery.postedView);
    Object.assign(recovery, { postedView: view, postedHash: blockHash });
  }
  const known = pointOf(state, id, certificate);
  state.recovery.points.set(key(id, certificate), { ...known, height, stamp, certified: true });
  emit(tx, "CertificatePosted", { id, view, blockHash, highest: inGrace });
}

/** Whether signers are a quorum of the mode over its voting set. */
function checkVotes(state: State, epoch: number, signers: readonly number[]): void {
  const registry = registryOf(state, epoch);
  const { mode } = recordOf(state, epoch);
  const set = new Set(
    [...signersUnder(registry, mode)].filter((seat) => mode !== "fast" || seat < registry.nAuth),
  );
  if (new Set(signers).size !== signers.length || signers.some((seat) => !set.has(seat)))
    refuse("CheckpointManagerBadSeats");
  const whole = wholeOf(registry, mode);
  const part = weigh(registry, signers);
  if (!isQuorum(mode, part, whole))
    refuse("CheckpointManagerNoQuorum", part.authorities, whole.authorities, part.stake, whole.stake);
}

function pointOf(state: State, id: number, block: Candidate): RestartPoint {
  const none = { height: 0, stamp: 0, certified: false, present: new Set<number>(), next: new Set<number>() };
  return state.recovery.points.get(key(id, block)) ?? none;
}

/** Seats on which both registries have the same key. */
const sameKeys = (one: Snapshot, other: Snapshot): Set<number> =>
  new Set([...one.keys.keys()].filter((seat) => one.keys[seat] === other.keys[seat]));

/** The set that signs RESTARTs of the next epoch: the largest it may still be. */
export const nextSigningSet = (state: State, epoch: number): ReadonlySet<number> => {
  const [present, wanted] = modesOf(state, epoch);
  return signersUnder(registryOf(state, epoch + 1), present === "secure" ? present : wanted);
};

/** RESTART signatures of a block, after grace. All for one block count together. Anyone. */
export function restart(
  tx: Transaction,
  block: Candidate,
  signers: { readonly present: Iterable<number>; readonly next: Iterable<number> },
): void {
  const { state } = tx;
  const { id, recovery } = afterGrace(tx);
  const sets = [signingSet(state, recovery.epoch), nextSigningSet(state, recovery.epoch)] as const;
  const present = new Set(signers.present);
  const next = new Set(signers.next);
  const strange = (seats: Set<number>, set: ReadonlySet<number>) => [...seats].some((seat) => !set.has(seat));
  if (strange(present, sets[0]) || strange(next, sets[1])) refuse("CheckpointManagerBadSeats");
  const same = sameKeys(registryOf(state, recovery.epoch), registryOf(state, recovery.epoch + 1));
  // A key on one seat of both registries is heard in both, whichever list names it.
  for (const seat of new Set([...present, ...next])) {
    if (!same.has(seat)) continue;
    if (sets[0].has(seat)) present.add(seat);
    if (sets[1].has(seat)) next.add(seat);
  }
  const point = pointOf(state, id, block);
  state.recovery.points.set(key(id, block), point);
  for (const seat of present) {
    point.present.add(seat);
    recovery.heard.add(seat);
  }
  for (const seat of next) {
    point.next.add(seat);
    recovery.heardNext.add(seat);
  }
  emit(tx, "RestartVoted", { id, ...block, present: [...present], next: [...next] });
}

/** Stake that asked for a block, and what it is weighed against, both without who was left out. */
function support(
  registry: Snapshot,
  mode: Mode,
  signers: ReadonlySet<number>,
  left: ReadonlySet<number>,
  heard: ReadonlySet<number>,
): { part: bigint; whole: bigint } {
  const counting = [...signersUnder(registry, mode)].filter((seat) => !left.has(seat) || heard.has(seat));
  const stakeOf = (seats: readonly number[]) => sum(seats.map((seat) => registry.weights[seat]!));
  return { whole: stakeOf(counting), part: stakeOf(counting.filter((seat) => signers.has(seat))) };
}

function checkSupport(state: State, recovery: Recovery, point: RestartPoint): void {
  const { epoch, heard, heardNext, left, leftNext } = recovery;
  const [mode, wanted] = modesOf(state, epoch);
  const check = (next: boolean, under: Mode): void => {
    const { part, whole } = next
      ? support(registryOf(state, epoch + 1), under, point.next, leftNext, heardNext)
      : support(registryOf(state, epoch), under, point.present, left, heard);
    if (3n * part <= 2n * whole) refuse("HybridManagerNoQuorum", next, under, part, whole);
  };
  check(false, mode);
  for (const under of new Set([mode, wanted])) check(true, under);
}

/** Where the chain goes on from: a certified block not below what is accepted, or (view 0) the point before the epoch. */
function checkedPoint(
  state: State,
  id: number,
  epoch: number,
  block: Candidate,
): { height: number; stamp: number } {
  const { schedule, recovery } = state;
  const { firstHeight } = recordOf(state, epoch);
  if (block.view === 0) {
    const before = recovery.begunAt.get(epoch) ?? schedule.blockHash;
    if (schedule.height >= firstHeight || block.blockHash !== before)
      refuse("HybridManagerBelowFloor", block.view, block.blockHash);
    return schedule;
  }
  const point = pointOf(state, id, block);
  if (!point.certified) refuse("HybridManagerNotCertified", block.view, block.blockHash);
  checkFloor(state, epoch, block, point.height);
  return point;
}

/** Whether a restart from this block would go through at a time. */
export function isSupported(state: State, block: Candidate, at: number): boolean {
  const recovery = state.recovery.recoveries.at(-1);
  if (recovery === undefined || !isRecovering(state) || at <= recovery.graceEnd) return false;
  const id = state.recovery.recoveries.length;
  return wouldPass(() => {
    checkedPoint(state, id, recovery.epoch, block);
    checkSupport(state, recovery, pointOf(state, id, block));
  });
}

/** Seats of the next epoch's registry that the recovery leaves out. */
function outOf(tx: Transaction, recovery: Recovery, registry: Snapshot): Set<number> {
  const { state } = tx;
  const { countAtActivation } = state.recovery;
  const { heardNext, leftNext } = recovery;
  // Two recoveries in a row without a checkpoint: who signs restarts but nothing else stands in the way.
  const again = countAtActivation === state.schedule.count;
  const out = new Set<number>();
  for (const [seat, keyNumber] of registry.keys.entries()) {
    if (keyNumber === 0) continue;
    const id = state.registry.keys.get(keyNumber)!;
    const isSilent = seat < registry.nAuth && (again || !heardNext.has(seat));
    const { status } = known(state, id);
    const wasLeft = leftNext.has(seat);
    const isHeard = wasLeft && heardNext.has(seat);
    if (isSilent && sitsAsAuthority(state.elections, standingOf(state, id))) state.elections.silent.add(id);
    if (isSilent || status === "tombstoned" || (wasLeft && !isHeard) || (status === "jailed" && !isHeard))
      out.add(seat);
  }
  return out;
}

/**
 * Restarts the chain from a block that more than two thirds of the stake of W_e, and of W_(e+1) in each mode it may still
 * get, asked for. Counts as acceptance of boundary e. Anyone. Returns the new incarnation.
 */
export function activate(tx: Transaction, block: Candidate): number {
  const { state } = tx;
  const { schedule, recovery: past } = state;
  const { id, recovery } = afterGrace(tx);
  const { epoch } = recovery;
  recovery.activated = true;
  const { height, stamp } = checkedPoint(state, id, epoch, block);
  checkSupport(state, recovery, pointOf(state, id, block));
  const next = recordOf(state, epoch + 1);
  const registry = sealAgain(tx, epoch + 1, next.registry, outOf(tx, recovery, next.registry));
  checkSecure(registry);
  past.begunAt.set(epoch + 1, block.blockHash);
  past.countAtActivation = schedule.count;
  const incarnation = next.incarnation + 1;
  const record = { seal: registry.number, registry, incarnation, mode: "secure" } as const;
  setRecord(state, epoch + 1, { ...record, firstHeight: height + 1, begunAt: tx.at, carried: false });
  setRecord(state, epoch + 2, { ...record, firstHeight: 0, begunAt: 0, carried: true });
  schedule.boundaries.set(epoch, {
    accounting: { epoch, views: block.view, stamp, loadMultiplier: NEUTRAL, vector: null },
    submitter: tx.from,
    acceptedAt: tx.at,
  });
  Object.assign(schedule, { height, stamp, acceptedAt: tx.at, stalledAt: 0, epoch: epoch + 1 });
  emit(tx, "RecoveryActivated", { id, epoch, incarnation, ...block, height });
  return incarnation;
}

/** When the next round of the leak can be run: everybody has a whole round to show himself, and again after each. */
export function nextRoundAt(state: State): number {
  const { recovery } = open(state);
  const { leakAfter, leakRound } = state.rules.recovery;
  const since = recovery.rounds === 0 ? recovery.graceEnd : recovery.lastRoundAt;
  return most(recovery.quietSince + leakAfter, since + leakRound);
}

/**
 * A round of the leak: leaves out stake of R_e that asked for no restart, in the order that `rank` gives (a hash of round
 * and validator), as much as fits the step, at least one, and never below the floor. Anyone. Returns the seats.
 */
export function leakRound(
  tx: Transaction,
  rank: (round: number, validator: number, seat: number) => bigint,
): readonly number[] {
  const { state } = tx;
  const { id, recovery } = afterGrace(tx);
  const from = nextRoundAt(state);
  if (tx.at < from) refuse("HybridManagerNotYet", from);
  const registry = registryOf(state, recovery.epoch);
  const { heard, left, leftNext } = recovery;
  const { leakStep, leakFloor } = state.rules.recovery;
  const all = [...registry.members];
  const stakeOf = (seats: readonly number[]) => sum(seats.map((seat) => registry.weights[seat]!));
  const whole = stakeOf(all);
  const rest = stakeOf(all.filter((seat) => !left.has(seat) || heard.has(seat)));
  const floor = mulDivUp(whole, leakFloor, MILLION);
  const room = rest > floor ? rest - floor : 0n;
  const step = (whole * leakStep) / MILLION;
  const round = recovery.rounds + 1;
  const order = all
    .filter((seat) => !left.has(seat) && !heard.has(seat) && registry.weights[seat] !== 0n)
    .map((seat) => ({ seat, place: rank(round, state.registry.keys.get(registry.keys[seat]!)!, seat) }))
    .sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : a.seat - b.seat))
    .map(({ seat }) => seat);
  const chosen: number[] = [];
  let stake = 0n;
  for (const seat of order) {
    const weight = registry.weights[seat]!;
    if (stake + weight > least(step, room)) continue;
    stake += weight;
    chosen.push(seat);
  }
  if (chosen.length === 0) {
    const fitting = order.find((seat) => registry.weights[seat]! <= room);
    if (fitting === undefined) return refuse("HybridManagerNothingToLeak");
    stake = registry.weights[fitting]!;
    chosen.push(fitting);
  }
  const same = sameKeys(registry, registryOf(state, recovery.epoch + 1));
  for (const seat of chosen) {
    left.add(seat);
    if (same.has(seat)) leftNext.add(seat);
  }
  Object.assign(recovery, { rounds: round, lastRoundAt: tx.at });
  emit(tx, "LeakRound", { id, round, seats: chosen, stake });
  return chosen;
}

/** Jails and charges those that a leak left out. Anyone, also later. */
export function chargeLeak(tx: Transaction, id: number, seats: readonly number[]): void {
  const { state } = tx;
  const recovery = state.recovery.recoveries[id - 1] ?? refuse("HybridManagerNotLeft", seats[0]);
  const registry = registryOf(state, recovery.epoch);
  for (const seat of seats) {
    if (!recovery.left.has(seat) || recovery.charged.has(seat)) refuse("HybridManagerNotLeft", seat);
    recovery.charged.add(seat);
    const validator = state.registry.keys.get(registry.keys[seat]!)!;
    emit(tx, "LeakCharged", { id, validator });
    leakStake(tx, validator);
  }
}

/** Lets an authority that a recovery left out count again, by its READY, whose signature is taken as verified. */
export function comeBack(tx: Transaction, validator: number): void {
  known(tx.state, validator);
  emit(tx, "AuthorityReturned", { validator });
  readmit(tx, validator);
}
