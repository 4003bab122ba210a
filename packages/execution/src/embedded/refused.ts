import type { CheckResult } from "../engine.ts";
import {
  type Account,
  type Address,
  maximumCost,
  type RefusalReason,
  type Transaction,
  type TransactionRefused,
} from "../ledger/index.ts";

export function refused(refusal: TransactionRefused): CheckResult {
  return { accepted: false, reason: refusal.reason, message: refusal.message };
}

/** The figures behind a refusal. */
export function detailOf(
  reason: RefusalReason,
  { transaction, from }: { readonly transaction: Transaction; readonly from: Address },
  account: Account,
  baseFee: bigint,
): string | undefined {
  switch (reason) {
    case "STALE_NONCE":
    case "NONCE_GAP":
      return `nonce ${transaction.nonce}, account ${from} is at ${account.nonce}`;
    case "FEE_CAP_BELOW_BASE_FEE":
      return `cap ${transaction.maxFeePerGas}, base fee ${baseFee} wei`;
    case "INSUFFICIENT_BALANCE":
      // A damaged signature is one of another account, which as a rule is empty.
      return account.balance === 0n && account.nonce === 0
        ? `account ${from}, whose signature this is, holds nothing; if it is not yours the transaction was damaged`
        : `account ${from} holds ${account.balance} wei, ${maximumCost(transaction)} are needed besides what waits`;
    default:
      return undefined;
  }
}
