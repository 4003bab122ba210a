import { Worker } from "node:worker_threads";
import type { Rules } from "./rules.ts";
import { randomScenario, type Scenario } from "./scenario.ts";
import type { ShellFaults } from "./shell/index.ts";
import { runScenario } from "./world/index.ts";

/** What many schedules showed together. */
export interface Summary {
  readonly runs: number;
  readonly failed: readonly { readonly seed: string; readonly failures: readonly string[] }[];
  /** How often each branch of the rules was taken by honest nodes. */
  readonly rules: Readonly<Record<string, number>>;
  /** Runs by what they had in them. */
  readonly features: Readonly<Record<string, number>>;
  readonly finalBlocks: number;
  readonly epochs: number;
  readonly handOvers: number;
  readonly carriedOver: number;
  readonly accepted: number;
  readonly signatures: number;
  readonly steps: number;
  readonly milliseconds: number;
}

export interface CampaignOptions {
  /** Seeds `first`, `first + stride`, … below `first + count`. */
  readonly first: number;
  readonly count: number;
  readonly stride?: number;
  /** Stop after this many failed runs. */
  readonly mostFailures?: number;
  readonly faults?: ShellFaults;
  /** What to change in every schedule. */
  readonly change?: (scenario: Scenario) => Scenario;
}

function featuresOf(scenario: Scenario): string[] {
  const features = [`mode ${scenario.mode}`];
  for (const name of scenario.byzantine.values()) features.push(`adversary ${name}`);
  if (scenario.byzantine.size === 0) features.push("no adversary");
  if (scenario.twins.size > 0) features.push("adversary twin");
  for (const fault of scenario.faults)
    features.push(fault.kind === "crash" && fault.nodes.length > 1 ? "crash of all" : fault.kind);
  for (const outage of scenario.settlement.outages)
    features.push(outage.nodes === null ? "settlement stopped" : "settlement client blind");
  if (scenario.loss > 0) features.push("loss");
  if (scenario.muted !== null) features.push(`muted ${scenario.muted}`);
  if (scenario.coldStart > 0) features.push("cold start");
  if (scenario.wire) features.push("wire");
  if (scenario.twice) features.push("purity");
  return [...new Set(features)];
}

/** Runs schedules one after the other in this thread. */
export function runCampaign(options: CampaignOptions, modules: { readonly rules: Rules }): Summary {
  const started = performance.now();
  const { first, count, stride = 1, mostFailures = 10 } = options;
  const failed: { seed: string; failures: readonly string[] }[] = [];
  const rules: Record<string, number> = {};
  const features: Record<string, number> = {};
  const sums = {
    runs: 0,
    finalBlocks: 0,
    epochs: 0,
    handOvers: 0,
    carriedOver: 0,
    accepted: 0,
    signatures: 0,
    steps: 0,
  };
  for (let seed = first; seed < first + count && failed.length < mostFailures; seed += stride) {
    const plain = randomScenario(`${seed}`);
    const scenario = options.change?.(plain) ?? plain;
    sums.runs++;
    for (const feature of featuresOf(scenario)) features[feature] = (features[feature] ?? 0) + 1;
    try {
      const result = runScenario({ scenario, faults: options.faults ?? {} }, modules);
      const { counts } = result;
      for (const [rule, times] of counts.rules) rules[rule] = (rules[rule] ?? 0) + times;
      sums.finalBlocks += counts.final;
      sums.epochs += counts.epochs;
      sums.handOvers += counts.handOvers;
      sums.carriedOver += counts.carriedOver;
      sums.signatures += counts.signatures;
      sums.accepted += result.accepted;
      sums.steps += result.steps;
      if (result.failures.length > 0) failed.push({ seed: scenario.seed, failures: result.failures });
    } catch (error) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      failed.push({ seed: scenario.seed, failures: [`the rules threw: ${what}`] });
    }
  }
  return { ...sums, failed, rules, features, milliseconds: performance.now() - started };
}

const addInto = (sum: Record<string, number>, part: Readonly<Record<string, number>>): void => {
  for (const [key, value] of Object.entries(part)) sum[key] = (sum[key] ?? 0) + value;
};

/** Adds summaries of disjoint seeds; times side by side do not add up. */
export function mergeSummaries(parts: readonly Summary[]): Summary {
  const rules: Record<string, number> = {};
  const features: Record<string, number> = {};
  for (const part of parts) {
    addInto(rules, part.rules);
    addInto(features, part.features);
  }
  const sum = (of: (part: Summary) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    runs: sum((part) => part.runs),
    failed: parts.flatMap((part) => part.failed),
    rules,
    features,
    finalBlocks: sum((part) => part.finalBlocks),
    epochs: sum((part) => part.epochs),
    handOvers: sum((part) => part.handOvers),
    carriedOver: sum((part) => part.carriedOver),
    accepted: sum((part) => part.accepted),
    signatures: sum((part) => part.signatures),
    steps: sum((part) => part.steps),
    milliseconds: Math.max(0, ...parts.map((part) => part.milliseconds)),
  };
}

/** What a worker thread is given: plain data. */
export interface WorkerTask {
  readonly first: number;
  readonly count: number;
  readonly stride: number;
  readonly mostFailures: number;
  readonly faults: ShellFaults;
  /** Module that exports the rules; null: packages/protocol. */
  readonly rules: string | null;
}

/**
 * Runs seeds `first`..`first + count - 1` on several threads. When one thread has seen `mostFailures` failed runs the
 * others stop too, and their runs are not counted.
 */
export async function runParallel(options: {
  readonly first: number;
  readonly count: number;
  readonly threads: number;
  readonly mostFailures?: number;
  readonly faults?: ShellFaults;
  /** URL of another module with the rules: a mutant. */
  readonly rules?: string;
}): Promise<Summary> {
  const { first, count, threads, mostFailures = 10, faults = {}, rules = null } = options;
  const workers: Worker[] = [];
  let stopped = false;
  const parts = Array.from({ length: threads }, (_, thread) => {
    const task: WorkerTask = {
      first: first + thread,
      count: Math.max(0, count - thread),
      stride: threads,
      mostFailures,
      faults,
      rules,
    };
    return new Promise<Summary | null>((resolve, reject) => {
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: task });
      workers.push(worker);
      worker.once("message", (summary: Summary) => {
        resolve(summary);
        if (summary.failed.length < mostFailures || stopped) return;
        stopped = true;
        for (const other of workers) if (other !== worker) void other.terminate();
      });
      worker.once("error", reject);
      worker.once("exit", (code) => {
        if (stopped) resolve(null);
        else reject(new Error(`a simulation thread ended with code ${code}`));
      });
    });
  });
  return mergeSummaries((await Promise.all(parts)).filter((part) => part !== null));
}
