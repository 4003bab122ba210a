import { collectSlashed, slash } from "../custody/index.ts";
import { snapshotOf } from "../elections/index.ts";
import { COIN, divUp, least, MILLION, mulDivUp, periodOf } from "../numbers.ts";
import { tombstone } from "../registry/index.ts";
import type { Conviction, Snapshot, State } from "../state/index.ts";
import { balanceOf, SLASHING, transfer } from "../tokens.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";

const BILLION = 1_000_000_000n;
const GWEI = 1_000_000_000n;
/** How long a commitment keeps rewards back. */
const PROTECTION = 3_600;
/** How long a group that nobody executes holds stake. */
const PENDING_TIME = 30 * 86_400;
/** Validators whose pending charges share an end. */
const WORD = 256;

/** A proven offence of one key. */
export interface Offence {
  readonly epoch: number;
  /** Seal of the registry in the domain. */
  readonly seal: number;
  readonly seat: number;
  /** Its domain, view or term, and kinds: one validator's second offence of that name is the first again. */
  readonly offence: string;
}

/** Everybody who signed both of two statements. */
export interface GroupOffence extends Omit<Offence, "seat"> {
  readonly seats: readonly number[];
}

interface Charge {
  readonly validator: number;
  readonly epoch: number;
  readonly conviction: Conviction;
  readonly reporter: string;
  readonly direct: boolean;
  /** What the reward is kept under if it is not paid at once. */
  readonly claim: string;
}

/** Spans on either side that the correlation window covers. */
const spansOf = (state: State): number => {
  const { correlationWindow } = state.rules.slashing;
  return least(Number(divUp(BigInt(correlationWindow), BigInt(state.slashing.spanTime))), 255);
};

/** End of the last span of a conviction's window. */
export const windowEnd = (state: State, { at, spans }: Conviction): number =>
  (periodOf(at, state.slashing.spanTime) + spans + 1) * state.slashing.spanTime;

const isDirect = (tx: Transaction): boolean => tx.at >= tx.state.slashing.committedAt + PROTECTION;

/** A seat's part of its registry's stake and, if it counts as an authority, of these: parts of 10^9, rounded up. */
function partOf(snapshot: Snapshot, seat: number): { stake: bigint; authorities: bigint } {
  const { totalStake, weights, nAuth, suspended } = snapshot;
  const counts = seat < nAuth && !suspended.has(seat);
  return {
    stake: totalStake === 0n ? 0n : mulDivUp(weights[seat]!, BILLION, totalStake),
    authorities: counts ? divUp(BILLION, BigInt(nAuth - suspended.size)) : 0n,
  };
}

function count(tx: Transaction, snapshot: Snapshot, seats: readonly number[]): void {
  const { spans, spanTime } = tx.state.slashing;
  const number = periodOf(tx.at, spanTime);
  const span = spans.get(number) ?? { stake: 0n, authorities: 0n, count: 0 };
  for (const seat of seats) {
    const part = partOf(snapshot, seat);
    span.stake += part.stake;
    span.authorities += part.authorities;
    span.count++;
  }
  spans.set(number, span);
}

/**
 * The base penalty on all that is liable, rounded up, at once and final; a hold on the rest until the window ends; the
 * reporter's part of what the operator itself loses, rounded down.
 */
function charge(tx: Transaction, { validator, conviction, ...c }: Charge): bigint {
  const { state } = tx;
  const rules = state.rules.slashing;
  // A group executed late is held for a moment: no stake leaves before the surcharge is settled.
  const end = windowEnd(state, conviction);
  const taken = slash(tx, {
    validator,
    seal: conviction.seal,
    part: rules.basePenalty,
    whole: MILLION,
    holdUntil: end > tx.at ? end : tx.at + 1,
  });
  const reward = least((taken.juniorTaken * rules.reporterShare) / MILLION, rules.reporterCap * COIN);
  if (c.direct) pay(tx, c.reporter, reward);
  const given = c.direct ? reward : keep(tx, c.claim, c.reporter, conviction.at, reward);
  emit(tx, "Convicted", {
    validator,
    offence: conviction.offence,
    epoch: c.epoch,
    bondTaken: taken.juniorTaken,
    delegatedTaken: taken.seniorTaken,
    reporter: c.reporter,
    reward: given,
  });
  return given;
}

/** Pays a reward from what was slashed, which is collected first where too little has been. */
function pay(tx: Transaction, payee: string, amount: bigint): void {
  if (amount === 0n) return;
  if (balanceOf(tx.state, SLASHING) < amount) collectSlashed(tx);
  transfer(tx, SLASHING, payee, amount);
}

/** Keeps a reward back for an earlier commitment, whole gwei of it. */
function keep(tx: Transaction, claim: string, payee: string, at: number, reward: bigint): bigint {
  const { kept } = tx.state.slashing;
  const amount = (reward / GWEI) * GWEI;
  if (reward === 0n) return 0n;
  kept.set(claim, { payee, at, amount: (kept.get(claim)?.amount ?? 0n) + amount });
  tx.state.slashing.owed += amount;
  emit(tx, "RewardKept", { id: claim, payee, amount });
  return amount;
}

