/** Why a devnet cannot start or go on; stable, for callers that branch on it. */
export type DevnetErrorCode =
  | "OPTION"
  | "PORT_IN_USE"
  | "DATA_FOLDER"
  | "DATA_VERSION"
  | "SETTLEMENT_DOWN"
  | "DEPLOYMENT"
  | "VALIDATOR_DOWN"
  | "KEYSTORE"
  | "DISK_FULL"
  | "TIMEOUT"
  | "INTERRUPTED";

/** An error whose message is a sentence for the person at the terminal: what is wrong and what to do. */
export class DevnetError extends Error {
  readonly code: DevnetErrorCode;

  constructor(code: DevnetErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "DevnetError";
    this.code = code;
  }
}
