export { type EthOptions, ethMethods } from "./eth.ts";
export { hybridMethods } from "./hybrid.ts";
export { COSTLY, lightMethods } from "./light.ts";
export { ReceiptWaiters } from "./receipt-waiters.ts";
