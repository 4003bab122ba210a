import { parentPort } from "node:worker_threads";
import * as rules from "@aitbc-hybrid/protocol";
import { runJob } from "./kinds.ts";
import type { Job } from "./study.ts";

parentPort?.on("message", (job: Job) => {
  const begun = performance.now();
  const result = runJob(job, { rules });
  const seconds = Math.round(performance.now() - begun) / 1_000;
  parentPort?.postMessage({ key: job.key, result, seconds });
});
