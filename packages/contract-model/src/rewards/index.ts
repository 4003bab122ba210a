export { accrue, fund } from "./accrual.ts";
export { budgetOf, GWEI, heeded, payOf } from "./budget.ts";
export { claim, claimCredits, claimValidator, compound, setCompound } from "./claims.ts";
export { ledgerOf, paidPosition } from "./ledgers.ts";
export { settle as settleRewards, settlePosition, settleRows } from "./settle.ts";
