export { type AgentOptions, type AgentResults, agentResults } from "./agents.ts";
export { type AttackStudyOptions, attackResults, type CaseResult, type LevelResult } from "./attacks.ts";
export { Journal, JournalError } from "./journal.ts";
export { jobsOfStudy, runJob } from "./kinds.ts";
export {
  BREACHES,
  FIELDS,
  type MonteCarloOptions,
  type MonteCarloResult,
  monteCarloResults,
  type PointResult,
  PROBABILITIES,
} from "./montecarlo.ts";
export { type PoolOptions, runJobs } from "./pool.ts";
export {
  type ScaleFigure,
  type ScaleResults,
  type ScaleStudyOptions,
  type SizeResult,
  scaleResults,
} from "./scale.ts";
export {
  type Done,
  type Job,
  type Json,
  jobsOf,
  type Shard,
  type Study,
  type StudyModules,
} from "./study.ts";
