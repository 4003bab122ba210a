export * from "./net.ts";
export * from "./registries.ts";