/** Convicts the signer of two votes, whose signatures are taken as verified. Anyone. Returns the caller's reward. */
export function convict(tx: Transaction, offence: Offence): bigint {
  const { state } = tx;
  const { convictions, later } = state.slashing;
  checkTime(tx, offence.epoch);
  const snapshot = snapshotOf(state, offence.seal);
  const owner = state.registry.keys.get(snapshot.keys[offence.seat] ?? 0);
  if (owner === undefined) return refuse("SlashingManagerVacantSeat", offence.seat);
  const direct = isDirect(tx);
  if (tombstone(tx, owner)) {
    const conviction = { at: tx.at, seal: offence.seal, spans: spansOf(state), offence: offence.offence };
    convictions.set(owner, conviction);
    count(tx, snapshot, [offence.seat]);
    const claim = `${owner} ${offence.offence}`;
    return charge(tx, {
      validator: owner,
      epoch: offence.epoch,
      conviction,
      reporter: tx.from,
      direct,
      claim,
    });
  }
  // The tombstone of the first conviction ends further charges; later ones are only recorded.
  const known = later.get(owner) ?? new Set<string>();
  if (known.has(offence.offence) || convictions.get(owner)?.offence === offence.offence)
    refuse("SlashingManagerAlreadyCharged", offence.offence);
  known.add(offence.offence);
  later.set(owner, known);
  emit(tx, "Recorded", { validator: owner, offence: offence.offence, reporter: tx.from });
  return 0n;
}

/** Evidence is heard until its validity after the boundary has passed; at that very second withdrawal wins. */
function checkTime(tx: Transaction, epoch: number): void {
  const boundary = tx.state.schedule.boundaries.get(epoch);
  const until = (boundary?.acceptedAt ?? tx.at) + tx.state.rules.slashing.evidenceValidity;
  if (boundary !== undefined && tx.at >= until) refuse("SlashingManagerExpired", epoch, until);
}

/** Convicts all of some seats at once; their charges are executed by page. Anyone. Returns the group's name. */
export function convictGroup(tx: Transaction, { epoch, seal, seats, offence }: GroupOffence): string {
  const { state } = tx;
  const { pending, pendingUntil, groups } = state.slashing;
  checkTime(tx, epoch);
  const snapshot = snapshotOf(state, seal);
  const fresh = new Map<number, number>();
  for (const seat of seats) {
    const owner = state.registry.keys.get(snapshot.keys[seat] ?? 0)!;
    if (!tombstone(tx, owner)) continue;
    fresh.set(seat, owner);
    pending.add(owner);
    pendingUntil.set(periodOf(owner, WORD), tx.at + PENDING_TIME);
  }
  if (fresh.size === 0) refuse("SlashingManagerAlreadyCharged", offence);
  count(tx, snapshot, [...fresh.keys()]);
  const id = `${offence} ${[...fresh.keys()].join(" ")}`;
  const group = { at: tx.at, seal, epoch, offence, reporter: tx.from, direct: isDirect(tx), seats: fresh };
  groups.set(id, group);
  emit(tx, "GroupConvicted", { id, epoch, seats: [...fresh.keys()], reporter: tx.from });
  return id;
}

/** Whether a group's charge that waits holds a validator's stake. */
export const isPending = (state: State, id: number, at: number): boolean =>
  state.slashing.pending.has(id) && at < (state.slashing.pendingUntil.get(periodOf(id, WORD)) ?? 0);

/** Charges members of a group; those charged already are passed over. Anyone. Returns how many were. */
export function executeGroup(tx: Transaction, id: string, seats: readonly number[]): number {
  const { slashing } = tx.state;
  const group = slashing.groups.get(id) ?? refuse("SlashingManagerUnknownGroup", id);
  let executed = 0;
  for (const seat of seats) {
    const validator = group.seats.get(seat);
    if (validator === undefined) continue;
    group.seats.delete(seat);
    slashing.pending.delete(validator);
    const conviction = {
      at: group.at,
      seal: group.seal,
      spans: spansOf(tx.state),
      offence: group.offence,
    };
    slashing.convictions.set(validator, conviction);
    const { epoch, reporter, direct } = group;
    charge(tx, { validator, epoch, conviction, reporter, direct, claim: id });
    executed++;
  }
  return executed;
}

/** Promises evidence: for an hour rewards are kept back. Anyone. */
export function commit(tx: Transaction): void {
  tx.state.slashing.committedAt = tx.at;
  emit(tx, "Committed", { reporter: tx.from });
}

/** Pays a reward that was kept back to who reported, once nobody with a commitment came. Anyone. */
export function takeReward(tx: Transaction, claim: string): bigint {
  const { slashing } = tx.state;
  const kept = slashing.kept.get(claim);
  const group = slashing.groups.get(claim);
  const at = group?.at ?? kept?.at ?? refuse("SlashingManagerNoReward", claim);
  if (tx.at < at + PROTECTION) refuse("SlashingManagerTooSoon", at + PROTECTION);
  const amount = kept?.amount ?? 0n;
  const payee = group?.reporter ?? kept!.payee;
  slashing.kept.delete(claim);
  slashing.owed -= amount;
  pay(tx, payee, amount);
  emit(tx, "RewardPaid", { id: claim, payee, amount });
  return amount;
}
