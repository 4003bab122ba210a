export * from "./boundary.ts";
export * from "./genesis.ts";
export * from "./recovery.ts";
export * from "./registry.ts";
