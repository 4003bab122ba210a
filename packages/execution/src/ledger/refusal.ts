/** Why a transaction is refused, or skipped in a block; the sentence is what a user reads. */
export const refusals = {
  MALFORMED: "the transaction is not a canonical signed envelope",
  UNSUPPORTED_TYPE: "only legacy (EIP-155), EIP-2930 and EIP-1559 transactions are supported",
  OVERSIZED_TRANSACTION: "the transaction is larger than this chain accepts",
  OVERSIZED_DATA: "the transaction's data is larger than this chain accepts",
  CONTRACT_CREATION: "this ledger has no contracts: a recipient is required",
  ACCESS_LIST: "this ledger has no contract storage: the access list must be empty",
  WRONG_CHAIN_ID: "the transaction is signed for another chain, or for none",
  BAD_SIGNATURE: "the signature is invalid",
  TIP_ABOVE_FEE_CAP: "maxPriorityFeePerGas is above maxFeePerGas",
  GAS_TOO_LOW: "the gas limit is below the transaction's intrinsic gas",
  FEE_CAP_BELOW_BASE_FEE: "maxFeePerGas is below the block's base fee",
  STALE_NONCE: "the nonce was already used",
  NONCE_GAP: "the nonce is too far ahead of the account's",
  INSUFFICIENT_BALANCE: "the balance does not cover value plus gas limit times maxFeePerGas",
  ALREADY_KNOWN: "this transaction is already waiting",
  REPLACEMENT_UNDERPRICED: "another transaction with this nonce is waiting",
  QUEUE_FULL: "too many transactions are waiting",
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
