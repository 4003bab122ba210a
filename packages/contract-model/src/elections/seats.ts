import { known } from "../identities.ts";
import { MILLION, most } from "../numbers.ts";
import type { State } from "../state/index.ts";
import { emit, type Transaction } from "../transaction.ts";
import {
  MOST_AUTHORITIES,
  ROLE_CHANGES_PER_SEAL,
  sitsAsAuthority,
  standingOf,
  strengthOf,
  weightAt,
} from "./standings.ts";

/** Notes the seat a validator has from the next seal on; what it was to be for that seal before does not count. */
function move(state: State, id: number, seat: number | null): void {
  standingOf(state, id).seat = seat;
  const { tenures, sealNumber } = state.elections;
  const list = tenures.get(id) ?? [];
  tenures.set(id, list);
  if (list.at(-1)?.seal === sealNumber + 1) list.pop();
  list.push({ seal: sealNumber + 1, seat });
}

/** Gives a seat to a validator, whoever has it now. A seat beyond the last one is new. */
export function put(tx: Transaction, id: number, seat: number): void {
  tx.state.elections.seats[seat] = id;
  move(tx.state, id, seat);
  emit(tx, "SeatSet", { seat, validator: id });
}

/** Takes the seat from its occupant. */
function evict(tx: Transaction, seat: number): void {
  const { seats } = tx.state.elections;
  const id = seats[seat] ?? 0;
  if (id !== 0) move(tx.state, id, null);
  seats[seat] = 0;
  emit(tx, "SeatSet", { seat, validator: 0 });
}

/** Gives a seat whose occupant, if there is one, leaves. */
function take(tx: Transaction, id: number, seat: number): void {
  if (seat < tx.state.elections.seats.length) evict(tx, seat);
  put(tx, id, seat);
}

/** The first staker's seat that does not count, else a new one while there may be more. */
function freeSeat(state: State): number | null {
  const { seats, nAuth } = state.elections;
  for (let seat = nAuth; seat < seats.length; seat++) if (weightAt(state, seat) === 0n) return seat;
  return seats.length < state.rules.stake.maxSeats ? seats.length : null;
}

/** The staker's seat of least weight, of these the highest. */
function lowestSeat(state: State): number | null {
  const { seats, nAuth } = state.elections;
  let lowest: number | null = null;
  for (let seat = nAuth; seat < seats.length; seat++) {
    if (lowest === null || weightAt(state, seat) <= weightAt(state, lowest)) lowest = seat;
  }
  return lowest;
}

/** Gives a validator the kind of seat that its role now calls for. */
export function changeRole(tx: Transaction, id: number): void {
  const { state } = tx;
  const { elections } = state;
  const standing = standingOf(state, id);
  const isAuthority = known(state, id).role === "authority";
  if (isAuthority && !sitsAsAuthority(elections, standing)) {
    if (standing.weight !== 0n && elections.nAuth < MOST_AUTHORITIES) promote(tx, id);
  } else if (!isAuthority && sitsAsAuthority(elections, standing)) {
    elections.silent.delete(id);
    // Swaps with the last authority, whose seat becomes the first staker's.
    const last = --elections.nAuth;
    const left = standing.seat!;
    if (left === last) return;
    put(tx, elections.seats[last]!, left);
    put(tx, id, last);
  }
}

/**
 * An authority takes seat nAuth. The staker there takes the seat the authority left, else a free one, else the lowest
 * staker leaves, which may be itself.
 */
function promote(tx: Transaction, id: number): void {
  const { state } = tx;
  const { elections } = state;
  const target = elections.nAuth++;
  const left = standingOf(state, id).seat;
  const displaced = elections.seats[target] ?? 0;
  if (left !== null && left !== target) {
    evict(tx, left);
    if (displaced !== 0) put(tx, displaced, left);
  } else if (displaced !== 0 && displaced !== id) {
    evict(tx, target);
  }
  put(tx, id, target);
  if (displaced !== 0 && standingOf(state, displaced).seat === null) seatDisplaced(tx, displaced);
}

/** A free seat, else the lowest staker's, for a staker whose seat an authority took; none if it does not count. */
function seatDisplaced(tx: Transaction, id: number): void {
  const { state } = tx;
  const { weight } = standingOf(state, id);
  if (weight === 0n) return;
  const free = freeSeat(state);
  const lowest = lowestSeat(state);
  if (free !== null) take(tx, id, free);
  // Of equals the higher seat leaves, and its own was the lowest of all.
  else if (lowest !== null && weightAt(state, lowest) <= weight) take(tx, id, lowest);
}

/** Gives seats to whoever waits for one: changes of role first, then contenders, the strongest first. */
export function seatWaiting(tx: Transaction): void {
  const { revoked, admitted } = tx.state.elections;
  for (let i = 0; i < ROLE_CHANGES_PER_SEAL && revoked.length + admitted.length > 0; i++) {
    const id = (revoked.length > 0 ? revoked : admitted).shift()!;
    standingOf(tx.state, id).queued = false;
    changeRole(tx, id);
  }
  seatContenders(tx);
}

function seatContenders(tx: Transaction): void {
  const { state } = tx;
  const { elections, rules } = state;
  const waiting = elections.contenders.map((id) => ({
    id,
    standing: standingOf(state, id),
    strength: strengthOf(elections, standingOf(state, id)),
  }));
  // Stable: of equals the one that entered first.
  waiting.sort((a, b) => (a.strength === b.strength ? 0 : a.strength > b.strength ? -1 : 1));
  elections.contenders = [];
  let churn = most(1n, (BigInt(elections.seats.length) * rules.stake.churn) / MILLION);
  for (const { id, standing, strength } of waiting) {
    standing.contending = false;
    if (standing.seat !== null || standing.queued || standing.weight === 0n) {
      emit(tx, "ContenderLeft", { validator: id });
      continue;
    }
    let seat = strength === 0n ? null : freeSeat(state);
    if (seat === null && strength !== 0n && churn > 0n) {
      const lowest = lowestSeat(state);
      if (lowest !== null && strength * MILLION >= weightAt(state, lowest) * (MILLION + rules.stake.margin)) {
        seat = lowest;
        churn--;
      }
    }
    if (seat === null) {
      standing.contending = true;
      elections.contenders.push(id);
    } else {
      take(tx, id, seat);
    }
  }
}
