/**
 * The economic rules of the settlement contracts as pure functions, written from their specification and sharing no code
 * with them (docs/contract-model.md). A state is a value; `run` performs actions on it as one transaction and gives the next
 * one, or the name of the error that the contracts would revert with. Amounts are base units (10^-18 AITBC) unless they say
 * otherwise, weights whole AITBC, times seconds, fractions millionths; everything is exact, and rounding is against the caller.
 */
export {
  collectSlashed,
  dueOf,
  hasRoom,
  hold,
  isOver,
  liable,
  liableOf,
  lossOf,
  type Slashed,
  type SlashOrder,
  sharesAt,
  slash,
  tokensDown,
  withdrawableAtLatest,
} from "./custody/index.ts";
export * from "./elections/index.ts";
export { isOpen, known } from "./identities.ts";
export * from "./modes/index.ts";
export { COIN } from "./numbers.ts";
export * from "./registry/index.ts";
export * from "./rewards/index.ts";
export {
  chargeAbsence,
  commit,
  convict,
  convictGroup,
  executeGroup,
  type GroupOffence,
  leak,
  type Offence,
  settle as settleSlashing,
  surchargeOf,
  takeReward,
  veto,
  windowEnd,
} from "./slashing/index.ts";
export * from "./staking/index.ts";
export * from "./state/index.ts";
export * from "./tokens.ts";
export {
  attempt,
  clone,
  type ModelEvent,
  type Outcome,
  type Refused,
  refuse,
  run,
  type Transaction,
} from "./transaction.ts";
