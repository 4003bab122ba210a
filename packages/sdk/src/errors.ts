/** Why an SDK call failed; stable, for callers that branch on it. */
export type SdkErrorCode =
  | "NETWORK_FILE"
  | "SETTLEMENT_UNREACHABLE"
  | "SNAPSHOT_MISMATCH"
  | "SNAPSHOT_UNKNOWN"
  | "NOT_STARTED"
  | "REVERTED"
  | "TRANSACTION_FAILED";

/** An error with a sentence for the user. For `REVERTED`, `revert` names the contract's custom error and its arguments. */
export class SdkError extends Error {
  readonly code: SdkErrorCode;
  readonly revert: { readonly name: string; readonly args: readonly unknown[] } | undefined;

  constructor(
    code: SdkErrorCode,
    message: string,
    options?: { cause?: unknown; revert?: { name: string; args: readonly unknown[] } },
  ) {
    super(message, options);
    this.name = "SdkError";
    this.code = code;
    this.revert = options?.revert;
  }
}
