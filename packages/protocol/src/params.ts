import type { InboxRule, Millis, Mode, Params, Registry } from "./types/index.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Defaults of the sealed parameters (parameters.md, "Consensus and settlement"). */
export const DEFAULT_PARAMS: Params = {
  // About an hour in each mode: hand-overs, rewards and settlement happen once an hour.
  epochLength: { fast: 36_000, balanced: 7_200, secure: 1_800 },
  // One minute; bounded below because 1,000 seats would otherwise cost 100 M gas a day.
  checkpointInterval: { fast: 600, balanced: 120, secure: 30 },
  // Research plan.
  blockTime: { fast: 100, balanced: 500, secure: 2_000 },
  // The plan's 100 ms network bound plus verification and the durable write, which grow with the voters.
  delta: { fast: 100, balanced: 250, secure: 1_000 },
  // 100 ms blocks over 60 ms links need one leader for several views; the price of a false timeout is the rest of its term.
  termViews: 8,
  ahead: 2,
  // Longer than checkpoint cadence plus settlement finality, else a slow settlement chain stops Fast.
  lease: HOUR,
  settleLease: 2 * DAY,
  refLag: MINUTE,
  settleDepth: 0,
  drift: 500,
  rootLag: 8,
  // 50,000 transactions a second of 110 bytes in 100 ms are 550 kB; four times that for bursts.
  maxBlockBytes: 2_200_000,
  // All leaders of this many views must collude to drop a vote.
  voteWindow: 64,
  // Longer than any honest batch waits, so that only what leaders keep out comes this way.
  forceAfter: HOUR,
  // A tenth of the smallest block: forced entries cannot crowd out the rest.
  forceQuota: 65_536,
  modeFloor: 0,
  // Research plan; left at values apart from those of entry, so that a load in between switches nothing.
  fastEntryLoad: 300_000,
  fastExitLoad: 900_000,
  fastEntryAvailability: 900_000,
  fastExitAvailability: 850_000,
  // Not far above the 2/3 that Fast and Balanced stop at.
  secureAvailability: 800_000,
  residency: 2,
  // Room for twice the usual load.
  targetLoad: 500_000,
  // As much as a block's base fee moves on Ethereum, here an epoch.
  capacityStep: 125_000,
  // The plan's 50,000 transactions a second of 110 bytes in blocks of 100 ms.
  minBlockBytes: 550_000,
  valueLimit: 0,
  // Signed in the evening, carried after midnight.
  readyDays: 1,
};

/** A devnet shows hand-overs and checkpoints within seconds (parameters.md): epochs of 10 blocks, checkpoints every 5. */
export const DEVNET_PARAMS: Params = {
  ...DEFAULT_PARAMS,
  epochLength: { fast: 10, balanced: 10, secure: 10 },
  checkpointInterval: { fast: 5, balanced: 5, secure: 5 },
  refLag: 0,
  // One block of anvil's one-second blocks: its finalized tag is 64 blocks behind.
  settleDepth: 1,
  // Blocks of 100 ms are not what one machine shows well; Fast is asked for by name.
  modeFloor: 1,
  // One authority of four may restart without Secure's slow blocks; two make no quorum anyway.
  secureAvailability: 700_000,
  residency: 1,
};

/** The parameters in force in one epoch under its mode: the only reading of {@link Params} that producers and validators share. */
export interface EpochParams {
  readonly epochLength: number;
  readonly checkpointInterval: number;
  readonly blockTime: Millis;
  readonly delta: Millis;
  /** K of the mode: `termViews` in Fast, else 1. */
  readonly termViews: number;
  readonly ahead: number;
  /** Infinite outside Fast, which alone needs backing to go on. */
  readonly lease: Millis;
  readonly settleLease: Millis;
  readonly drift: Millis;
  readonly rootLag: number;
  readonly inbox: InboxRule;
}

/** `paramsAt(epoch)` of section 1: R_e seals them, the epoch's mode selects. */
export function paramsAt(registry: Registry, mode: Mode): EpochParams {
  const p = registry.params;
  return {
    epochLength: p.epochLength[mode],
    checkpointInterval: p.checkpointInterval[mode],
    blockTime: p.blockTime[mode],
    delta: p.delta[mode],
    termViews: mode === "fast" ? p.termViews : 1,
    ahead: p.ahead,
    lease: mode === "fast" ? p.lease : Number.POSITIVE_INFINITY,
    settleLease: p.settleLease,
    drift: p.drift,
    rootLag: p.rootLag,
    inbox: { forceAfter: p.forceAfter, forceQuota: p.forceQuota },
  };
}

/** Local settings of view timing: no signed rule depends on them (parameters.md). */
export const LOCAL_DEFAULTS = {
  /** Views without a vote of the leader, while a quorum's came, after which it is not waited for. */
  skipViews: 8,
  /** Δ grows at most to Δ · 2^6. */
  backoffCap: 6,
} as const;
