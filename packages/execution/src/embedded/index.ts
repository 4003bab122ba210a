export {
  defaultEmbeddedOptions,
  EmbeddedEngine,
  type EmbeddedEngineModules,
  type EmbeddedEngineOptions,
} from "./engine.ts";
export type { LedgerDatabase } from "./store.ts";
