export { EmbeddedEngine, type EmbeddedEngineModules } from "./engine.ts";
export { handedOn } from "./handed-on.ts";
export { defaultEmbeddedOptions, type EmbeddedEngineOptions } from "./options.ts";
export { decodeSummary, encodeSummary, SUMMARY_BYTES } from "./records.ts";
export type { LedgerChange, LedgerDatabase, LedgerPut } from "./store.ts";
