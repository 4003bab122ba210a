import { Worker } from "node:worker_threads";
import type { Done, Job } from "./study.ts";

export interface PoolOptions {
  readonly threads: number;
  /** Called with every result, in the order in which they come. */
  readonly onDone: (done: Done) => void;
  /** Ends the work early; what is done stays done. */
  readonly signal?: AbortSignal;
}

/** Bounds, MB: networks of thousands keep that much, and leave much that is short-lived. */
const MEMORY = { maxOldGenerationSizeMb: 12_288, maxYoungGenerationSizeMb: 192 };

/** Does jobs on worker threads, each as soon as a thread is free. Resolves to false if it was ended early. */
export async function runJobs(jobs: readonly Job[], options: PoolOptions): Promise<boolean> {
  const { threads, onDone, signal } = options;
  const isOver = (): boolean => signal?.aborted ?? false;
  if (isOver()) return false;
  const waiting = [...jobs].reverse();
  const workers: Worker[] = [];
  const stop = (): void => {
    for (const worker of workers) void worker.terminate();
  };
  signal?.addEventListener("abort", stop, { once: true });
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { resourceLimits: MEMORY });
      workers.push(worker);
      const next = (): void => {
        const job = waiting.pop();
        if (job === undefined) void worker.terminate();
        else worker.postMessage(job);
      };
      worker.on("message", (done: Done) => {
        if (isOver()) return;
        onDone(done);
        next();
      });
      worker.once("error", (error) => {
        waiting.length = 0;
        stop();
        reject(error);
      });
      worker.once("exit", () => resolve());
      next();
    });
  try {
    await Promise.all(Array.from({ length: Math.max(1, Math.min(threads, jobs.length)) }, work));
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  return !isOver();
}
