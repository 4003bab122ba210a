export * from "./abi/index.ts";
export * from "./chain/index.ts";
export { type LightErrorCode, SdkError, type SdkErrorCode } from "./errors.ts";
export * from "./light/index.ts";
export { ADDRESS_NAMES, type Addresses, coreAddresses, type Network, parseNetwork } from "./network.ts";
export * from "./verbs/index.ts";
