import type { Mode } from "@aitbc-hybrid/protocol";
import { calmScenario, type Scenario } from "../../src/index.ts";

/** Times of recovery small enough that one passes in seconds of simulated time. */
export const RECOVERY = {
  stall: 1000,
  grace: 300,
  leakAfter: 5000,
  leakRound: 400,
  leakStep: 250_000,
  leakFloor: 500_000,
} as const;

/** A schedule with a settlement chain that recovers, nothing wrong yet. */
export function recoveryScenario(
  seed: string,
  options: {
    readonly mode?: Mode;
    readonly authorities?: number;
    readonly stakers?: number;
    readonly epochLength?: number;
    readonly termViews?: number;
  } = {},
): Scenario {
  const { mode = "balanced", authorities = 4, stakers = 5, epochLength = 200, termViews = 1 } = options;
  const base = calmScenario(seed, { mode, authorities, stakers, termViews });
  const { params } = base.plan;
  const every = (value: number) => ({ fast: value, balanced: value, secure: value });
  return {
    ...base,
    plan: {
      ...base.plan,
      params: { ...params, lease: 600, settleLease: 2500, epochLength: every(epochLength), modeFloor: 0 },
    },
    recovery: RECOVERY,
    stabilization: 3000,
    blocks: 12,
    epochs: 0,
  };
}
