import { isPending, settle } from "../slashing/index.ts";
import { poolOf } from "../state/index.ts";
import { refuse, type Transaction } from "../transaction.ts";

/**
 * Refused while evidence holds stake that was counted up to this seal; once that is over, what is still due is charged
 * before the stake moves on.
 */
export function release(tx: Transaction, id: number, lastSeal: number): void {
  const { until, seal } = poolOf(tx.state, id).hold;
  if (isPending(tx.state, id, tx.at)) refuse("StakingPoolHeld", id);
  if (until === 0 || lastSeal < seal) return;
  if (tx.at < until) refuse("StakingPoolHeld", id, until);
  settle(tx, id);
}
