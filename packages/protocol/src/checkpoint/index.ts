export * from "./backing.ts";
export * from "./chain.ts";
export * from "./due.ts";
