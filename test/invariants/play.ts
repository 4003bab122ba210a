/** Plays part of a campaign: `play.ts SEED RUNS STEPS`. Tells its parent the report after each run. */
import { runCampaign } from "./campaign.ts";

const [seed = 1, runs = 1, steps = 100] = process.argv.slice(2).map(Number);
await runCampaign({ seed, runs, steps, progress: (report) => process.send?.(report) });
