import { DEFAULT_PARAMS, type Millis, type Params, termOf } from "@aitbc-hybrid/protocol";
import { Random } from "../random.ts";
import { type Costs, MEASURED } from "./costs.ts";
import type { Preset } from "./regions.ts";
import { LINE, type Observation, quantile, type WanOptions, WanWorld } from "./world.ts";

/** Blocks at the beginning that are not measured: lines and batches are not in full swing yet. */
const WARM_UP = 5;
/** A block is signed, recorded and on its way after so long. */
const SENT: Millis = 20;
/** Simulated time without which a run failed. */
const PATIENCE: Millis = 600_000;

/**
 * What a network sets for where its validators stand. Ways around the globe are longer than the 100 ms that Fast's Δ
 * covers, and a quorum's answer takes up to three blocks' time.
 */
export const fastParams = (place: Preset): Partial<Params> =>
  place === "global" ? { delta: { ...DEFAULT_PARAMS.delta, fast: 200 }, ahead: 3 } : {};

export interface LatencyOptions {
  /** A run for each; their blocks count alike. */
  readonly seeds: readonly string[];
  readonly place: Preset;
  /** Blocks measured in a run. */
  readonly blocks: number;
  readonly costs?: Costs;
}

export interface Latency {
  /** From a block's making to its finality, over all blocks and validators, ms. */
  readonly p50: Millis;
  readonly p95: Millis;
  readonly p99: Millis;
  /** Of the slowest run. */
  readonly blocksPerSecond: number;
  /** Between two blocks of one term; 0 where terms have one block. */
  readonly withinTermP95: Millis;
  /** Ordered by a block on average. */
  readonly bytesPerBlock: number;
  /** Votes, aggregates and certificates that the busiest node sends and receives, bytes a second. */
  readonly voteTraffic: number;
}

interface Sample {
  readonly latencies: readonly Millis[];
  readonly intervals: readonly Millis[];
  readonly blocksPerSecond: number;
  readonly bytes: number;
  readonly voteTraffic: number;
}

/** @throws Error if a node halted or banned another, which a calm network never makes it do */
function sampleOf(world: WanWorld, blocks: number): Sample {
  const last = WARM_UP + blocks;
  const begun = world.queue.now;
  world.runTo(last, PATIENCE);
  const elapsed = (world.queue.now - begun) / 1_000;
  if (world.surprises.length > 0) throw new Error(world.surprises[0]);
  const made = [...world.blocks.values()]
    .filter((block) => block.height > WARM_UP && block.height <= last && block.final.length > 0)
    .sort((a, b) => a.height - b.height);
  const seconds = (made.at(-1)!.made - made[0]!.made) / 1_000;
  return {
    latencies: world.latencies(WARM_UP + 1, last),
    intervals: made.flatMap((block, at) =>
      made[at - 1]?.leader === block.leader ? [block.made - made[at - 1]!.made] : [],
    ),
    blocksPerSecond: (made.length - 1) / seconds,
    bytes: made.reduce((sum, { bytes }) => sum + bytes, 0) / made.length,
    voteTraffic: world.nodes.reduce((most, { voteBytes }) => Math.max(most, voteBytes), 0) / elapsed,
  };
}

function latencyOf(options: LatencyOptions, world: Omit<WanOptions, "seed" | "place" | "costs">): Latency {
  const { seeds, place, blocks, costs = MEASURED } = options;
  const samples = seeds.map((seed) => sampleOf(new WanWorld({ ...world, seed, place, costs }), blocks));
  const ascending = (values: readonly Millis[]): Millis[] => [...values].sort((a, b) => a - b);
  const all = ascending(samples.flatMap(({ latencies }) => latencies));
  const intervals = ascending(samples.flatMap((sample) => sample.intervals));
  return {
    p50: quantile(all, 0.5),
    p95: quantile(all, 0.95),
    p99: quantile(all, 0.99),
    blocksPerSecond: Math.min(...samples.map((sample) => sample.blocksPerSecond)),
    withinTermP95: intervals.length === 0 ? 0 : quantile(intervals, 0.95),
    bytesPerBlock: samples.reduce((sum, { bytes }) => sum + bytes, 0) / samples.length,
    voteTraffic: Math.max(...samples.map((sample) => sample.voteTraffic)),
  };
}

