export {
  type Explored,
  explore,
  type Followed,
  follow,
  type ModelAction,
  type ModelVote,
  type Reducer,
  type Setup,
} from "./explorer.ts";
export { type NamedSetup, SETUPS, smallSetup } from "./setups.ts";
