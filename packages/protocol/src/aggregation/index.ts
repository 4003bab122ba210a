export { Aggregation } from "./aggregation.ts";
export {
  type Ballot,
  Contradictions,
  evidenceOf,
  rootIn,
  type Statement,
  type Suspicion,
} from "./contradictions.ts";
export {
  type AggregationEffect,
  type AggregationMessage,
  type AggregationOptions,
  type AggregationTimes,
  aggregationTimes,
  type PartsCheck,
  type PartsResult,
} from "./io.ts";
export {
  type Duties,
  isAggregated,
  MOST_BROADCASTING,
  memberCount,
  SUBNET_SIZES,
  type SubnetSizes,
  Subnets,
} from "./subnets.ts";
