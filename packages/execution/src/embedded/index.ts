export {
  defaultEmbeddedOptions,
  EmbeddedEngine,
  type EmbeddedEngineModules,
  type EmbeddedEngineOptions,
} from "./engine.ts";
export { handedOn } from "./handed-on.ts";
export { decodeSummary, encodeSummary, SUMMARY_BYTES } from "./records.ts";
export type { LedgerChange, LedgerDatabase, LedgerPut } from "./store.ts";
