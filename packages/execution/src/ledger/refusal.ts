/**
 * Why a transaction is refused, or skipped in a block; the sentence is what a user reads. Where the reason is one of the
 * EVM's own it begins with the words of Ethereum clients, by which wallet libraries recognise it.
 */
export const refusals = {
  MALFORMED: "the transaction is not a canonical signed envelope",
  UNSUPPORTED_TYPE: "transaction type not supported: only legacy (EIP-155), EIP-2930 and EIP-1559 are",
  OVERSIZED_TRANSACTION: "oversized transaction: it is larger than this chain accepts",
  OVERSIZED_DATA: "oversized data: the transaction carries more than this chain accepts",
  CONTRACT_CREATION: "this ledger has no contracts: a recipient is required",
  ACCESS_LIST: "this ledger has no contract storage: the access list must be empty",
  WRONG_CHAIN_ID: "invalid chain id: the transaction is signed for another chain, or for none",
  BAD_SIGNATURE: "invalid signature",
  TIP_ABOVE_FEE_CAP: "max priority fee per gas higher than max fee per gas",
  GAS_TOO_LOW: "intrinsic gas too low: the gas limit does not cover the transfer and its data",
  FEE_CAP_BELOW_BASE_FEE: "max fee per gas less than block base fee",
  STALE_NONCE: "nonce too low: it was already used",
  NONCE_GAP: "nonce too high: it is too far ahead of the account's",
  INSUFFICIENT_BALANCE:
    "insufficient funds for gas * price + value: the gas limit counts in full, at maxFeePerGas",
  ALREADY_KNOWN: "already known: this transaction is waiting",
  REPLACEMENT_UNDERPRICED:
    "replacement transaction underpriced: another transaction with this nonce is waiting",
  QUEUE_FULL: "txpool is full: too many transactions are waiting, try again later",
} as const;

/** The code of a refusal, stable over releases. */
export type RefusalReason = keyof typeof refusals;

/** The only error that decoding a transaction throws. */
export class TransactionRefused extends Error {
  readonly code = "TRANSACTION_REFUSED";
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, detail?: string) {
    super(detail === undefined ? refusals[reason] : `${refusals[reason]}: ${detail}`);
    this.name = "TransactionRefused";
    this.reason = reason;
  }
}
