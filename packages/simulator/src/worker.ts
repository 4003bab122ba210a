import { parentPort, workerData } from "node:worker_threads";
import * as protocol from "@aitbc-hybrid/protocol";
import { runCampaign, type WorkerTask } from "./campaign.ts";
import type { Rules } from "./rules.ts";

const task = workerData as WorkerTask;
const rules: Rules = task.rules === null ? protocol : ((await import(task.rules)) as Rules);
parentPort?.postMessage(runCampaign(task, { rules }));
