export {
  mergeTwins,
  type ParallelTwins,
  type TwinsProgress,
  type TwinsSummary,
  twinsCampaign,
  twinsParallel,
} from "./campaign.ts";
export { runTwins, type TwinsResult } from "./host.ts";
export { Notary } from "./notary.ts";
export { type TwinsSchedule, twinsSchedule } from "./schedule.ts";
export { type Answer, START, stillAnswer, stillGenesis } from "./still.ts";
