export { type Explored, explore, type Reducer, type Setup } from "./explorer.ts";
export { type NamedSetup, SETUPS, smallSetup } from "./setups.ts";
