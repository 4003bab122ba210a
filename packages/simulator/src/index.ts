export { BEHAVIOURS, type BehaviourName, behaviour, dropping, twin, variant } from "./adversaries/index.ts";
export { DEFAULTS as ECONOMY, type EconomyOptions } from "./agents/index.ts";
export { ATTACKS, type Attack, type AttackCase, caseName, type Outcome } from "./attacks/index.ts";
export {
  type CampaignOptions,
  mergeSummaries,
  runCampaign,
  runParallel,
  type Summary,
} from "./campaign.ts";
export {
  actionText,
  type Explored,
  explore,
  type Followed,
  follow,
  INSTANCES,
  type Instance,
  type ModelAction,
  type ModelVote,
  type NamedSetup,
  type Narrower,
  type Reducer,
  readAction,
  SETUPS,
  type Setup,
  smallSetup,
} from "./explore/index.ts";
export { Random } from "./random.ts";
export { type Provenance, type Report, reportOf } from "./report/index.ts";
export type { Rules, RulesConfig, RulesView } from "./rules.ts";
export {
  beyondScenario,
  calmScenario,
  classScenario,
  type Fault,
  randomScenario,
  type Scenario,
  smallParams,
  WORLD_START,
} from "./scenario.ts";
export type { Call, Mined, Outage, RecoveryPlan, RegistryPlan, SeatPlan } from "./settlement/index.ts";
export type { Behaviour, ShellFaults, Wire } from "./shell/index.ts";
export {
  type AgentOptions,
  type AttackStudyOptions,
  type Done,
  type Job,
  Journal,
  JournalError,
  type Json,
  jobsOf,
  jobsOfStudy,
  type MonteCarloOptions,
  runJob,
  runJobs,
  type ScaleStudyOptions,
  type Shard,
  type Study,
} from "./study/index.ts";
export {
  mergeTwins,
  runTwins,
  type TwinsProgress,
  type TwinsResult,
  type TwinsSchedule,
  type TwinsSummary,
  twinsCampaign,
  twinsParallel,
  twinsSchedule,
} from "./twins/index.ts";
export * from "./wan/index.ts";
export {
  type Aim,
  lastTermInTheLongRun,
  type WithholdingOptions,
  type WithholdingResult,
  withholding,
} from "./withholding.ts";
export {
  type Deployment,
  describe,
  type RunResult,
  runScenario,
  World,
  type WorldOptions,
} from "./world/index.ts";
