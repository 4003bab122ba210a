export { type DevnetHooks, LEDGER_CHAIN_ID } from "./cluster.ts";
export { DevnetError, type DevnetErrorCode } from "./errors.ts";
export { checkOptions, DEFAULT_PORT_BASE, type DevnetOptions, parseDuration } from "./options.ts";
export { runDevnet } from "./run.ts";
export type * from "./types.ts";
