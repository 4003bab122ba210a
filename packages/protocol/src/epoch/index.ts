export * from "./commitment.ts";
export * from "./context.ts";
export * from "./start.ts";
