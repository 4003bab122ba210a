import { mulDivDown, mulDivUp } from "../numbers.ts";
import type { Pool } from "../state/index.ts";

/**
 * Virtual shares: a pool counts one base unit and 10^6 shares more than it has, so that the first deposit cannot make
 * the price of a share so high that later ones are rounded away.
 */
const VIRTUAL_SHARES = 1_000_000n;
const VIRTUAL_TOKENS = 1n;

type Priced = Pick<Pool, "delegated" | "shares">;

/** Shares that tokens buy, rounded down. */
export const sharesDown = (pool: Priced, tokens: bigint): bigint =>
  mulDivDown(tokens, pool.shares + VIRTUAL_SHARES, pool.delegated + VIRTUAL_TOKENS);

/** What shares are worth in base units, rounded down: never more than there is. */
export const tokensDown = (pool: Priced, shares: bigint): bigint =>
  mulDivDown(shares, pool.delegated + VIRTUAL_TOKENS, pool.shares + VIRTUAL_SHARES);

/** Shares that must go for tokens to be taken, rounded up. */
export const sharesUp = (pool: Priced, tokens: bigint): bigint =>
  mulDivUp(tokens, pool.shares + VIRTUAL_SHARES, pool.delegated + VIRTUAL_TOKENS);
