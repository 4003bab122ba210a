export { BEHAVIOURS, type BehaviourName, behaviour, dropping, twin, variant } from "./adversaries/index.ts";
export {
  type CampaignOptions,
  mergeSummaries,
  runCampaign,
  runParallel,
  type Summary,
} from "./campaign.ts";
export { Random } from "./random.ts";
export type { Rules, RulesConfig, RulesView } from "./rules.ts";
export {
  beyondScenario,
  calmScenario,
  classScenario,
  type Fault,
  randomScenario,
  type Scenario,
  smallParams,
} from "./scenario.ts";
export type { Outage, RecoveryPlan, RegistryPlan, SeatPlan } from "./settlement/index.ts";
export type { Behaviour, ShellFaults, Wire } from "./shell.ts";
export {
  type Aim,
  lastTermInTheLongRun,
  type WithholdingOptions,
  type WithholdingResult,
  withholding,
} from "./withholding.ts";
export { describe, type RunResult, runScenario, World, type WorldOptions } from "./world.ts";
