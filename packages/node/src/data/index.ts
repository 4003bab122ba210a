export {
  BATCH_LIMITS,
  type DataMessage,
  decodeData,
  digestFrames,
  LARGEST_DATA_FRAME,
  type SealedBatch,
  sealBatch,
} from "./codec.ts";
export { type DataModules, DataPath } from "./data.ts";
export { BatchStore } from "./store.ts";
export type {
  Availability,
  DataEpoch,
  DataLinks,
  DataMetrics,
  DataOptions,
  Verification,
} from "./types.ts";
