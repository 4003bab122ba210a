import { parentPort } from "node:worker_threads";
import { type TwinsPortion, twinsCampaign } from "./campaign.ts";

parentPort?.on("message", ({ first, count }: TwinsPortion) => {
  parentPort?.postMessage(twinsCampaign(first, count));
});
