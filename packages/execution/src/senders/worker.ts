import { parentPort } from "node:worker_threads";
import { recoverBatch } from "./batch.ts";
import { bestRecover } from "./recover.ts";

const recover = bestRecover();

parentPort?.on("message", ({ id, jobs }: { id: number; jobs: Uint8Array }) => {
  const answers = recoverBatch(jobs, recover);
  parentPort?.postMessage({ id, answers }, [answers.buffer]);
});
