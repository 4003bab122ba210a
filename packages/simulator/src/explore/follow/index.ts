export { follow } from "./follower.ts";
export type { Followed, Instance, Narrower } from "./types.ts";
