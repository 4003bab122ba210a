export { createMetrics, type Metrics, type Sampled } from "./metrics.ts";
