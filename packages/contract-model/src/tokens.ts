import type { Address, State } from "./state/index.ts";
import { refuse, type Transaction } from "./transaction.ts";

/** The contracts' own accounts. */
export const POOL = "pool";
export const DISTRIBUTOR = "distributor";
export const SLASHING = "slashing";

export const balanceOf = (state: State, account: Address): bigint => state.tokens.balances.get(account) ?? 0n;

/** Gives an account tokens out of nothing: the allocations of a deployment. */
export function mint(state: State, account: Address, amount: bigint): void {
  state.tokens.balances.set(account, balanceOf(state, account) + amount);
}

/** Allowances are taken as given: who calls has approved what he pays. */
export function transfer(tx: Transaction, from: Address, to: Address, amount: bigint): void {
  const { balances } = tx.state.tokens;
  const has = balanceOf(tx.state, from);
  if (amount > has) refuse("ERC20InsufficientBalance", from, has, amount);
  balances.set(from, has - amount);
  balances.set(to, balanceOf(tx.state, to) + amount);
}
