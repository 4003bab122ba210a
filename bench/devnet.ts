import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runDevnet } from "@aitbc-hybrid/devnet";

export const description =
  "the devnet of 4 authorities and 3 stakers, a process each on this machine, 30 s: finality from the wallet's send to the finalized receipt";

/** Transfers a second offered: far below what the machine can do, so that the figure is latency, not queueing. */
const LIGHT = 50;
/** Offered to see how much becomes final; the wallet shares the machine with the validators. */
const HEAVY = Number(process.env.BENCH_DEVNET_RATE ?? 1_000);
const FOR_MS = 30_000;

async function measure(rate: number) {
  const folder = mkdtempSync(join(tmpdir(), "aitbc-hybrid-bench-"));
  try {
    const result = await runDevnet(
      {
        authorities: 4,
        stakers: 3,
        mode: "balanced",
        forMs: FOR_MS,
        folder,
        reset: false,
        portBase: null,
        rate,
        misbehave: false,
        kill: false,
      },
      { onEvent: () => {}, signal: new AbortController().signal },
    );
    if (result.problems.length > 0) throw new Error(`no figures: ${result.problems.join("; ")}`);
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Two runs of 30 s: finality at a light load, throughput at a heavy one. */
export async function run(): Promise<Record<string, { value: number; unit: string }>> {
  const light = await measure(LIGHT);
  const heavy = await measure(HEAVY);
  return {
    finalityP50: { value: light.finalityMs.p50, unit: "ms" },
    finalityP99: { value: light.finalityMs.p99, unit: "ms" },
    offered: { value: LIGHT, unit: "transfers/s" },
    tps: { value: light.tps, unit: "transfers/s" },
    heavyOffered: { value: HEAVY, unit: "transfers/s" },
    heavyTps: { value: heavy.tps, unit: "transfers/s" },
    heavyFinalityP50: { value: heavy.finalityMs.p50, unit: "ms" },
    heavyFinalityP99: { value: heavy.finalityMs.p99, unit: "ms" },
  };
}
