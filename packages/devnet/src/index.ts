export { DevnetError, type DevnetErrorCode } from "./errors.ts";
export { checkOptions, DEFAULT_PORT_BASE, type DevnetOptions, parseDuration } from "./options.ts";
export { type DevnetHooks, LEDGER_CHAIN_ID, runDevnet } from "./run.ts";
export type * from "./types.ts";
