export * from "./forced.ts";
