/** Why the protocol package refused something; stable across releases, so that callers can branch on it. */
export type ProtocolErrorCode =
  | "DECODE_TRUNCATED"
  | "DECODE_TRAILING"
  | "DECODE_BOUNDS"
  | "DECODE_TAG"
  | "VALUE_RANGE"
  | "REGISTRY_INVALID"
  | "STATE_INVALID";

/** Every error this package throws. `field` names the offending field where there is one. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;
  readonly field: string | undefined;

  constructor(code: ProtocolErrorCode, message: string, field?: string) {
    super(message);
    this.name = "ProtocolError";
    this.code = code;
    this.field = field;
  }
}
