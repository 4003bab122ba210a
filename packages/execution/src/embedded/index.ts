export {
  defaultEmbeddedOptions,
  EmbeddedEngine,
  type EmbeddedEngineModules,
  type EmbeddedEngineOptions,
} from "./engine.ts";
export type { LedgerChange, LedgerDatabase, LedgerPut } from "./store.ts";
