/** Why the light client refused something. */
export type LightErrorCode =
  /** The anchor contradicts itself, or a trusted hash is not that of what was given for it. */
  | "LIGHT_ANCHOR_INVALID"
  /** What it stands on is older than stake stays slashable for: anchor again. */
  | "LIGHT_TOO_OLD"
  /** A stamp beyond the own clock: one of the two is wrong. */
  | "LIGHT_FROM_FUTURE"
  /** Two conflicting checkpoints are known: nothing is believed until it is anchored again. */
  | "LIGHT_FROZEN"
  /** The chain restarted elsewhere: anchor again. */
  | "LIGHT_STALLED"
  | "LIGHT_EPOCH_UNKNOWN"
  /** Signed for another chain, mode, registry or incarnation than the epoch on record has. */
  | "LIGHT_WRONG_DOMAIN"
  | "LIGHT_BAD_HEIGHT"
  | "LIGHT_BAD_BOUNDARY"
  | "LIGHT_BAD_REGISTRY"
  | "LIGHT_BAD_MODE"
  /** Nobody told the client yet who signs in this epoch: `learn` the registry. */
  | "LIGHT_REGISTRY_UNKNOWN"
  /** Nothing that was signed names this registry. */
  | "LIGHT_REGISTRY_UNEXPECTED"
  | "LIGHT_REGISTRY_INVALID"
  | "LIGHT_BAD_SEATS"
  | "LIGHT_NO_QUORUM"
  | "LIGHT_BAD_SIGNATURE"
  | "LIGHT_NO_CONFLICT"
  | "LIGHT_CHECKPOINT_UNKNOWN"
  /** The proof does not lead from what it is about to the checkpoint. */
  | "LIGHT_NOT_PROVED"
  /** What a source answered has not the form it must have. */
  | "LIGHT_MALFORMED"
  /** A source failed, or does not have what it takes to go on. */
  | "LIGHT_SOURCE";

/** Why an SDK call failed; stable, for callers that branch on it. */
export type SdkErrorCode =
  | "NETWORK_FILE"
  | "SETTLEMENT_UNREACHABLE"
  | "SNAPSHOT_MISMATCH"
  | "SNAPSHOT_UNKNOWN"
  | "NOT_STARTED"
  | "REVERTED"
  | "TRANSACTION_FAILED"
  | LightErrorCode;

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
