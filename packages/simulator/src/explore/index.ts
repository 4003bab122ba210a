export { explore } from "./explorer.ts";
export { type Followed, follow, type Instance, type Narrower } from "./follow/index.ts";
export { INSTANCES } from "./instances.ts";
export type { Reducer } from "./local.ts";
export { type NamedSetup, SETUPS, smallSetup } from "./setups.ts";
export { actionText, type ModelAction, type ModelVote, readAction } from "./trace.ts";
export type { Explored, Setup } from "./types.ts";
