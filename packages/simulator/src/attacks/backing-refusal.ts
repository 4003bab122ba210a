import type { Mode } from "@aitbc-hybrid/protocol";
import type { Attack, AttackModules, Outcome } from "./attack.ts";
import { balancedStake, below, STAKE_SCALE, shareCase } from "./shares.ts";
import type { Society } from "./society.ts";
import { advances, elapsed, highest, judged, opened } from "./stage.ts";

const every = (value: number) => ({ fast: value, balanced: value, secure: value });
const LEASE = 600;
const EPOCH = 8;

/** In Fast blocks end with the lease of the last backed checkpoint; elsewhere with the epoch, whose boundary nobody backs. */
function play(
  { society, promised }: { readonly society: Society; readonly promised: boolean },
  modules: AttackModules,
): Outcome {
  const { scenario, corrupt } = society;
  const { params } = scenario.plan;
  const isFast = scenario.mode === "fast";
  const world = opened(
    {
      society: {
        ...society,
        scenario: {
          ...scenario,
          refusing: corrupt,
          plan: {
            ...scenario.plan,
            params: {
              ...params,
              lease: LEASE,
              checkpointInterval: every(2),
              epochLength: every(isFast ? 1_000 : EPOCH),
            },
          },
        },
      },
      behaviours: new Map(),
      promised,
    },
    modules,
  );
  world.until(() => elapsed(world) > 2 * LEASE);
  const took = advances(world, world.honest, 3, 4_000);
  return {
    succeeded: took === null,
    failures: took === null ? world.oracles.failures : judged(world, promised),
    measures: { finalHeight: highest(world.honest), checkpointsAccepted: world.settlement.accepted },
  };
}

const backing = (mode: Mode) =>
  shareCase({
    mode,
    resource: "stake",
    bound: ">= 1/3",
    scale: STAKE_SCALE,
    safe: below(STAKE_SCALE, 1, 3),
    holding: balancedStake(0),
    play,
  });

/** Stakers who sign no checkpoints: how a third of the stake stops the chain. */
export const backingRefusal: Attack = {
  name: "backing-refusal",
  idea: "Stakers vote by the rules and sign no checkpoint: nothing is backed.",
  success: "no block becomes final any more once the lease is over or the epoch ends",
  cases: [backing("fast"), backing("balanced")],
};
