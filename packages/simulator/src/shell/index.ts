export { Shell } from "./shell.ts";
export type { BatchStore, Behaviour, ShellFaults, Wire } from "./types.ts";
