export * from "./backing.ts";
export * from "./chain.ts";
export * from "./due.ts";
export * from "./vector.ts";
