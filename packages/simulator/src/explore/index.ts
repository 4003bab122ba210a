export { type Explored, explore, type Reducer, type Setup } from "./explorer.ts";
