export { type Costs, FREE, MEASURED } from "./costs.ts";
export { type LineOptions, WanLinks } from "./links.ts";
export {
  balancedLatency,
  type CrashLatency,
  fastLatency,
  type Latency,
  type LatencyOptions,
  leaderCrash,
  secureLatency,
} from "./measure.ts";
export { PRESETS, type Preset, type Region, roundTrip } from "./regions.ts";
export { measureScale, type Scale, type ScaleOptions } from "./scale.ts";
export { IDEAL_LINE, LINE, type Observation, quantile, type WanOptions, WanWorld } from "./world.ts";
