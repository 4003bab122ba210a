import type { Logger } from "pino";

/** What modules write to: structured fields first, then a short lower-case event. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error" | "fatal"> & {
  child(bindings: Record<string, unknown>): Log;
};

const nothing = (): void => {};

/** Says nothing. For tests. */
export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => silentLog,
};
