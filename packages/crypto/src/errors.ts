/** Why the crypto package refused something; stable across releases, so that callers can branch on it. */
export type CryptoErrorCode =
  | "SECRET_INVALID"
  | "KEY_INVALID"
  | "SIGNATURE_INVALID"
  | "MESSAGE_LENGTH"
  | "SEATS_INVALID"
  | "NOTHING_TO_AGGREGATE"
  | "DERIVATION_INVALID"
  | "MNEMONIC_INVALID"
  | "POOL_BUSY"
  | "POOL_CLOSED"
  | "POOL_WORKER"
  | "KEYSTORE_MISSING"
  | "KEYSTORE_UNREADABLE"
  | "KEYSTORE_CORRUPTED"
  | "KEYSTORE_UNSUPPORTED"
  | "KEYSTORE_PASSWORD"
  | "KEYSTORE_KIND"
  | "KEYSTORE_EXISTS"
  | "KEYSTORE_WRITE"
  | "PASSWORD_UNREADABLE"
  | "PASSWORD_EMPTY";

/** Every error this package throws. The message is a sentence that can be shown to an operator. */
export class CryptoError extends Error {
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CryptoError";
    this.code = code;
  }
}

/** What `verify` answers, or false if it throws a CryptoError: what a peer sent is refused, never an exception. */
export function falseIfRefused(verify: () => boolean): boolean {
  try {
    return verify();
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}
