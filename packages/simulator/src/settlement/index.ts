export type { Call, Mined } from "./calls.ts";
export { Settlement } from "./chain.ts";
export { Contracts, type ContractsOptions, leakPlace } from "./contracts.ts";
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
export { type RecoveryPlan, rulesOf, TIMES } from "./rules.ts";
export {
  type Bonds,
  beginnings,
  delegatorOf,
  GOVERNANCE,
  idOf,
  movesTo,
  operatorOf,
  type Sending,
} from "./stakers.ts";
export type { Outage, RecoveryLog, SettledRecovery, SettlementOptions } from "./types.ts";
