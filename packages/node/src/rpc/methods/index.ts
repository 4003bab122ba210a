export { type EthOptions, ethMethods } from "./eth.ts";
export { hybridMethods } from "./hybrid.ts";
export { ReceiptWaiters } from "./receipt-waiters.ts";
