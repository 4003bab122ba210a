export { Engine } from "./engine.ts";
export type {
  ConsensusLinks,
  EngineListener,
  EngineMetrics,
  EngineModules,
  EngineOptions,
  RecordLog,
} from "./types.ts";
export { Verifier } from "./verifier.ts";