/** Fast with 21 authorities. */
export const fastLatency = (options: LatencyOptions): Latency =>
  latencyOf(options, { mode: "fast", authorities: 21, stakers: 0, params: fastParams(options.place) });

/** Balanced with 100 validators who send each other 1 MB of transactions in a block's time. */
export const balancedLatency = (options: LatencyOptions): Latency =>
  latencyOf(options, { mode: "balanced", authorities: 21, stakers: 79, bytesPerBlock: 1_000_000 });

/** Secure with 1,000 validators on lines of 100 Mbit/s; of `idleShare` of them nobody aggregates votes of others. */
export function secureLatency(options: LatencyOptions & { readonly idleShare?: number }): Latency {
  const { idleShare = 0, seeds } = options;
  const random = new Random(`idle ${seeds.join()}`);
  const idle = new Set(Array.from({ length: 1_000 }, (_, i) => i).filter(() => random.chance(idleShare)));
  const line = { ...LINE, bandwidth: 100e6 };
  return latencyOf(options, { mode: "secure", authorities: 21, stakers: 979, line, idle });
}

export interface CrashLatency {
  /** From when the crashed leader's block was due until the next one is final, the longest of twenty, ms. */
  readonly p95: Millis;
  /** The same where the draw gave the dead leader the next term as well. */
  readonly again: Millis | null;
}

/** Fast with 21 authorities whose leader dies in the midst of its term, over and over. */
export function leaderCrash(options: {
  readonly seed: string;
  readonly place: Preset;
  readonly crashes: number;
}): CrashLatency {
  const once: Millis[] = [];
  const again: Millis[] = [];
  for (let crash = 0; crash < options.crashes; crash++) {
    const seed = `${options.seed} crash ${crash}`;
    const { times, drawnAgain } = oneCrash(seed, options.place);
    (drawnAgain ? again : once).push(...times);
  }
  once.sort((a, b) => a - b);
  again.sort((a, b) => a - b);
  return { p95: quantile(once, 0.95), again: again.length === 0 ? null : quantile(again, 0.95) };
}

function oneCrash(seed: string, place: Preset): { readonly times: Millis[]; readonly drawnAgain: boolean } {
  const params = fastParams(place);
  const { blockTime, termViews } = { ...DEFAULT_PARAMS, ...params };
  const world = new WanWorld({ seed, mode: "fast", authorities: 21, stakers: 0, place, params });
  world.runTo(WARM_UP, PATIENCE);
  world.runUntil(world.queue.now + new Random(seed).between(0, termViews * blockTime.fast));
  let last = newest(world);
  // It has sent its last block, and another one of its term would follow.
  while (last.view % termViews === 0 || world.queue.now < last.made + SENT) {
    world.runUntil(world.queue.now + SENT);
    last = newest(world);
  }
  world.nodes.find(({ peer }) => peer === last.leader)!.crash();
  const due = last.made + blockTime.fast;
  const known = new Set(world.blocks.keys());
  let next: Observation | undefined;
  const alive = world.nodes.filter((node) => node.up);
  const isFinalEverywhere = (block: Observation): boolean =>
    alive.every(({ validator }) => block.final[validator] !== undefined);
  while (next === undefined && world.queue.now < due + PATIENCE) {
    world.runUntil(world.queue.now + blockTime.fast);
    next = [...world.blocks.values()].find((block) => !known.has(block.hash) && isFinalEverywhere(block));
  }
  if (next === undefined) throw new Error(`${seed}: nothing became final after the crash`);
  const found = next;
  return {
    times: alive.map(({ validator }) => found.final[validator]! - due),
    drawnAgain: termOf(found.view, termViews) > termOf(last.view, termViews) + 1,
  };
}

function newest(world: WanWorld): Observation {
  let last: Observation | undefined;
  for (const block of world.blocks.values()) if (last === undefined || block.view > last.view) last = block;
  return last!;
}
