export {
  commit,
  convict,
  convictGroup,
  executeGroup,
  type GroupOffence,
  isPending,
  type Offence,
  takeReward,
  windowEnd,
} from "./convictions.ts";
export { chargeAbsence, leak, settle, surchargeOf, veto } from "./settlements.ts";
