import { least } from "../numbers.ts";
import { type Entry, type Pool, type Position, poolOf, type Row, type State } from "../state/index.ts";

const BILLION = 1_000_000_000n;

/** The seal that first counts what changes now. */
export const nextSeal = (state: State): number => state.elections.sealNumber + 1;

/** Records what the next seal counts of a validator, if that changed. Returns the index of the row for it. */
export function writeRow(state: State, id: number): number {
  const pool = poolOf(state, id);
  const stake = pool.bond + pool.delegated;
  const row: Row = {
    seal: nextSeal(state),
    shares: pool.shares,
    bondFraction: stake === 0n ? 0n : (pool.bond * BILLION) / stake,
    commission: pool.commission.current,
    generation: pool.generation,
  };
  if (pool.rows.at(-1)?.seal === row.seal) pool.rows.pop();
  pool.rows.push(row);
  return pool.rows.length - 1;
}

/** Index of the row that a seal counted; -1 if it counted nothing. */
export const rowIndexAt = (pool: Pool, seal: number): number =>
  pool.rows.findLastIndex((row) => row.seal <= seal);

/** Entry of a trace that says what a seal counted. */
export const entryAt = (position: Position | undefined, seal: number): Entry | undefined =>
  position?.entries.findLast((entry) => entry.seal <= seal);

/** Shares of a position that a seal counted and that are still there; 0 if their generation was retired. */
export function sharesAt(pool: Pool, position: Position | undefined, seal: number): bigint {
  if (position === undefined || position.generation !== pool.generation) return 0n;
  const entry = entryAt(position, seal);
  return entry?.generation === position.generation ? least(entry.shares, position.shares) : 0n;
}
