import type { Params } from "../types/index.ts";

/*
 * Load, block capacity and load multiplier (protocol.md section 6, "Adaptive difficulty"). Integers only, rounded down.
 */

const MILLION = 1_000_000n;
/** Load multiplier of an epoch without history: 1, in millionths. */
export const NEUTRAL_MULTIPLIER = 1_000_000;
const LEAST_MULTIPLIER = 500_000;
const MOST_MULTIPLIER = 2_000_000;
/** A load beyond a thousand times the capacity is told as that. */
const MOST_LOAD = 1_000_000_000;

/** Gas that takes as much of a block as one byte: a plain transfer is 21,000 gas in about 110 bytes. */
const GAS_PER_BYTE = 200;

/** What a block took of its capacity, in bytes: its transactions' bytes, or their gas if that is more. */
export function usedOf(bytes: number, gas: number): number {
  const work = (gas + GAS_PER_BYTE - 1 - ((gas + GAS_PER_BYTE - 1) % GAS_PER_BYTE)) / GAS_PER_BYTE;
  return work > bytes ? work : bytes;
}

/** Bytes ordered in 1,000 seconds of block time, from what `blocks` blocks took. */
export const rateOf = (used: number, blocks: number, blockTime: number): number =>
  Number((BigInt(used) * MILLION) / (BigInt(blocks) * BigInt(blockTime)));

/** The running average (3 · old + new) / 4. */
export const averaged = (old: number, latest: number): number =>
  Number((3n * BigInt(old) + BigInt(latest)) / 4n);

/**
 * A rate as the load of blocks of `capacity` bytes every `blockTime` ms, in millionths. Rates mean the same in every mode:
 * the load is rescaled on a switch because the mode's block time and capacity enter here.
 */
export function loadOf(rate: number, blockTime: number, capacity: number): number {
  const load = (BigInt(rate) * BigInt(blockTime)) / BigInt(capacity);
  return load > BigInt(MOST_LOAD) ? MOST_LOAD : Number(load);
}

/**
 * One step of the controller, as a base fee moves (EIP-1559): `value` grows with a load above the target and falls with
 * one below, by at most `capacityStep`.
 */
export function steered(
  value: number,
  load: number,
  params: Pick<Params, "targetLoad" | "capacityStep">,
): number {
  const target = BigInt(params.targetLoad);
  const off = BigInt(load) - target;
  const bounded = off > target ? target : off;
  const size = bounded < 0n ? -bounded : bounded;
  const change = (BigInt(value) * BigInt(params.capacityStep) * size) / (target * MILLION);
  return Number(bounded < 0n ? BigInt(value) - change : BigInt(value) + change);
}

const within = (value: number, least: number, most: number): number =>
  value < least ? least : value > most ? most : value;

/** Capacity of the next epoch's blocks, within its registry's bounds. */
export const nextCapacity = (capacity: number, load: number, params: Params, next: Params): number =>
  within(steered(capacity, load, params), next.minBlockBytes, next.maxBlockBytes);

/** Load multiplier of the next epoch: 0.5 to 2. */
export const nextMultiplier = (multiplier: number, load: number, params: Params): number =>
  within(steered(multiplier, load, params), LEAST_MULTIPLIER, MOST_MULTIPLIER);
