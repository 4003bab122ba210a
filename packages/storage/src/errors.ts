/** Why the storage package refused something; stable across releases, so that callers can branch on it. */
export type StorageErrorCode =
  | "LOCKED"
  | "DISK_FULL"
  | "CORRUPTED"
  | "CLOSED"
  | "FAILED"
  | "UNREADABLE"
  | "RECORD_SIZE"
  | "BUCKETS_INVALID"
  | "BUCKET_REUSED";

/** Every error this package throws. The message is a sentence that can be shown to an operator. */
export class StorageError extends Error {
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StorageError";
    this.code = code;
  }
}

/** The StorageError for a failed operation of the system on `path`; `doing` says what was tried. */
export function storageError(cause: unknown, path: string, doing: string): StorageError {
  if (cause instanceof StorageError) return cause;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new StorageError(
      "DISK_FULL",
      `No space is left on the disk that holds ${path}. Free space there, then start again: nothing acknowledged is lost.`,
      { cause },
    );
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new StorageError(
      "UNREADABLE",
      `${path} may not be written (${code}). Give its owner's rights to this user, or choose another folder.`,
      { cause },
    );
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StorageError("FAILED", `${doing} ${path} failed: ${why}. Check the disk, then start again.`, {
    cause,
  });
}
