/** Why the node refused or stopped; stable across releases. */
export type NodeErrorCode =
  | "CONFIG_INVALID"
  | "FILE_UNREADABLE"
  | "KEY_UNUSABLE"
  | "PORT_IN_USE"
  | "LISTEN_FAILED"
  | "DATA_LOCKED"
  | "DATA_MISMATCH"
  | "DISK_FULL"
  | "DISK_FAILED"
  | "SETTLEMENT_UNREACHABLE"
  | "PROTECTION_REFUSED"
  | "PROTECTION_INVALID"
  | "VALIDATOR_PUNISHED"
  | "FRAME_INVALID"
  | "BATCH_INVALID"
  | "HALTED"
  | "CLOSED";

/** Every error this package throws. The message is a sentence that names the remedy where an operator can do something. */
export class NodeError extends Error {
  readonly code: NodeErrorCode;

  constructor(code: NodeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "NodeError";
    this.code = code;
  }
}

/** A sentence for anything thrown. */
export const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));
