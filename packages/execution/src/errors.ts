/** What can go wrong in an execution engine besides a refused transaction. */
export type ExecutionErrorCode =
  | "UNKNOWN_PARENT"
  | "UNKNOWN_BLOCK"
  | "BAD_HEIGHT"
  | "CONFLICTING_BLOCK"
  | "CONFLICTING_FINAL"
  | "STATE_UNAVAILABLE"
  | "BAD_GENESIS"
  | "GENESIS_MISMATCH"
  | "BAD_SNAPSHOT"
  | "CORRUPT_STATE"
  | "BUSY"
  | "CLOSED";

/** Every error this package throws, except `TransactionRefused`, which names a reason instead. */
export class ExecutionError extends Error {
  readonly code: ExecutionErrorCode;

  constructor(code: ExecutionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ExecutionError";
    this.code = code;
  }
}
