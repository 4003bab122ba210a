import { balancedLatency, fastLatency, leaderCrash, MEASURED, secureLatency } from "@aitbc-hybrid/simulator";

export const description =
  "Simulated time to finality over long ways: Fast in three presets, Balanced with 100, Secure with 1,000, a dead leader";

const SEEDS = ["first", "second"];
/** Measured in a run. */
const BLOCKS = 100;
/** Leaders killed, each in a run of its own. */
const CRASHES = 24;
/** Transactions of 1,000 bytes in a megabyte, and what executing one takes, ms (`npm run bench -- ledger`). */
const EXECUTION = { transactions: 1_000, each: 0.205 };

/** Arguments: --quick measures a tenth of it. */
export async function run(argv: readonly string[]): Promise<Record<string, { value: number; unit: string }>> {
  const share = argv.includes("--quick") ? 0.1 : 1;
  const seeds = share === 1 ? SEEDS : SEEDS.slice(0, 1);
  const figures: Record<string, { value: number; unit: string }> = {};
  const note = (name: string, value: number, unit = "ms"): void => {
    figures[name] = { value: Math.round(value * 100) / 100, unit };
  };
  for (const place of ["eu", "usEu", "global"] as const) {
    const { p50, p95, blocksPerSecond, withinTermP95 } = fastLatency({
      seeds,
      place,
      blocks: BLOCKS * share,
    });
    note(`${place}.p50`, p50);
    note(`${place}.p95`, p95);
    if (place !== "global") continue;
    note("fastGlobalBlocksPerSecond", blocksPerSecond, "1/s");
    note("fastGlobalWithinTermP95", withinTermP95);
  }
  const balanced = { seeds: ["first"], place: "global", blocks: 0.2 * BLOCKS * share } as const;
  const { p99, bytesPerBlock } = balancedLatency(balanced);
  note("balanced100p99", p99);
  note("balanced100BytesPerBlock", bytesPerBlock, "bytes");
  const costs = { ...MEASURED, execute: EXECUTION.transactions * EXECUTION.each };
  note("balanced100ExecutingP99", balancedLatency({ ...balanced, blocks: balanced.blocks / 4, costs }).p99);
  const secure = { seeds: ["first"], place: "global", blocks: 0.1 * BLOCKS * share } as const;
  const honest = secureLatency(secure);
  note("secure1000p99", honest.p99);
  note("secure1000VoteTraffic", honest.voteTraffic, "bytes/s");
  const idle = secureLatency({ ...secure, idleShare: 1 / 3 });
  note("secure1000IdleThirdP99", idle.p99);
  note("secure1000IdleThirdVoteTraffic", idle.voteTraffic, "bytes/s");
  const crashed = leaderCrash({ seed: "first", place: "eu", crashes: Math.ceil(CRASHES * share) });
  note("leaderCrash", crashed.p95);
  if (crashed.again !== null) note("leaderCrashDrawnAgain", crashed.again);
  return figures;
}
