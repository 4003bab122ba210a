export { Engine, type EngineModules, type EngineOptions } from "./engine.ts";
export type { ConsensusLinks, EngineListener, EngineMetrics, RecordLog } from "./types.ts";
export { Verifier } from "./verifier.ts";
