export { participationOf } from "./participation.ts";
export { RegistryStore } from "./registries.ts";
export { type ChainOptions, ChainStore, type FinalBlock } from "./store.ts";
