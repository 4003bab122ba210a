export * from "./anchor.ts";
export * from "./client.ts";
export * from "./inclusion.ts";
export * from "./json.ts";
export { registryFrom } from "./registry.ts";
export { catchUp, type LightSource, type RpcSourceOptions, rpcSource } from "./source.ts";
export * from "./types.ts";
