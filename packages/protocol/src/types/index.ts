export type * from "./block.ts";
export type * from "./checkpoint.ts";
export type * from "./commitment.ts";
export type * from "./io.ts";
export type * from "./messages.ts";
export type * from "./params.ts";
export * from "./primitives.ts";
export type * from "./registry.ts";
export type * from "./votes.ts";
