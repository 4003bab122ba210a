export { Archive, type Past } from "./archive.ts";
export { Journal } from "./journal.ts";
export { participationOf } from "./participation.ts";
export { PastWatch } from "./past.ts";
export { type KnownDomain, RegistryStore } from "./registries.ts";
export { SettledWatch } from "./settled.ts";
export { type ChainOptions, ChainStore, type FinalBlock } from "./store.ts";
