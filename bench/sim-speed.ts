import { setFlagsFromString } from "node:v8";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { IDEAL_LINE, WanWorld } from "@aitbc-hybrid/simulator";

export const description =
  "Wall time of simulating Secure with 1,000 validators around the globe until block 100 is final everywhere";

type Figures = Record<string, { value: number; unit: string }>;

const BLOCKS = 100;
const PATIENCE_MS = 3_600_000;
/** Room for short-lived objects, MB: with V8's own the collector takes a quarter of the time. */
const YOUNG = 64;

/** Arguments: a number of blocks other than 100, for a glance. */
export async function run(argv: readonly string[]): Promise<Figures> {
  setFlagsFromString(`--min-semi-space-size=${YOUNG}`);
  const worker = new Worker(new URL(import.meta.url), {
    workerData: Number(argv[0] ?? BLOCKS),
    resourceLimits: { maxYoungGenerationSizeMb: 6 * YOUNG, maxOldGenerationSizeMb: 8_192 },
  });
  return await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

function simulated(blocks: number): Figures {
  const begun = performance.now();
  const world = new WanWorld({
    seed: "speed",
    mode: "secure",
    authorities: 21,
    stakers: 979,
    place: "global",
    line: { ...IDEAL_LINE, bandwidth: 100e6 },
  });
  const from = world.queue.now;
  world.runTo(blocks, PATIENCE_MS);
  const seconds = (performance.now() - begun) / 1_000;
  const steps = world.nodes.reduce((sum, node) => sum + node.steps, 0);
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    seconds: { value: round(seconds), unit: "s" },
    processorSeconds: { value: round(process.cpuUsage().user / 1e6), unit: "s" },
    blocks: { value: blocks, unit: "blocks" },
    steps: { value: steps, unit: "steps of the reducer" },
    events: { value: world.queue.scheduled, unit: "events" },
    simulated: { value: round((world.queue.now - from) / 1_000), unit: "s" },
  };
}

if (!isMainThread) parentPort!.postMessage(simulated(workerData as number));
