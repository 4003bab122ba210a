import type { DevnetEvent, DevnetInfo, DevnetResult } from "@aitbc-hybrid/devnet";

/** Where a view writes. */
export interface Output {
  write(text: string): unknown;
  readonly columns?: number;
}

/** Shows a devnet's events to somebody. */
export interface View {
  event(event: DevnetEvent): void;
  note(level: "info" | "warn", text: string): void;
  summary(result: DevnetResult): string;
  close(): void;
}

/** How long ago or how long, for people. */
export const seconds = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;

/** The URLs and the command to try. */
export function infoLines(info: DevnetInfo): string[] {
  return [
    info.resumed ? `resumed from ${info.folder} (start over with --reset)` : `data in ${info.folder}`,
    `settlement chain  ${info.settlementUrl}`,
    ...info.validators.map(
      (validator) => `${validator.name.padEnd(16)}  RPC ${validator.rpc}  metrics ${validator.metrics}`,
    ),
    `test account      ${info.testAccount} (funded)`,
    "try it, in another terminal:",
    `  ${info.tryIt}`,
  ];
}

/** AITBC for people: at most six decimals, never rounded up. */
const coins = (decimal: string): string => `${decimal.replace(/(\.\d{6})\d+$/, "$1")} AITBC`;

/** The end of a run for people. */
export function resultLines(result: DevnetResult): string {
  const lines = [
    `height ${result.height} in ${result.seconds} s, ${result.finalizedTransactions} transfers final (${result.rejectedTransactions} refused), ${result.tps} a second`,
    `final after ${result.finalityMs.p50} ms (p50), ${result.finalityMs.p99} ms (p99)`,
    `${result.checkpoints} checkpoints accepted on the settlement chain (${result.checkpointGas} gas the last), ${result.handOvers} hand-overs, ${result.slashed} slashed`,
    `${result.accruedEpochs} epochs accrued, ${coins(result.rewardsPaid)} paid; delegated ${coins(result.delegated)}, undelegated ${coins(result.undelegated)}, claimed ${coins(result.claimed)}${result.evidencePaid === "0" ? "" : `; ${coins(result.evidencePaid)} for evidence`}`,
    result.agreement
      ? `all ${result.validators} validators agree at every height`
      : `the ${result.validators} validators do NOT agree`,
    ...result.problems.map((problem) => `fell short: ${problem}`),
  ];
  return lines.join("\n");
}
