export * from "./client.ts";
export * from "./duties.ts";
export type * from "./types.ts";
