import type { Millis } from "@aitbc-hybrid/protocol";
import type { Preset } from "./regions.ts";
import { LINE, quantile, WanWorld } from "./world.ts";

/** Blocks at the beginning that are not measured. */
const WARM_UP = 2;
/** Simulated time without which a run failed. */
const PATIENCE: Millis = 600_000;
const AUTHORITIES = 21;
/** Lines of many are thinner than those of a few in data centres, bits a second. */
const BANDWIDTH = 100e6;

export interface ScaleOptions {
  readonly seed: string;
  readonly place: Preset;
  /** Of Secure, 21 of them authorities. Above 1,024 the registry has no root: epochs cannot be handed over. */
  readonly validators: number;
  /** Blocks measured. */
  readonly blocks: number;
}

export interface Scale {
  /** From a block's making to its finality, over blocks and validators, ms. */
  readonly p50: Millis;
  readonly p95: Millis;
  readonly p99: Millis;
  readonly blocksPerSecond: number;
  /** Views without a block. */
  readonly skipped: number;
  /** Votes, aggregates and certificates that a node sends and receives, bytes a second: the busiest one, and on average. */
  readonly busiestTraffic: number;
  readonly meanTraffic: number;
  /** The longest certificate that a block carries, bytes. */
  readonly certificateBytes: number;
  /** Of the reducer, for one block, at a node on average. */
  readonly stepsPerBlock: number;
  /** Of the simulator, for one block. */
  readonly eventsPerBlock: number;
}

/** Times a calm network of some size. */
export function measureScale({ seed, place, validators, blocks }: ScaleOptions): Scale {
  const world = new WanWorld({
    seed,
    mode: "secure",
    authorities: AUTHORITIES,
    stakers: validators - AUTHORITIES,
    place,
    line: { ...LINE, bandwidth: BANDWIDTH },
  });
  world.runTo(WARM_UP, PATIENCE);
  const { nodes, queue } = world;
  const begun = { at: queue.now, events: queue.scheduled, steps: stepsOf(world), traffic: trafficOf(world) };
  const last = WARM_UP + blocks;
  world.runTo(last, PATIENCE);
  if (world.surprises.length > 0) throw new Error(world.surprises[0]);
  const seconds = (queue.now - begun.at) / 1_000;
  const traffic = trafficOf(world).map((bytes, at) => (bytes - begun.traffic[at]!) / seconds);
  const latencies = world.latencies(WARM_UP + 1, last);
  const final = [...world.blocks.values()].filter(
    ({ height, final }) => height > WARM_UP && height <= last && final.length > 0,
  );
  const views = final.map(({ view }) => view);
  return {
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    p99: quantile(latencies, 0.99),
    blocksPerSecond: blocks / seconds,
    skipped: Math.max(...views) - Math.min(...views) + 1 - blocks,
    busiestTraffic: traffic.reduce((most, each) => Math.max(most, each), 0),
    meanTraffic: traffic.reduce((sum, each) => sum + each, 0) / nodes.length,
    certificateBytes: Math.max(...final.map(({ certificateBytes }) => certificateBytes)),
    stepsPerBlock: (stepsOf(world) - begun.steps) / blocks / nodes.length,
    eventsPerBlock: (queue.scheduled - begun.events) / blocks,
  };
}

const stepsOf = ({ nodes }: WanWorld): number => nodes.reduce((sum, { steps }) => sum + steps, 0);
const trafficOf = ({ nodes }: WanWorld): number[] => nodes.map(({ voteBytes }) => voteBytes);
