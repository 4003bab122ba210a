export type { Convictions } from "./archive.ts";
export { type Era, intentOffence, termOf, voteOffence } from "./offences.ts";
export {
  accusedBy,
  type Counts,
  type OracleOptions,
  Oracles,
  type RecoveryPoint,
} from "./oracles.ts";
export {
  backingSeats,
  backs,
  canDecide,
  isQuorum,
  totals,
  votingSeats,
  type Weights,
  weigh,
} from "./weights.ts";
