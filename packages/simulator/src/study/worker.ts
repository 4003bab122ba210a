import { parentPort } from "node:worker_threads";
import * as rules from "@aitbc-hybrid/protocol";
import { runJob } from "./kinds.ts";
import type { Job } from "./study.ts";

parentPort?.on("message", (job: Job) => {
  parentPort?.postMessage({ key: job.key, result: runJob(job, { rules }) });
});
