export { type WalModules, type WalOptions, type WalRecord, WriteAheadLog } from "./log.ts";
