export { cancelBond, depositBond, requestUnbond, withdrawBond } from "./bond.ts";
export { announceCommission, applyCommission } from "./commission.ts";
export { delegate, delegateFor, pauseDeposits } from "./deposits.ts";
export { cancel, undelegate, withdraw } from "./exits.ts";
export { clearLiability, redelegate, settleEntryLiability, settleLiability } from "./redelegation.ts";
