export {
  Aggregation,
  type AggregationEffect,
  type AggregationMessage,
  type AggregationOptions,
  type AggregationTimes,
  aggregationTimes,
  type Ballot,
  type Duties,
  isAggregated,
  MOST_BROADCASTING,
  type PartsCheck,
  type PartsResult,
  SUBNET_SIZES,
  type SubnetSizes,
  Subnets,
} from "./aggregation/index.ts";
export { ParticipationCount } from "./checkpoint/index.ts";
export * from "./codec/index.ts";
export { ProtocolError, type ProtocolErrorCode } from "./errors.ts";
export {
  type BesideRestart,
  checkpointsSlashable,
  restartSlashable,
  slashable,
} from "./evidence/index.ts";
export { hashBytes } from "./hash.ts";
export {
  dueUntil,
  FORCED_LIMITS,
  forcedDigest,
  forcedEntries,
  INBOX_AUTHOR,
} from "./inbox/index.ts";
export { firstOfTerm, lastOfTerm, leaderSchedule, termOf } from "./leader.ts";
export { checkpointRootOf, hashOf, rootOf, signingRoot } from "./memo.ts";
export { authorityAvailability, loadOf, stakeParticipation, usedOf, wantedMode } from "./modes/index.ts";
export { DEFAULT_PARAMS, DEVNET_PARAMS, type EpochParams, LOCAL_DEFAULTS, paramsAt } from "./params.ts";
export {
  addWeights,
  bitmapWeights,
  canDecide,
  type Electorate,
  electorate,
  hasSeat,
  isBacking,
  isQuorum,
  NO_WEIGHT,
  requireElectorate,
  type Weights,
} from "./quorum.ts";
export {
  initialReplica,
  type ReplicaConfig,
  type ReplicaState,
  type ReplicaView,
  type Stepped,
  step,
  viewOf,
} from "./replica.ts";
export { restoreReplica } from "./restore.ts";
export * from "./types/index.ts";
