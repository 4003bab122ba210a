export {
  Aggregation,
  type AggregationEffect,
  type AggregationMessage,
  type AggregationOptions,
  type AggregationTimes,
  aggregationTimes,
  type PartsCheck,
  type PartsResult,
} from "./aggregation.ts";
export {
  type Duties,
  isAggregated,
  memberCount,
  SUBNET_SIZES,
  type SubnetSizes,
  Subnets,
} from "./subnets.ts";
