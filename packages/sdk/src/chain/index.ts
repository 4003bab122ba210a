export * from "./genesis.ts";
export * from "./registry.ts";
