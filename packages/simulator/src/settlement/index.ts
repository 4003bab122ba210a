export { type Outage, Settlement, type SettlementOptions } from "./chain.ts";
export { Recoveries, type RecoveryModules, type RecoveryPlan, type SettledRecovery } from "./recovery.ts";
export {
  awkwardStakes,
  churned,
  honestSuffice,
  membersOf,
  outsizedRegistry,
  type RegistryPlan,
  type SeatPlan,
  STAKE_STYLES,
  type StakeStyle,
  sealRegistry,
  seatsOf,
} from "./registries.ts";
