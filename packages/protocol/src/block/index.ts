export * from "./build.ts";
export * from "./progress.ts";
export * from "./tree.ts";
export * from "./validity.ts";
