export * from "./abi/index.ts";
export * from "./chain/index.ts";
export { SdkError, type SdkErrorCode } from "./errors.ts";
export { type Addresses, coreAddresses, type Network, parseNetwork } from "./network.ts";
export * from "./verbs/index.ts";
