export {
  accuseByBacking,
  isKnownStray,
  isStray,
  onCheckpointsVerified,
  suspectCheckpoint,
} from "./checkpoints.ts";
export {
  accuse,
  hasEquivocated,
  isAccusing,
  onConflictVerified,
  onMemberVerified,
  suspectConflict,
} from "./detect.ts";
export { remember, report, voteKey } from "./report.ts";
export {
  addRestart,
  besideRestart,
  carriedOver,
  holdRestart,
  onBesideVerified,
  onRestartVerified,
} from "./restarts.ts";
export { type BesideRestart, checkpointsSlashable, restartSlashable, slashable } from "./slashable.ts";
export { onCarriedVerified, type WalkMeans, walkConflicts } from "./walk.ts";
