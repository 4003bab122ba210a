import { least } from "../numbers.ts";
import type { ElectionsState, Standing, State } from "../state/index.ts";

/** Authorities' suspensions are one word of bits. */
export const MOST_AUTHORITIES = 256;
export const CONTENDERS = 16;
/** More changes of role wait for the seal after the next. */
export const ROLE_CHANGES_PER_SEAL = 4;
/** More new keys on seats wait for a refresh after the next seal. */
export const ROTATIONS_PER_SEAL = 16;

export function standingOf(state: State, id: number): Standing {
  const { standings } = state.elections;
  let standing = standings.get(id);
  if (standing === undefined) {
    standing = {
      weight: 0n,
      previous: 0n,
      changedAt: 0,
      key: 0,
      idle: 0n,
      qualified: false,
      seat: null,
      contending: false,
      queued: false,
    };
    standings.set(id, standing);
  }
  return standing;
}

/** The smaller of the weight now and at the last seal: stake that was not there then wins no seat. */
export function strengthOf(elections: ElectionsState, standing: Standing): bigint {
  const atSeal = standing.changedAt === elections.sealNumber ? standing.previous : standing.weight;
  return least(atSeal, standing.weight);
}

/** Live weight of a seat; 0 where vacant. */
export function weightAt(state: State, seat: number): bigint {
  const id = state.elections.seats[seat] ?? 0;
  return id === 0 ? 0n : standingOf(state, id).weight;
}

export const sitsAsAuthority = (elections: ElectionsState, standing: Standing): boolean =>
  standing.seat !== null && standing.seat < elections.nAuth;
