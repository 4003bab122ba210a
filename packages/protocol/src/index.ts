export * from "./codec/index.ts";
export { ProtocolError, type ProtocolErrorCode } from "./errors.ts";
export { hashBytes } from "./hash.ts";
export * from "./types/index.ts";
