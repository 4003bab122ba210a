export {
  attended,
  authorityAvailability,
  type Carrying,
  type Counting,
  noAttendance,
  participation,
  stakeParticipation,
  withCertificates,
  withLateVote,
} from "./attendance.ts";
export {
  attendanceAt,
  firstHybrid,
  isSwitching,
  modesOf,
  nextHybrid,
  recoveredHybrid,
  type Usage,
  usageUpTo,
  wantedElectorate,
} from "./decide.ts";
export {
  addLateVote,
  awaitsRegistry,
  collectLateVotes,
  dropLateVotes,
  keepLateVotes,
  lateVotesReason,
  lateVotesToCarry,
  onLateVerified,
} from "./late.ts";
export {
  averaged,
  loadOf,
  NEUTRAL_MULTIPLIER,
  nextCapacity,
  nextMultiplier,
  rateOf,
  steered,
  usedOf,
} from "./load.ts";
export { type ModeInputs, wantedMode } from "./rule.ts";
export {
  collectSignals,
  onSignal,
  onSignalSigned,
  onSignalsVerified,
  openSignals,
  repeatSignals,
  signSignals,
} from "./signals.ts";
