export { describe } from "./describe.ts";
export type { Deployment, RunResult, WorldOptions } from "./types.ts";
export { runScenario, World } from "./world.ts";
