export * from "./client.ts";
export * from "./duties.ts";
export { openSettlement, type SettlementOptions } from "./open.ts";
export type * from "./types.ts";
