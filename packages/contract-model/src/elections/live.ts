import { known } from "../identities.ts";
import { COIN, least, most } from "../numbers.ts";
import { poolOf, type State } from "../state/index.ts";
import { attempt, emit, refuse, type Transaction } from "../transaction.ts";
import { changeRole, put } from "./seats.ts";
import { CONTENDERS, ROTATIONS_PER_SEAL, sitsAsAuthority, standingOf, strengthOf } from "./standings.ts";

/** What a validator weighs now, in whole AITBC, floored; 0 if it does not count. */
function liveWeight(state: State, id: number): bigint {
  const { status, key, role } = known(state, id);
  const { bond, delegated } = poolOf(state, id);
  const rules = state.rules.stake;
  const whole = bond / COIN;
  const minimum = role === "authority" ? rules.authorityBond : rules.stakerBond;
  if (status !== "active" || key === 0 || whole < minimum) return 0n;
  return least((bond + delegated) / COIN, whole * rules.weightPerBond);
}

/**
 * What a jailed or tombstoned validator would weigh. A bond that paid its penalty makes it no lighter than it was, or
 * others would be paid more for it.
 */
function idleWeight(state: State, id: number): bigint {
  const { status } = known(state, id);
  if (status !== "jailed" && status !== "tombstoned") return 0n;
  const { bond, delegated } = poolOf(state, id);
  const { weight, idle } = standingOf(state, id);
  const before = weight === 0n ? idle : weight;
  return least((bond + delegated) / COIN, most((bond / COIN) * state.rules.stake.weightPerBond, before));
}

/** Whether a new key is taken note of now: on a seat it waits if too many others have rotated since the last seal. */
function mayRotate(tx: Transaction, id: number, key: number): boolean {
  const { elections } = tx.state;
  const { seat } = standingOf(tx.state, id);
  if (elections.sealNumber === 0 || seat === null || elections.rotated.has(seat)) return true;
  if (elections.rotated.size === ROTATIONS_PER_SEAL) {
    emit(tx, "RotationWaits", { validator: id, key });
    return false;
  }
  elections.rotated.add(seat);
  return true;
}

/** Reads stake, standing and key again. Anyone. */
export function refresh(tx: Transaction, id: number): void {
  const { state } = tx;
  const { role, key } = known(state, id);
  const { elections } = state;
  const weight = liveWeight(state, id);
  const standing = standingOf(state, id);
  const isAuthority = role === "authority";
  standing.idle = idleWeight(state, id);
  const qualified =
    !isAuthority && weight !== 0n && poolOf(state, id).bond / COIN >= state.rules.stake.balancedBond;
  const rotated = standing.key !== key && mayRotate(tx, id, key);
  if (standing.weight !== weight || standing.qualified !== qualified || rotated) {
    if (standing.changedAt !== elections.sealNumber) {
      standing.previous = standing.weight;
      standing.changedAt = elections.sealNumber;
    }
    Object.assign(standing, { weight, qualified, key: rotated ? key : standing.key });
    emit(tx, "WeightSet", { validator: id, weight, eligible: weight !== 0n });
  }
  if (sitsAsAuthority(elections, standing) === isAuthority || standing.queued) return;
  if (isAuthority && weight === 0n) return;
  if (elections.sealNumber === 0) {
    changeRole(tx, id);
  } else {
    standing.queued = true;
    (isAuthority ? elections.admitted : elections.revoked).push(id);
  }
}

/** As the other contracts tell elections: a failure is reported and stops nothing. */
export function told(tx: Transaction, id: number): boolean {
  const heard = attempt(tx, () => refresh(tx, id));
  if (!heard) emit(tx, "RefreshFailed", { validator: id });
  return heard;
}

/** Proposes validators for seats: before genesis each sits at once, later it waits for the next seal. Anyone. */
export function enter(tx: Transaction, ids: readonly number[]): void {
  const { elections, rules } = tx.state;
  for (const id of ids) {
    refresh(tx, id);
    const standing = standingOf(tx.state, id);
    if (standing.weight === 0n) refuse("ElectionsNotEligible", id);
    if (standing.seat !== null || standing.queued || standing.contending) continue;
    if (elections.sealNumber !== 0) contend(tx, id);
    else if (elections.seats.length >= rules.stake.maxSeats) refuse("ElectionsFull");
    else put(tx, id, elections.seats.length);
  }
}

/** Joins the contenders, in place of the weakest (of these the first) if there are 16. */
function contend(tx: Transaction, id: number): void {
  const { elections } = tx.state;
  const strengths = elections.contenders.map((other) => strengthOf(elections, standingOf(tx.state, other)));
  const strength = strengthOf(elections, standingOf(tx.state, id));
  if (elections.contenders.length < CONTENDERS) {
    elections.contenders.push(id);
  } else {
    let place = 0;
    strengths.forEach((each, i) => {
      if (each < strengths[place]!) place = i;
    });
    if (strength <= strengths[place]!) refuse("ElectionsTooWeak", id, strength, strengths[place]!);
    const leaving = elections.contenders[place]!;
    standingOf(tx.state, leaving).contending = false;
    elections.contenders[place] = id;
    emit(tx, "ContenderLeft", { validator: leaving });
  }
  standingOf(tx.state, id).contending = true;
  emit(tx, "Contending", { validator: id, strength });
}

/** What elections know of a validator, as the contract's view has it. */
export function candidateOf(state: State, id: number) {
  const standing = standingOf(state, id);
  return {
    seat: standing.seat,
    contending: standing.contending,
    eligible: standing.weight !== 0n,
    weight: standing.weight,
    strength: strengthOf(state.elections, standing),
  };
}
