export { hasEquivocated, onConflictVerified, report, suspectConflict } from "./detect.ts";
export { slashable } from "./slashable.ts";
