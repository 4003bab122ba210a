import { least } from "../numbers.ts";
import { type Pool, type Position, poolOf, type State } from "../state/index.ts";
import { refuse } from "../transaction.ts";
import { nextSeal, writeRow } from "./rows.ts";
import { sharesDown, tokensDown } from "./shares.ts";

/** Entries of a trace that may wait for pay. */
const MOST_UNPAID = 8;

/** Shares that are worth something: those of the pool's present generation. */
export const liveShares = (pool: Pool, position: Position | undefined): bigint =>
  position === undefined || position.generation !== pool.generation ? 0n : position.shares;

/** The position as a deposit finds it: begun anew if its generation was retired. */
function opened(pool: Pool, owner: string): Position {
  let position = pool.positions.get(owner);
  if (position === undefined) {
    position = { shares: 0n, generation: pool.generation, entries: [], redelegatedAt: 0, liability: null };
    pool.positions.set(owner, position);
  } else if (position.generation !== pool.generation) {
    Object.assign(position, { shares: 0n, generation: pool.generation, liability: null });
  }
  return position;
}

/** Whether a trace takes shares counted from the next seal on without losing what is not paid. */
export function hasRoom(state: State, id: number, owner: string): boolean {
  const entries = poolOf(state, id).positions.get(owner)?.entries ?? [];
  if (entries.at(-1)?.seal === nextSeal(state)) return true;
  const paid = state.rewards.positions.get(id)?.get(owner)?.seal ?? 0;
  return entries.filter(({ seal }) => seal > paid).length < MOST_UNPAID;
}

/** Whether a deposit makes a row, each of which stands for what is to be paid, or needs an entry that has no place. */
export const makesRow = (state: State, id: number, owner: string): boolean =>
  poolOf(state, id).rows.at(-1)?.seal !== nextSeal(state) || !hasRoom(state, id, owner);

/**
 * Adds tokens to a position as pending stake, counted from the next seal on. In a full trace they take the newest
 * entry along to that seal: only an owner may do that to himself. Returns the shares minted.
 */
export function addTo(state: State, id: number, owner: string, amount: bigint): bigint {
  const pool = poolOf(state, id);
  if (pool.generation === 0) pool.generation = 1;
  const position = opened(pool, owner);
  const minted = sharesDown(pool, amount);
  const full = !hasRoom(state, id, owner);
  pool.delegated += amount;
  pool.shares += minted;
  position.shares += minted;
  const entry = {
    seal: nextSeal(state),
    row: writeRow(state, id),
    generation: pool.generation,
    shares: position.shares,
  };
  if (full || position.entries.at(-1)?.seal === entry.seal) position.entries.pop();
  position.entries.push(entry);
  return minted;
}

/** What shares of a position are worth, rounded down. Refused if it has fewer, or for nothing. */
export function worth(pool: Pool, id: number, position: Position, shares: bigint): bigint {
  if (shares > position.shares) refuse("StakingPoolInsufficientShares", id, position.shares, shares);
  const amount = tokensDown(pool, shares);
  if (amount === 0n) refuse("StakingPoolZeroAmount");
  return amount;
}

/** Takes shares and what they are worth out of a position, the newest first: no entry counts more than are left. */
export function takeFrom(state: State, id: number, owner: string, shares: bigint, tokens: bigint): void {
  const pool = poolOf(state, id);
  const position = pool.positions.get(owner)!;
  pool.delegated -= tokens;
  pool.shares -= shares;
  position.shares -= shares;
  for (const entry of position.entries) {
    if (entry.generation === position.generation) entry.shares = least(entry.shares, position.shares);
  }
  writeRow(state, id);
}
