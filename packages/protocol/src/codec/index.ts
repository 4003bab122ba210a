export * from "./bitmap.ts";
export { equalBytes, fromHex, Reader, toHex, Writer } from "./bytes.ts";
export * from "./merkle.ts";
export * from "./mountains.ts";
export * from "./roots.ts";
export * from "./snapshot.ts";
export * from "./wire.ts";
