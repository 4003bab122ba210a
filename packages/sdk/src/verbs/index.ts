export * from "./checkpoints.ts";
export * from "./elections.ts";
export * from "./evidence.ts";
export * from "./governance.ts";
export * from "./parameters.ts";
export * from "./rewards.ts";
export * from "./stake.ts";
export { type Call, explain, type Sender, type Sent, simulate, transact } from "./transact.ts";
export * from "./validators.ts";
