export {
  defaultEmbeddedOptions,
  EmbeddedEngine,
  type EmbeddedEngineModules,
  type EmbeddedEngineOptions,
} from "./engine.ts";
export type { LedgerDatabase, LedgerPut } from "./store.ts";
