import { IDEAL_LINE, WanWorld } from "@aitbc-hybrid/simulator";

export const description =
  "Wall time of simulating Secure with 1,000 validators around the globe until block 100 is final";

const BLOCKS = 100;
const PATIENCE_MS = 3_600_000;

/** Arguments: a number of blocks other than 100, for a glance. */
export async function run(argv: readonly string[]): Promise<Record<string, { value: number; unit: string }>> {
  const blocks = Number(argv[0] ?? BLOCKS);
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
